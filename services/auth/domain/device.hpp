// Devices: the few words that a person recognises one by, and the mark (a cookie) that says that this device has signed
// in to this account before, with what signs in to it now. A marked device has a bucket of failures of its own, so that
// guesses from elsewhere cannot lock its owner out. A mark proves nothing else: the password is always asked for. Pure.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "kit/base/clock.hpp"
#include "kit/base/sealing.hpp"

namespace evc::auth_service {

inline constexpr std::chrono::hours kDeviceMarkLife{24 * 180};
inline constexpr std::string_view kDeviceCookie = "__Host-evcosta-device";

// "Firefox, Linux" from a User-Agent; of programs that are no browsers the first product name; never empty, at most 64
// characters of visible ASCII.
std::string device_label(std::string_view user_agent);

// What a mark is made for: it dies with the address, the password and the second factor. Else whoever once knew the
// password could gather marks, each with guesses of its own, for the day on which it no longer suffices.
struct MarkedFor {
  std::string email_index;
  std::string credentials;  // digest of password hash and second factor; of nobody's account any value
};
// A mark of a new device: random id, day of issue and HMAC over both and what it is for. Nothing is stored.
std::string new_device_mark(const SealKey& key, const MarkedFor& account, WallTime now);
// The device's id (a name for its bucket) when the mark was made for just this and is not too old.
std::optional<std::string> marked_device(const SealKey& key, const MarkedFor& account, std::string_view mark,
                                         WallTime now);

// One cookie of a Cookie header (RFC 6265 §4.2.1).
std::optional<std::string_view> cookie(std::string_view header, std::string_view name);
// The Set-Cookie value that leaves a mark.
std::string device_cookie(std::string_view mark);

}  // namespace evc::auth_service
