#include "kit/base/hmac_sha1.hpp"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "kit/base/assert.hpp"

namespace evc {

std::array<std::uint8_t, 20> hmac_sha1(std::string_view key, std::string_view bytes) {
  std::array<std::uint8_t, 20> digest{};
  unsigned int length = 0;
  const auto* made = HMAC(EVP_sha1(), key.data(), static_cast<int>(key.size()),
                          reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(), digest.data(), &length);
  EVC_ASSERT(made != nullptr && length == digest.size());
  return digest;
}

}  // namespace evc
