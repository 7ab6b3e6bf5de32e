#include "kit/base/webhook_signature.hpp"

#include <charconv>

#include "kit/base/bytes.hpp"

namespace evc {

std::string sign_webhook(const WebhookCall& call, const Secret<std::string>& secret) {
  std::string content(call.id);
  content.append(".").append(call.timestamp).append(".").append(call.body);
  return "v1," + base64_encode(view(hmac_sha256(secret.reveal(), content)));
}

Result<void> verify_webhook(const WebhookCall& call, std::string_view signature, const Secret<std::string>& secret,
                            WallTime now) {
  if (secret.reveal().empty() || call.id.empty() || call.id.size() > 64) return fail(Code::kSignatureInvalid);
  std::int64_t seconds = 0;
  const auto [end, error] =
      std::from_chars(call.timestamp.data(), call.timestamp.data() + call.timestamp.size(), seconds);
  if (error != std::errc{} || end != call.timestamp.data() + call.timestamp.size() || call.timestamp.size() > 12)
    return fail(Code::kSignatureInvalid);
  const auto age = now - WallTime{std::chrono::seconds{seconds}};
  if (age > kWebhookAgeLimit || age < -kWebhookAgeLimit) return fail(Code::kSignatureInvalid);
  const std::string good = sign_webhook(call, secret);
  bool found = false;
  while (!signature.empty()) {
    const std::size_t end_of_one = signature.find(' ');
    // Every one is compared, so that the time tells nothing about which was good.
    if (equal_constant_time(signature.substr(0, end_of_one), good)) found = true;
    signature.remove_prefix(end_of_one == std::string_view::npos ? signature.size() : end_of_one + 1);
  }
  if (!found) return fail(Code::kSignatureInvalid);
  return {};
}

}  // namespace evc
