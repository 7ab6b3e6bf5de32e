#include "services/charging/events/deadlines.hpp"

#include "kit/base/crash_point.hpp"
#include "kit/telemetry/log.hpp"
#include "kit/telemetry/metrics.hpp"
#include "services/charging/process/record.hpp"
#include "services/charging/process/session_trace.hpp"
#include "services/charging/store/sessions.hpp"

namespace evc::charging {
namespace {

constexpr std::chrono::milliseconds kPoll{500};
constexpr std::chrono::seconds kStepTimeout{8};
constexpr std::int64_t kBatch = 50;

// A state that only waits is late: say so each time, until it is over.
void report_late(const RequestContext& context, const Session& session) {
  namespace key = telemetry::key;
  EVC_LOG(kWarn, context.trace, "A charging session is past its deadline",
          {{key::kSessionId, to_string(session.id)},
           {key::kState, name(session.state)},
           {key::kStationId, session.station_id}});
  telemetry::metrics()
      .counter("charging_session_deadlines_total", "Deadlines that passed, by state",
               {{"state", std::string(name(session.state))}})
      .add();
}

Task<Result<void>> move_on(postgres::Pool& pool, messaging::Outbox& outbox, PaymentClient& payment, Nudges& nudges,
                           Uuid id) {
  RequestContext context = background_context(kStepTimeout);
  EVC_CO_TRY(seen, co_await find_session(context, pool, id));
  if (!seen) co_return Result<void>{};
  context.trace = trace_of(*seen);  // work on a session joins the session's trace; the scan itself has none
  // Asked before the lock is taken: no transaction stays open over a foreign call.
  Input known = Input::kHoldUnknown;
  if (seen->state == SessionState::kVoiding)
    known = EVC_STEP("charging.deadline.ask", co_await payment.ask(context, seen->reference));
  EVC_CO_TRY(transaction, co_await pool.begin(context));
  EVC_CO_TRY(session, co_await lock_overdue_session(context, transaction, id, context.clock->wall()));
  if (!session) co_return Result<void>{};
  report_late(context, *session);
  Outcome outcome = hold_asked(std::move(*session), known, context.clock->wall());
  EVC_CO_CHECK(co_await record(context, transaction, outbox, std::move(outcome)));
  EVC_CO_CHECK(EVC_STEP("charging.deadline.commit", co_await transaction.commit(context)));
  nudges.wake(to_string(id));
  co_return Result<void>{};
}

Task<Result<void>> report_live(RequestContext& context, postgres::Pool& pool) {
  EVC_CO_TRY(counts, co_await count_live_sessions(context, pool, context.clock->wall()));
  for (int i = 0; i <= static_cast<int>(SessionState::kVoiding); ++i) {
    const std::string state(name(static_cast<SessionState>(i)));
    StateCount found{.state = state};
    for (const StateCount& count : counts) found = count.state == state ? count : found;
    telemetry::metrics()
        .gauge("charging_sessions", "Sessions that are not terminal, by state", {{"state", state}})
        .set(static_cast<double>(found.count));
    telemetry::metrics()
        .gauge("charging_session_oldest_seconds", "Time since the last change of the oldest session in a state",
               {{"state", state}})
        .set(static_cast<double>(found.oldest_s));
  }
  co_return Result<void>{};
}

}  // namespace

Task<> watch_deadlines(Worker& worker, postgres::Pool& pool, messaging::Outbox& outbox, PaymentClient& payment,
                       Nudges& nudges, const Hearing& hearing) {
  int round = 0;
  show_promises();
  while (!worker.tasks().cancelled()) {
    co_await sleep_for(worker, kPoll);
    RequestContext context = background_context(kStepTimeout);
    const Overdue which =
        hearing.long_enough(context.clock->steady()) ? Overdue::kAll : Overdue::kNotWaitingForTheStation;
    auto overdue = co_await overdue_sessions(context, pool, context.clock->wall(), which, kBatch);
    if (!overdue) continue;
    for (const Uuid& id : *overdue) {
      auto moved = co_await move_on(pool, outbox, payment, nudges, id);
      if (!moved)
        EVC_LOG(kWarn, "A deadline could not be worked on; it will be tried again",
                {{telemetry::key::kSessionId, to_string(id)}, {telemetry::key::kErrorDetail, moved.error().detail}});
    }
    if (++round % 10 == 0) co_await report_live(context, pool);
  }
}

}  // namespace evc::charging
