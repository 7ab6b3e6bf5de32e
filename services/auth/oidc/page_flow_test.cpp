// A page's sealed state opens for its browser, its purpose and its time alone.
#include "services/auth/oidc/page_flow.hpp"

#include <gtest/gtest.h>

#include "kit/base/bytes.hpp"

namespace evc::auth_service {
namespace {

using namespace std::chrono_literals;

constexpr WallTime kNow{1'000'000s};

TEST(PageSeal, OpensForItsBrowserItsPurposeAndItsTimeAlone) {
  const PageSeal seal(SealKey(random_bytes(32)));
  const PageFlow flow{.purpose = "authorize",
                      .parameters = {{"state", "ção \"\n"}},
                      .issued_at = {},
                      .email = "ana@correio.example",
                      .proved = std::nullopt,
                      .sign_in = std::nullopt};
  const std::string sealed = seal.close(flow, "browser", kNow);
  EXPECT_EQ(sealed.find("correio"), std::string::npos);
  const auto opened = seal.open(sealed, "authorize", "browser", kNow + kPageLife - 1s);
  ASSERT_TRUE(opened);
  EXPECT_EQ(opened->parameters.at("state"), "ção \"\n");
  EXPECT_EQ(opened->email, "ana@correio.example");
  EXPECT_FALSE(seal.open(sealed, "authorize", "browser", kNow + kPageLife));
  EXPECT_FALSE(seal.open(sealed, "logout", "browser", kNow));
  EXPECT_FALSE(seal.open(sealed, "authorize", "another", kNow));
  EXPECT_FALSE(seal.open(sealed, "authorize", "", kNow));
  EXPECT_FALSE(seal.open(sealed + "A", "authorize", "browser", kNow));
  EXPECT_FALSE(seal.open("", "authorize", "browser", kNow));
  EXPECT_FALSE(PageSeal(SealKey(random_bytes(32))).open(sealed, "authorize", "browser", kNow));
}

TEST(PageSeal, NoBrowserCanFindTheSealOfNone) {
  const PageSeal seal(SealKey(random_bytes(32)));
  EXPECT_FALSE(seal.open(seal.close({.purpose = "authorize"}, "", kNow), "authorize", "", kNow));
}

}  // namespace
}  // namespace evc::auth_service
