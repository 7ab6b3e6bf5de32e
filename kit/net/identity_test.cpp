#include "kit/net/identity.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <ctime>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <stdexcept>

#include "kit/testing/certificates.hpp"

namespace evc::net {
namespace {

std::string content(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

class IdentityTest : public ::testing::Test {
 protected:
  // Looks until the state is another one, as long as one look may be away.
  std::shared_ptr<const IdentityState> after(std::uint64_t version) {
    const auto deadline = std::chrono::steady_clock::now() + Identity::kLook * 3 / 2;
    auto state = identity_.current();
    while (state->version == version && std::chrono::steady_clock::now() < deadline) state = identity_.current();
    return state;
  }
  evc::testing::Certificates certificates_{{"charging", "payment"}};
  TlsFiles files_ = tls_files(certificates_.dir(), "charging");
  Identity identity_{files_};
};

TEST_F(IdentityTest, ItsCopiesAreWhatStandsOnDisk) {
  const auto state = identity_.current();
  EXPECT_EQ(content(state->files.ca), content(files_.ca));
  EXPECT_EQ(content(state->files.certificate), content(files_.certificate));
  EXPECT_EQ(content(state->files.key), content(files_.key));
  struct stat about{};
  ASSERT_EQ(::stat(state->files.key.c_str(), &about), 0);
  EXPECT_EQ(about.st_mode & 0777U, 0600U);
  EXPECT_TRUE(S_ISREG(about.st_mode));
  EXPECT_GT(state->not_after, std::time(nullptr));
  EXPECT_NO_THROW(TlsClient{state->files});
}

TEST_F(IdentityTest, ARenewedPairIsANewStateAndTheOldOneStaysAsItWas) {
  const auto old = identity_.current();
  const auto old_certificate = content(old->files.certificate);
  certificates_.renew("charging");
  const auto renewed = after(old->version);
  EXPECT_GT(renewed->version, old->version);
  EXPECT_EQ(content(renewed->files.certificate), content(files_.certificate));
  EXPECT_EQ(content(old->files.certificate), old_certificate) << "whoever connects with it still can";
  EXPECT_NO_THROW(TlsClient{old->files});
}

TEST_F(IdentityTest, AHalfWrittenPairIsNoState) {
  const auto old = identity_.current();
  const auto foreign = tls_files(certificates_.dir(), "payment");
  const auto kept = files_.key + ".kept";
  std::filesystem::rename(files_.key, kept);
  std::filesystem::copy(foreign.key, files_.key);
  EXPECT_EQ(after(old->version)->version, old->version);
  std::filesystem::rename(kept, files_.key);
  EXPECT_EQ(after(old->version)->version, old->version) << "nothing has changed after all";
}

TEST(IdentityStart, WhatCannotBeReadEndsIt) {
  EXPECT_THROW(Identity(tls_files("/nowhere", "charging")), std::runtime_error);
}

}  // namespace
}  // namespace evc::net
