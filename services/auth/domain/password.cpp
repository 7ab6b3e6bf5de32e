#include "services/auth/domain/password.hpp"

#include <argon2.h>

#include <array>

#include "kit/base/assert.hpp"
#include "kit/base/bytes.hpp"

namespace evc::auth_service {
namespace {

constexpr std::size_t kMinCharacters = 15;
constexpr std::size_t kMaxCharacters = 128;
constexpr std::uint32_t kMemoryKib = 19 * 1024;
constexpr std::uint32_t kPasses = 2;
constexpr std::uint32_t kLanes = 1;
constexpr std::size_t kSaltBytes = 16;
constexpr std::size_t kHashBytes = 32;

std::size_t characters(std::string_view utf8) {
  std::size_t count = 0;
  for (const char byte : utf8) count += (static_cast<unsigned char>(byte) & 0xC0U) != 0x80U ? 1 : 0;
  return count;
}

}  // namespace

Result<void> check_new_password(std::string_view password) {
  const std::size_t length = characters(password);
  if (length < kMinCharacters)
    return fail_field("/password", "at least 15 characters; a sentence is easier to remember than a riddle");
  if (length > kMaxCharacters) return fail_field("/password", "at most 128 characters");
  return {};
}

PasswordHasher::PasswordHasher(Secret<std::string> pepper)
    : pepper_(std::move(pepper)), decoy_(hash(random_bytes(32))) {}

std::string PasswordHasher::peppered(std::string_view password) const {
  const Digest digest = hmac_sha256(pepper_.reveal(), password);
  return std::string(view(digest));
}

std::string PasswordHasher::hash(std::string_view password) const {
  const std::string input = peppered(password);
  const std::string salt = random_bytes(kSaltBytes);
  std::array<char, 128> encoded{};
  const int outcome = argon2id_hash_encoded(kPasses, kMemoryKib, kLanes, input.data(), input.size(), salt.data(),
                                            salt.size(), kHashBytes, encoded.data(), encoded.size());
  EVC_ASSERT(outcome == ARGON2_OK);
  return std::string(encoded.data());
}

bool PasswordHasher::verify(std::string_view password, const std::string& phc) const {
  const std::string input = peppered(password);
  return argon2id_verify(phc.c_str(), input.data(), input.size()) == ARGON2_OK;
}

}  // namespace evc::auth_service
