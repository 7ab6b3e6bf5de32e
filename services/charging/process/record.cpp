#include "services/charging/process/record.hpp"

#include <algorithm>
#include <chrono>
#include <vector>

#include "kit/telemetry/log.hpp"
#include "kit/telemetry/metrics.hpp"
#include "services/charging/store/sessions.hpp"

namespace evc::charging {
namespace {

// What the service promises (docs/guides/observability.md): energy soon after the start, the money soon after the end.
const std::vector<double>& waiting_bounds_seconds() {
  static const std::vector<double> bounds{1, 2.5, 5, 10, 20, 30, 45, 60, 120, 300, 900};
  return bounds;
}

telemetry::Histogram start_to_energy() {
  return telemetry::metrics().histogram("charging_start_to_energy_seconds", "From the driver's start to energy", {},
                                        waiting_bounds_seconds());
}

telemetry::Histogram end_to_capture() {
  return telemetry::metrics().histogram("charging_end_to_capture_seconds",
                                        "From the end of a charge to its captured price", {}, waiting_bounds_seconds());
}

double seconds(std::chrono::microseconds waited) {
  return std::max(0.0, std::chrono::duration<double>(waited).count());
}

void observe_promises(const RequestContext& context, const Session& session, const TimelineEntry& entry) {
  if (entry.state == SessionState::kCharging)
    start_to_energy().observe(seconds(entry.at - session.created_at), &context.trace);
  const bool paid = entry.state == SessionState::kCaptured || entry.state == SessionState::kReceivable;
  if (paid && session.ended_at) end_to_capture().observe(seconds(entry.at - *session.ended_at), &context.trace);
}

void log_change(const RequestContext& context, const Outcome& outcome) {
  namespace key = telemetry::key;
  const std::string id = to_string(outcome.session.id);
  for (const TimelineEntry& entry : outcome.timeline) {
    EVC_LOG(kInfo, context.trace, "The charging session moved on",
            {{key::kSessionId, id},
             {key::kState, name(entry.state)},
             {key::kStationId, outcome.session.station_id},
             {key::kReason, entry.reason.value_or("")}});
    telemetry::metrics()
        .counter("charging_session_transitions_total", "Sessions by the state they entered",
                 {{"state", std::string(name(entry.state))}})
        .add();
    observe_promises(context, outcome.session, entry);
  }
  if (!outcome.contradiction) return;
  EVC_LOG(kWarn, context.trace, "A fact contradicts the session: a reconciliation case is open",
          {{key::kSessionId, id}, {key::kReason, outcome.contradiction->text}});
  telemetry::metrics().counter("charging_reconciliation_cases_total", "Facts that the rules could not settle").add();
}

}  // namespace

void show_promises() {
  start_to_energy();
  end_to_capture();
}

Task<Result<void>> publish(RequestContext& context, postgres::Transaction& transaction, messaging::Outbox& outbox,
                           const Outcome& outcome, std::optional<Uuid> cause) {
  const Session& session = outcome.session;
  for (const Emission& emission : outcome.emissions) {
    messaging::EventDraft draft{.topic = "charging.events",
                                .key = to_string(session.id),
                                .subject = to_string(session.id),
                                .type = emission.type,
                                .data = emission.data,
                                .user_id = session.puid,
                                .correlation_id = session.correlation_id,
                                .causation_id = cause};
    EVC_CO_CHECK(co_await outbox.append(context, transaction, std::move(draft)));
  }
  co_return Result<void>{};
}

Task<Result<void>> record(RequestContext& context, postgres::Transaction& transaction, messaging::Outbox& outbox,
                          Outcome outcome, std::optional<Uuid> cause) {
  if (outcome.contradiction)
    EVC_CO_CHECK(co_await insert_case(context, transaction, outcome.session.id, *outcome.contradiction));
  if (outcome.changed) {
    EVC_CO_CHECK(update_session(transaction, outcome.session));
    for (const TimelineEntry& entry : outcome.timeline)
      EVC_CO_CHECK(insert_timeline(transaction, outcome.session.id, outcome.session.version, entry));
    EVC_CO_CHECK(co_await publish(context, transaction, outbox, outcome, cause));
  }
  log_change(context, outcome);
  co_return Result<void>{};
}

}  // namespace evc::charging
