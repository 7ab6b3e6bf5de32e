#include "services/charging/events/increments.hpp"

#include "kit/base/crash_point.hpp"
#include "kit/telemetry/log.hpp"
#include "services/charging/process/record.hpp"
#include "services/charging/process/session_trace.hpp"
#include "services/charging/store/sessions.hpp"

namespace evc::charging {
namespace {

constexpr std::chrono::milliseconds kPoll{200};
constexpr std::chrono::seconds kAskTimeout{5};
constexpr std::chrono::seconds kRecordTimeout{3};
// Who claims a session has asked and written by then.
constexpr std::chrono::seconds kClaim{8};
constexpr std::int64_t kBatch = 20;

Task<Result<void>> write_answer(RequestContext& context, postgres::Pool& pool, messaging::Outbox& outbox, Uuid id,
                                IncrementAnswer answer) {
  EVC_CO_TRY(transaction, co_await pool.begin(context));
  EVC_CO_TRY(session, co_await lock_session(context, transaction, id));
  if (!session) co_return fail(Code::kSessionNotFound);
  Outcome outcome = increment_answered(std::move(*session), answer, context.clock->wall());
  EVC_CO_CHECK(co_await record(context, transaction, outbox, std::move(outcome)));
  auto committed = EVC_STEP("charging.increment.answer", co_await transaction.commit(context));
  co_return committed;
}

Task<> ask_for_one(postgres::Pool& pool, messaging::Outbox& outbox, PaymentClient& payment, Nudges& nudges,
                   Session session) {
  RequestContext asking = background_context(kAskTimeout);
  asking.trace = trace_of(session);
  const IncrementAnswer answer = co_await payment.increment(asking, session);
  RequestContext writing = background_context(kRecordTimeout);
  writing.trace = asking.trace;
  auto written = co_await write_answer(writing, pool, outbox, session.id, answer);
  if (!written) {
    EVC_LOG(
        kWarn, writing.trace, "What payment says of an increment was not written down; it is asked again",
        {{telemetry::key::kSessionId, to_string(session.id)}, {telemetry::key::kErrorDetail, written.error().detail}});
  }
  nudges.wake(to_string(session.id));
}

}  // namespace

Task<> ask_for_increments(Worker& worker, postgres::Pool& pool, messaging::Outbox& outbox, PaymentClient& payment,
                          Nudges& nudges) {
  while (!worker.tasks().cancelled()) {
    co_await sleep_for(worker, kPoll);
    RequestContext context = background_context(kRecordTimeout);
    const WallTime now = context.clock->wall();
    auto claimed = co_await claim_increments(context, pool, now, now + kClaim, kBatch);
    if (!claimed) continue;  // the database is away: the next round asks again
    for (Session& session : *claimed)
      worker.tasks().spawn("increment", ask_for_one(pool, outbox, payment, nudges, std::move(session)));
  }
}

}  // namespace evc::charging
