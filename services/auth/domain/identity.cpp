#include "services/auth/domain/identity.hpp"

#include <algorithm>
#include <cctype>

#include "kit/base/bytes.hpp"

namespace evc::auth_service {
namespace {

constexpr std::size_t kSecretBytes = 32;
constexpr std::size_t kPseudonymBytes = 16;
constexpr std::size_t kEmailLimitBytes = 254;  // RFC 5321 §4.5.3.1.3 less the brackets

bool is_space(char character) {
  return std::isspace(static_cast<unsigned char>(character)) != 0;
}

}  // namespace

Uuid random_uuid() {
  Uuid id;
  const std::string bytes = random_bytes(id.bytes.size());
  std::copy(bytes.begin(), bytes.end(), id.bytes.begin());
  id.bytes[6] = static_cast<std::uint8_t>((id.bytes[6] & 0x0FU) | 0x40U);
  id.bytes[8] = static_cast<std::uint8_t>((id.bytes[8] & 0x3FU) | 0x80U);
  return id;
}

SealKey new_person_secret() {
  return SealKey(random_bytes(kSecretBytes));
}

std::string pseudonym(const SealKey& person_secret, std::string_view domain) {
  const Digest digest = hmac_sha256(person_secret.reveal(), domain);
  return "p1." + base32_encode_lower(view(digest).substr(0, kPseudonymBytes));
}

SealKey column_key(const SealKey& person_secret, std::string_view service) {
  return derive_key(person_secret, "columns:" + std::string(service));
}

std::string passkey_user_handle(const SealKey& person_secret) {
  return derive_key(person_secret, "passkey user handle").reveal();
}

Result<std::string> normalise_email(std::string_view email) {
  while (!email.empty() && is_space(email.front())) email.remove_prefix(1);
  while (!email.empty() && is_space(email.back())) email.remove_suffix(1);
  const auto at = email.find('@');
  const bool one_at = at != std::string_view::npos && email.find('@', at + 1) == std::string_view::npos;
  const std::string_view domain = one_at ? email.substr(at + 1) : std::string_view();
  const auto dot = domain.rfind('.');
  const bool shaped = one_at && at > 0 && dot != std::string_view::npos && dot > 0 && dot + 1 < domain.size();
  const bool clean = std::ranges::none_of(email, [](char c) {
    return static_cast<unsigned char>(c) <= ' ' || c == 0x7F || c == '<' || c == '>' || c == ',';
  });
  if (!shaped || !clean || email.size() > kEmailLimitBytes) return fail_field("/email", "not an e-mail address");
  std::string normalised(email);
  std::ranges::transform(normalised, normalised.begin(), [](unsigned char c) {
    return c < 0x80 ? static_cast<char>(std::tolower(c)) : static_cast<char>(c);
  });
  return normalised;
}

std::string blind_index(const SealKey& index_key, std::string_view normalised_email) {
  const Digest digest = hmac_sha256(index_key.reveal(), normalised_email);
  return std::string(view(digest));
}

}  // namespace evc::auth_service
