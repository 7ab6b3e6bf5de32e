// Tells the merchant what became of a hold, by signed calls (contracts/headers.md). Each message is tried five times,
// at growing distances; a provider that is killed forgets what it had not delivered, so the merchant must ask as well.
// On one worker.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>

#include "kit/base/secret.hpp"
#include "kit/http/client.hpp"
#include "kit/runtime/worker.hpp"
#include "simulators/payment_provider/authorisation.hpp"

namespace evc::payment_provider {

struct WebhookMessage {
  std::string type;  // hold.authorised, capture.succeeded …
  std::string operation_key;
  Authorisation authorisation;
  Money amount;
  std::optional<std::string> reason;
};

class Webhooks {
 public:
  Webhooks(Worker& worker, std::shared_ptr<http::Client> merchant, Secret<std::string> secret, const Clock& clock);

  // In the background, after `delay`; `copies` > 1 sends the same message (the same webhook-id) again.
  void send_later(RequestContext& context, WebhookMessage message, std::chrono::milliseconds delay, int copies);
  // Resumes when it was taken, or was not in one try.
  Task<bool> send_now(RequestContext& context, WebhookMessage message);

 private:
  struct Prepared {
    std::string id;
    std::string body;
  };
  static Task<> deliver(std::shared_ptr<http::Client> merchant, Secret<std::string> secret, const Clock& clock,
                        Worker& worker, telemetry::TraceContext trace, Prepared message,
                        std::chrono::milliseconds delay, int copies);

  Worker& worker_;
  std::shared_ptr<http::Client> merchant_;
  Secret<std::string> secret_;
  const Clock& clock_;
};

}  // namespace evc::payment_provider
