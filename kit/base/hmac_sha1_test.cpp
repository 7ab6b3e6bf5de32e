#include "kit/base/hmac_sha1.hpp"

#include <gtest/gtest.h>

#include "kit/base/bytes.hpp"

namespace evc {
namespace {

std::string hex_of(std::string_view key, std::string_view bytes) {
  const auto digest = hmac_sha1(key, bytes);
  return hex_encode({reinterpret_cast<const char*>(digest.data()), digest.size()});
}

// RFC 2202, section 3, cases 1 and 2.
TEST(HmacSha1, IsThatOfTheRfc) {
  EXPECT_EQ(hex_of(std::string(20, '\x0b'), "Hi There"), "b617318655057264e28bc0b6fb378c8ef146be00");
  EXPECT_EQ(hex_of("Jefe", "what do ya want for nothing?"), "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79");
}

}  // namespace
}  // namespace evc
