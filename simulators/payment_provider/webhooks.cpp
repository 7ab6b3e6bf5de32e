#include "simulators/payment_provider/webhooks.hpp"

#include "kit/base/uuid.hpp"
#include "kit/base/webhook_signature.hpp"
#include "kit/telemetry/log.hpp"

namespace evc::payment_provider {
namespace {

constexpr int kTries = 5;
constexpr std::chrono::milliseconds kFirstPause{500};

struct Body {
  std::string type;
  std::string reference;
  std::string operation_key;
  std::string provider_reference;
  Money amount;
  std::optional<std::string> reason;
  WallTime occurred_at{};
};
BOOST_DESCRIBE_STRUCT(Body, (), (type, reference, operation_key, provider_reference, amount, reason, occurred_at))

std::string body_of(const WebhookMessage& message, WallTime now) {
  return json::encode_text(Body{.type = message.type,
                                .reference = message.authorisation.reference,
                                .operation_key = message.operation_key,
                                .provider_reference = message.authorisation.id,
                                .amount = message.amount,
                                .reason = message.reason,
                                .occurred_at = now});
}

Task<bool> post(std::shared_ptr<http::Client> merchant, RequestContext& context, Secret<std::string> secret,
                const Clock& clock, std::string id, std::string body) {
  const std::string timestamp =
      std::to_string(std::chrono::duration_cast<std::chrono::seconds>(clock.wall().time_since_epoch()).count());
  http::Call call{
      .method = "POST", .target = "/payments/provider/webhooks", .route_class = "/payments/provider/webhooks"};
  call.headers.add("content-type", "application/json");
  call.headers.add("webhook-id", id);
  call.headers.add("webhook-timestamp", timestamp);
  call.headers.add("webhook-signature", sign_webhook({id, timestamp, body}, secret));
  call.body = std::move(body);
  auto response = co_await merchant->send(context, std::move(call));
  co_return response && response->status / 100 == 2;
}

}  // namespace

Webhooks::Webhooks(Worker& worker, std::shared_ptr<http::Client> merchant, Secret<std::string> secret,
                   const Clock& clock)
    : worker_(worker), merchant_(std::move(merchant)), secret_(std::move(secret)), clock_(clock) {}

Task<> Webhooks::deliver(std::shared_ptr<http::Client> merchant, Secret<std::string> secret, const Clock& clock,
                         Worker& worker, telemetry::TraceContext trace, Prepared message,
                         std::chrono::milliseconds delay, int copies) {
  if (delay.count() > 0) co_await sleep_for(worker, delay);
  auto pause = kFirstPause;
  for (int tried = 0; tried < kTries && copies > 0 && !worker.tasks().cancelled(); ++tried) {
    RequestContext context;
    context.trace = trace;
    context = context.with_timeout(std::chrono::seconds{5});
    const bool taken = co_await post(merchant, context, secret, clock, message.id, message.body);
    if (taken) {
      --copies;
      continue;
    }
    co_await sleep_for(worker, pause);
    pause *= 2;
  }
  if (copies > 0) EVC_LOG(kWarn, trace, "a webhook was not taken");
}

void Webhooks::send_later(RequestContext& context, WebhookMessage message, std::chrono::milliseconds delay,
                          int copies) {
  Prepared prepared{.id = "wh-" + to_string(uuid_v7(clock_)), .body = body_of(message, clock_.wall())};
  worker_.tasks().spawn(
      "webhook", deliver(merchant_, secret_, clock_, worker_, context.trace, std::move(prepared), delay, copies));
}

Task<bool> Webhooks::send_now(RequestContext& context, WebhookMessage message) {
  RequestContext limited = context.with_timeout(std::chrono::seconds{2});
  std::string body = body_of(message, clock_.wall());
  co_return co_await post(merchant_, limited, secret_, clock_, "wh-" + to_string(uuid_v7(clock_)), std::move(body));
}

}  // namespace evc::payment_provider
