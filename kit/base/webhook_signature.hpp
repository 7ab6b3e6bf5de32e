// Signed calls between us and providers (contracts/headers.md, "Signed calls"): HMAC-SHA256 over webhook-id,
// webhook-timestamp and the bytes of the body. Pure: time and secret are passed in.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "kit/base/clock.hpp"
#include "kit/base/result.hpp"
#include "kit/base/secret.hpp"

namespace evc {

struct WebhookCall {
  std::string_view id;         // header webhook-id: the same on every repetition
  std::string_view timestamp;  // header webhook-timestamp: seconds since 1970, decimal
  std::string_view body;
};

inline constexpr std::chrono::seconds kWebhookAgeLimit{300};

// The value of webhook-signature: "v1,<base64>".
std::string sign_webhook(const WebhookCall& call, const Secret<std::string>& secret);
// `signature` may hold several, separated by a space (key rotation). signature-invalid for a wrong one and for a
// timestamp that is more than 300 s away from `now`.
Result<void> verify_webhook(const WebhookCall& call, std::string_view signature, const Secret<std::string>& secret,
                            WallTime now);

}  // namespace evc
