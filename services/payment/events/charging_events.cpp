#include "services/payment/events/charging_events.hpp"

#include "kit/telemetry/log.hpp"
#include "services/payment/store/payment_store.hpp"

namespace evc::payment {
namespace {

struct Ended {
  Uuid session_id;
  std::string preauthorisation_reference;
  std::string station_id;
  std::string station_name;
  std::int64_t connector_id = 0;
  WallTime started_at{};
  WallTime ended_at{};
  std::int64_t duration_s = 0;
  std::int64_t energy_wh = 0;
  Money final_price;
  json::Value price_lines;
  std::optional<double> end_soc;  // since version 2
};
BOOST_DESCRIBE_STRUCT(Ended, (),
                      (session_id, preauthorisation_reference, station_id, station_name, connector_id, started_at,
                       ended_at, duration_s, energy_wh, final_price, price_lines, end_soc))

struct Failed {
  Uuid session_id;
  std::optional<std::string> preauthorisation_reference;
};
BOOST_DESCRIBE_STRUCT(Failed, (), (session_id, preauthorisation_reference))

// As the receipt of contracts/http/payment.yaml.
json::Object receipt_of(const Ended& ended) {
  json::Object receipt{{"stationId", ended.station_id},
                       {"stationName", ended.station_name},
                       {"connectorId", ended.connector_id},
                       {"startedAt", format_rfc3339(ended.started_at)},
                       {"endedAt", format_rfc3339(ended.ended_at)},
                       {"durationSeconds", ended.duration_s},
                       {"energyKwh", static_cast<double>(ended.energy_wh) / 1'000.0},
                       {"lines", ended.price_lines},
                       {"total", json::encode(ended.final_price)}};
  if (ended.end_soc) receipt["endSoc"] = *ended.end_soc;
  return receipt;
}

}  // namespace

std::map<std::string, messaging::EventHandler> ChargingEvents::handlers() {
  return {
      {"ChargingSessionEnded", [this](RequestContext& context, postgres::Transaction& transaction,
                                      const messaging::Event& event) { return ended(context, transaction, event); }},
      {"ChargingSessionFailed", [this](RequestContext& context, postgres::Transaction& transaction,
                                       const messaging::Event& event) { return failed(context, transaction, event); }}};
}

Task<Result<void>> ChargingEvents::ended(RequestContext& context, postgres::Transaction& transaction,
                                         const messaging::Event& event) {
  EVC_CO_TRY(data, messaging::data_as<Ended>(event));
  auto payment = co_await store::find_for_update(context, transaction, data.preauthorisation_reference);
  if (!payment) co_return std::unexpected(std::move(payment).error());
  // A charge without a hold of ours, or of another session: somebody must look at it.
  if (!*payment) co_return fail(Code::kPaymentNotFound, "no hold with the reference of the charge");
  if ((*payment)->session_id != data.session_id)
    co_return fail(Code::kValidationFailed, "the hold belongs to another session");
  if ((*payment)->currency != data.final_price.currency)
    co_return fail(Code::kValidationFailed, "the price is in another currency than the hold");
  if (data.final_price.amount < 0) co_return fail(Code::kValidationFailed, "the price is negative");
  const Reaction reaction =
      charge_ended(std::move(**payment), data.final_price.amount, receipt_of(data), context.clock->wall());
  co_return co_await recorder_.write(context, transaction, reaction,
                                     {.event_id = event.event_id, .first_try_after = {}});
}

Task<Result<void>> ChargingEvents::failed(RequestContext& context, postgres::Transaction& transaction,
                                          const messaging::Event& event) {
  EVC_CO_TRY(data, messaging::data_as<Failed>(event));
  if (!data.preauthorisation_reference) co_return Result<void>{};
  const std::string reference = *data.preauthorisation_reference;
  EVC_CO_CHECK(co_await store::lock_reference(context, transaction, reference));
  auto payment = co_await store::find_for_update(context, transaction, reference);
  if (!payment) co_return std::unexpected(std::move(payment).error());
  if (!*payment) co_return co_await store::close_reference(context, transaction, reference);
  if ((*payment)->session_id != data.session_id)
    co_return fail(Code::kValidationFailed, "the hold belongs to another session");
  const Reaction reaction = void_asked(std::move(**payment), VoidReason::kSessionFailed, context.clock->wall());
  co_return co_await recorder_.write(context, transaction, reaction,
                                     {.event_id = event.event_id, .first_try_after = {}});
}

}  // namespace evc::payment
