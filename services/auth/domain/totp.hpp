// Time-based one-time passwords (RFC 6238 with SHA-1, 6 digits, 30 s: what every authenticator app speaks) and the
// recovery codes for the day when the app is lost. Pure: the store remembers which step was used last.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "kit/base/clock.hpp"

namespace evc::auth_service {

inline constexpr std::chrono::seconds kTotpStep{30};
inline constexpr std::int64_t kTotpSlack = 1;  // steps that a clock may be early or late

// 160 random bits (RFC 4226 §4 R6).
std::string new_totp_secret();
// Base32 in upper case, without padding: how apps take it by hand.
std::string totp_secret_text(std::string_view secret);
// otpauth://totp/EV-Costa:<account>?… for a QR code.
std::string totp_uri(std::string_view secret, std::string_view account);

std::int64_t totp_step(WallTime now);
// Six digits.
std::string totp_code(std::string_view secret, std::int64_t step);
// The step whose code this is: at most kTotpSlack from now and later than `last_step`, so that no code is good twice.
std::optional<std::int64_t> matching_step(std::string_view secret, std::string_view code, WallTime now,
                                          std::int64_t last_step);

inline constexpr std::size_t kRecoveryCodes = 10;
// 120 random bits each, as xxxxxx-xxxxxx-xxxxxx-xxxxxx.
std::vector<std::string> new_recovery_codes();
// What is stored. Case, hyphens and spaces do not count.
std::string recovery_code_hash(std::string_view code);

}  // namespace evc::auth_service
