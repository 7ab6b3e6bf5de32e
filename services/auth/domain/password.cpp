#include "services/auth/domain/password.hpp"

#include <utf8proc.h>

#include <cstdlib>
#include <memory>

#include "kit/base/assert.hpp"
#include "kit/base/bytes.hpp"
#include "services/auth/domain/argon2id.hpp"

namespace evc::auth_service {
namespace {

constexpr std::size_t kMinCharacters = 15;
constexpr std::size_t kMaxCharacters = 128;
constexpr std::size_t kNormalisedLimitBytes = 4096;  // more cannot become 128 characters
constexpr Argon2Cost kCost{.memory_kib = 19 * 1024, .passes = 2, .lanes = 1};
constexpr std::size_t kSaltBytes = 16;
constexpr std::size_t kHashBytes = 32;

std::size_t characters(std::string_view utf8) {
  std::size_t count = 0;
  for (const char byte : utf8) count += (static_cast<unsigned char>(byte) & 0xC0U) != 0x80U ? 1 : 0;
  return count;
}

// Unicode's form KC (NIST SP 800-63B-4 §3.1.1.2): one password, however a keyboard composes it. As it came when it is
// no UTF-8, or longer than any password.
std::string normalised(std::string_view password) {
  if (password.size() > kNormalisedLimitBytes) return std::string(password);
  constexpr auto kFormKc = static_cast<utf8proc_option_t>(UTF8PROC_STABLE | UTF8PROC_COMPOSE | UTF8PROC_COMPAT);
  utf8proc_uint8_t* mapped = nullptr;
  const auto length = utf8proc_map(reinterpret_cast<const utf8proc_uint8_t*>(password.data()),
                                   static_cast<utf8proc_ssize_t>(password.size()), &mapped, kFormKc);
  const std::unique_ptr<utf8proc_uint8_t, decltype(&std::free)> owned(mapped, std::free);
  if (length < 0) return std::string(password);
  return {reinterpret_cast<const char*>(mapped), static_cast<std::size_t>(length)};
}

}  // namespace

Result<void> check_new_password(std::string_view as_it_came, const KnownPasswords& known, std::string pointer) {
  const std::string password = normalised(as_it_came);
  const std::size_t length = characters(password);
  if (length < kMinCharacters)
    return fail_field(std::move(pointer), "at least 15 characters; a sentence is easier to remember than a riddle");
  if (length > kMaxCharacters) return fail_field(std::move(pointer), "at most 128 characters");
  if (known.guessable(password))
    return fail_field(std::move(pointer), "known from leaks, or made of such: among the first that anybody tries");
  return {};
}

std::string password_digest(std::string_view password_hash) {
  const Digest digest = sha256(password_hash);
  return std::string(view(digest));
}

PasswordHasher::PasswordHasher(Secret<std::string> pepper)
    : pepper_(std::move(pepper)), decoy_(hash(random_bytes(32))) {}

std::string PasswordHasher::peppered(std::string_view password) const {
  const Digest digest = hmac_sha256(pepper_.reveal(), password);
  return std::string(view(digest));
}

std::string PasswordHasher::hash(std::string_view password) const {
  PhcString phc{.cost = kCost, .salt = random_bytes(kSaltBytes), .hash = {}};
  auto hash = argon2id(peppered(normalised(password)), phc.salt, phc.cost, kHashBytes);
  EVC_ASSERT(hash.has_value());
  phc.hash = std::move(*hash);
  return to_text(phc);
}

bool PasswordHasher::verify(std::string_view password, const std::string& phc) const {
  const auto known = parse_phc(phc);
  if (!known) return false;
  const auto matches = [this, &known](std::string_view form) {
    const auto hash = argon2id(peppered(form), known->salt, known->cost, known->hash.size());
    return hash && equal_constant_time(*hash, known->hash);
  };
  const std::string form = normalised(password);
  const bool good = matches(form);
  // Hashes from before passwords were normalised. Whatever the hash, such a password takes both runs: the time tells
  // what was typed, not whose it is.
  const bool good_as_it_came = form != password && matches(password);
  return good || good_as_it_came;
}

}  // namespace evc::auth_service
