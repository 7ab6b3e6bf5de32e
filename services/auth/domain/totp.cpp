#include "services/auth/domain/totp.hpp"

#include <algorithm>
#include <cctype>
#include <cstdint>

#include "kit/base/bytes.hpp"
#include "kit/base/hmac_sha1.hpp"

namespace evc::auth_service {
namespace {

constexpr std::size_t kSecretBytes = 20;
constexpr std::size_t kRecoveryBytes = 15;
constexpr std::size_t kRecoveryGroup = 6;
constexpr std::size_t kDigits = 6;
constexpr std::uint32_t kModulus = 1'000'000;

bool is_unreserved(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '-' || c == '.' || c == '_' || c == '~';
}

std::string percent_encoded(std::string_view text) {
  std::string encoded;
  for (const char c : text) encoded += is_unreserved(c) ? std::string(1, c) : "%" + hex_encode(std::string_view(&c, 1));
  return encoded;
}

}  // namespace

std::string new_totp_secret() {
  return random_bytes(kSecretBytes);
}

std::string totp_secret_text(std::string_view secret) {
  std::string text = base32_encode_lower(secret);
  std::ranges::transform(text, text.begin(), [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  return text;
}

std::string totp_uri(std::string_view secret, std::string_view account) {
  return "otpauth://totp/EV-Costa:" + percent_encoded(account) + "?secret=" + totp_secret_text(secret) +
         "&issuer=EV-Costa&algorithm=SHA1&digits=6&period=30";
}

std::int64_t totp_step(WallTime now) {
  return std::chrono::floor<std::chrono::seconds>(now.time_since_epoch()) / kTotpStep;
}

// RFC 4226 §5.3: four bytes from where the last nibble points, without the sign bit.
std::string totp_code(std::string_view secret, std::int64_t step) {
  std::string counter;
  for (int shift = 56; shift >= 0; shift -= 8) counter += static_cast<char>(step >> shift & 0xFF);
  const auto digest = hmac_sha1(secret, counter);
  const std::size_t offset = digest.back() & 0x0FU;
  std::uint32_t number = 0;
  for (std::size_t i = 0; i < 4; ++i) number = number << 8U | digest.at(offset + i);
  const std::string digits = std::to_string((number & 0x7FFFFFFFU) % kModulus);
  return std::string(kDigits - digits.size(), '0') + digits;
}

std::optional<std::int64_t> matching_step(std::string_view secret, std::string_view code, WallTime now,
                                          std::int64_t last_step) {
  std::optional<std::int64_t> found;
  const std::int64_t present = totp_step(now);
  for (std::int64_t step = present - kTotpSlack; step <= present + kTotpSlack; ++step) {
    if (equal_constant_time(totp_code(secret, step), code) && step > last_step && !found) found = step;
  }
  return found;
}

std::vector<std::string> new_recovery_codes() {
  std::vector<std::string> codes;
  while (codes.size() < kRecoveryCodes) {
    std::string code = base32_encode_lower(random_bytes(kRecoveryBytes));
    for (std::size_t at = code.size() - kRecoveryGroup; at > 0; at -= kRecoveryGroup) code.insert(at, "-");
    codes.push_back(std::move(code));
  }
  return codes;
}

std::string recovery_code_hash(std::string_view code) {
  std::string plain;
  for (const char c : code) {
    if (c != '-' && c != ' ') plain += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  }
  const Digest digest = sha256("recovery:" + plain);
  return std::string(view(digest));
}

}  // namespace evc::auth_service
