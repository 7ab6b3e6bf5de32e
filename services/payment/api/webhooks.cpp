#include "services/payment/api/webhooks.hpp"

#include "kit/base/crash_point.hpp"
#include "kit/base/webhook_signature.hpp"
#include "kit/http/operation.hpp"
#include "kit/telemetry/log.hpp"
#include "services/payment/store/job_store.hpp"
#include "services/payment/store/payment_store.hpp"

namespace evc::payment {
namespace {

struct Message {
  std::string type;
  std::string reference;
  std::string operation_key;
  std::optional<std::string> provider_reference;
  Money amount;
  std::optional<std::string> reason;
  WallTime occurred_at{};
};
BOOST_DESCRIBE_STRUCT(Message, (), (type, reference, operation_key, provider_reference, amount, reason, occurred_at))

}  // namespace

ProviderWebhooks::ProviderWebhooks(postgres::Pool& pool, Recorder& recorder, Secret<std::string> secret)
    : pool_(pool), recorder_(recorder), secret_(std::move(secret)) {}

void ProviderWebhooks::add_routes(http::Router& router) {
  http::add_operation(router, "payment", "receiveProviderWebhook",
                      [this](RequestContext& context, http::Request& request) { return receive(context, request); });
}

Task<http::Response> ProviderWebhooks::receive(RequestContext& context, http::Request& request) {
  const std::string id(request.headers.get("webhook-id").value_or(""));
  const WebhookCall call{
      .id = id, .timestamp = request.headers.get("webhook-timestamp").value_or(""), .body = request.body};
  // Before anything is read from the body: who has no key learns nothing.
  auto verified =
      verify_webhook(call, request.headers.get("webhook-signature").value_or(""), secret_, context.clock->wall());
  if (!verified) co_return http::problem(verified.error(), context, request.path);
  auto message = http::body_as<Message>(request);
  if (!message) co_return http::problem(message.error(), context, request.path);
  auto taken = co_await take(context, id, message->reference, message->type);
  if (!taken) co_return http::problem(taken.error(), context, request.path);
  co_return http::Response::empty(202);
}

Task<Result<void>> ProviderWebhooks::take(RequestContext& context, std::string webhook_id, std::string reference,
                                          std::string type) {
  auto transaction = co_await pool_.begin(context);
  if (!transaction) co_return std::unexpected(std::move(transaction).error());
  auto first = co_await store::take_webhook(context, *transaction, std::move(webhook_id), reference, type);
  if (!first) co_return std::unexpected(std::move(first).error());
  if (!*first) co_return Result<void>{};
  auto payment = co_await store::find_for_update(context, *transaction, reference);
  if (!payment) co_return std::unexpected(std::move(payment).error());
  if (!*payment) {
    EVC_LOG(kWarn, context.trace, "the provider speaks of a hold that nobody asked for",
            {{telemetry::key::kReference, reference}});
    co_return EVC_STEP("payment.webhook.stranger", co_await transaction->commit(context));
  }
  if (type == "hold.expired") {
    const Reaction reaction = hold_expired(std::move(**payment), context.clock->wall());
    EVC_CO_CHECK(co_await recorder_.write(context, *transaction, reaction, {}));
  } else if ((*payment)->state != State::kRequested) {
    // While the hold is being asked for, its own answer is on the way.
    EVC_CO_CHECK(co_await store::hurry(context, *transaction, (*payment)->id));
  }
  co_return EVC_STEP("payment.webhook.commit", co_await transaction->commit(context));
}

}  // namespace evc::payment
