#include "services/integrations/api/provider_updates.hpp"

#include "kit/base/crash_point.hpp"
#include "kit/base/webhook_signature.hpp"
#include "kit/http/operation.hpp"
#include "kit/telemetry/log.hpp"
#include "services/integrations/domain/external_update.hpp"
#include "services/integrations/store/provider_update_store.hpp"

namespace evc::integrations {

void ProviderUpdates::add_to(http::Router& router) {
  http::add_operation(router, "integrations", "receiveProviderUpdate",
                      [this](RequestContext& context, http::Request& request) { return receive(context, request); });
}

Result<json::Object> ProviderUpdates::check(const RequestContext& context, const http::Request& request,
                                            const std::string& provider) const {
  const auto header = [&](std::string_view name) { return request.headers.get(name).value_or(""); };
  const WebhookCall call{.id = header("webhook-id"), .timestamp = header("webhook-timestamp"), .body = request.body};
  EVC_CHECK(
      verify_webhook(call, header("webhook-signature"), provider_secret(secret_, provider), context.clock->wall()));
  if (!providers_.contains(provider)) return fail(Code::kSignatureInvalid, "unknown provider");
  EVC_TRY(update, http::body_as<ProviderUpdate>(request));
  return update_data(provider, update);
}

Task<http::Response> ProviderUpdates::receive(RequestContext& context, http::Request& request) {
  auto provider = request.path_parameter("provider");
  if (!provider) co_return http::problem(provider.error(), context, request.path);
  const std::string name(*provider);
  auto data = check(context, request, name);
  if (!data) {
    EVC_LOG(kWarn, context.trace, "A provider's update was refused", {{telemetry::key::kReason, data.error().detail}});
    // Which part of the signature was wrong is nobody's business.
    if (data.error().code == Code::kSignatureInvalid) data.error().detail.clear();
    co_return http::problem(data.error(), context, request.path);
  }
  auto event_id = co_await publish(context, name, std::string(*request.headers.get("webhook-id")), std::move(*data));
  if (!event_id) co_return http::problem(event_id.error(), context, request.path);
  co_return http::Response::json(202, json::Object{{"eventId", to_string(*event_id)}});
}

Task<Result<Uuid>> ProviderUpdates::publish(RequestContext& context, std::string provider, std::string webhook_id,
                                            json::Object data) {
  const std::string station_id(data.at("stationId").as_string());
  const auto* connector = data.if_contains("connectorId");
  const auto subject = subject_of(station_id, connector != nullptr ? connector->as_int64() : 0);
  EVC_CO_TRY(transaction, co_await pool_->begin(context));
  EVC_CO_TRY(taken, co_await store::take_webhook(context, transaction, provider, webhook_id));
  if (taken) co_return *taken;
  messaging::EventDraft draft{.topic = std::string(kTopic),
                              .key = station_id,
                              .subject = subject,
                              .type = std::string(kEventType),
                              .data = std::move(data)};
  EVC_CO_TRY(event_id, co_await outbox_->append(context, transaction, std::move(draft)));
  EVC_CO_CHECK(co_await store::set_webhook_event(context, transaction, provider, webhook_id, event_id));
  EVC_CO_CHECK(EVC_STEP("integrations.update.commit", co_await transaction.commit(context)));
  co_return event_id;
}

}  // namespace evc::integrations
