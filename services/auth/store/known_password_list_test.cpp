#include "services/auth/store/known_password_list.hpp"

#include <gtest/gtest.h>

namespace evc::auth_service {
namespace {

TEST(KnownPasswordList, TheShippedOneIsRead) {
  const auto known = load_known_passwords("data/passwords/known.txt");
  ASSERT_TRUE(known);
  EXPECT_TRUE(known->guessable("q1w2e3r4t5y6u7i8"));
  EXPECT_TRUE(known->guessable("iloveyouiloveyou"));
  EXPECT_FALSE(known->guessable("uma-viagem-pela-costa"));
  EXPECT_EQ(load_known_passwords("data/passwords/none.txt").error().code, Code::kNotFound);
}

}  // namespace
}  // namespace evc::auth_service
