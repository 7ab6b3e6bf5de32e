#include "kit/messaging/event_decisions.hpp"

#include "kit/base/crash_point.hpp"
#include "kit/messaging/plain_text.hpp"

namespace evc::messaging {
namespace {

// A long row of parked events takes its time; half a replay would be none at all.
constexpr std::chrono::seconds kLimit{60};
constexpr std::size_t kErrorDetailLimit = 1'000;  // bytes

RequestContext with_time_for_all(const RequestContext& context) {
  auto work = context;
  work.deadline = context.clock->steady() + kLimit;
  return work;
}

Decided failed(const Error& error) {
  const bool may_pass = failure_kind(error.code) == FailureKind::kTransient;
  return {.outcome = may_pass ? Outcome::kNotNow : Outcome::kDeadAgain,
          .error_code = std::string(info(error.code).name),
          .error_detail = plain_text(error.detail, kErrorDetailLimit)};
}

bool holds(const Decision& decision, const Decided& decided) {
  if (decision.action == Action::kDryRun) return false;
  return decided.outcome == Outcome::kApplied || decided.outcome == Outcome::kDiscarded;
}

}  // namespace

Task<Result<Decided>> EventDecisions::decide(RequestContext& context, postgres::Pool& pool, Uuid event_id,
                                             Decision decision) {
  auto work = with_time_for_all(context);
  RunSubject subject{.consumer = applier_.store().consumer(), .event_id = event_id};
  EVC_CO_TRY(transaction, co_await pool.begin(work));
  EVC_CO_TRY(record, co_await applier_.store().exhume(work, transaction, event_id));
  if (!record) {
    EVC_CO_CHECK(co_await transaction.rollback(work));
    EVC_CO_TRY(settled, co_await settled_before(work, pool, event_id));
    EVC_CO_CHECK(co_await record_run(work, pool, subject, decision, settled));
    co_return settled;
  }
  const auto incoming = read_incoming(std::move(*record));
  subject.topic = incoming.event.topic;
  subject.key = incoming.event.key;
  EVC_CO_TRY(done, co_await carry_out(work, transaction, incoming, decision.action));
  if (!holds(decision, done.decided)) {
    EVC_CO_CHECK(co_await transaction.rollback(work));
    EVC_CO_CHECK(EVC_STEP("inbox.decision.in_vain", co_await record_run(work, pool, subject, decision, done.decided)));
    co_return std::move(done.decided);
  }
  EVC_CO_CHECK(record_run(work, transaction, subject, decision, done.decided));
  EVC_CO_CHECK(EVC_STEP("inbox.decision.commit", co_await transaction.commit(work)));
  tell(work, incoming.event, done);
  co_return std::move(done.decided);
}

Task<Result<EventDecisions::CarriedOut>> EventDecisions::carry_out(RequestContext& context,
                                                                   postgres::Transaction& transaction,
                                                                   const Incoming& incoming, Action action) {
  auto& store = applier_.store();
  const Uuid event_id = incoming.event.event_id;
  const bool gives_up = action == Action::kDiscard;
  if (!gives_up) {
    const auto outcome = co_await applier_.try_again(context, transaction, incoming);
    if (!outcome) co_return CarriedOut{.decided = failed(outcome.error())};
  }
  EVC_CO_CHECK(co_await store.settle(context, transaction, event_id, gives_up ? "discarded" : "replayed"));
  EVC_CO_CHECK(store.set_status(transaction, event_id, gives_up ? "discarded" : "applied"));
  auto released = co_await release(context, transaction, incoming.event);
  // A failure that may pass: another time then, with all of it.
  if (!released) co_return CarriedOut{.decided = failed(released.error())};
  EVC_CO_CHECK(co_await transaction.flush(context));
  CarriedOut done{
      .decided = {.outcome = gives_up ? Outcome::kDiscarded : Outcome::kApplied, .followed = released->followed}};
  if (released->dead) done.decided.next_dead = released->dead->event.event_id;
  done.released = std::move(*released);
  co_return done;
}

// What waits behind the subject, in order. The first one that fails for good is the subject's next dead letter.
Task<Result<EventDecisions::Released>> EventDecisions::release(RequestContext& context,
                                                               postgres::Transaction& transaction, const Event& head) {
  auto& store = applier_.store();
  Released released;
  while (true) {
    EVC_CO_TRY(record, co_await store.take_behind(context, transaction, head.topic, head.subject));
    if (!record) break;
    auto incoming = read_incoming(std::move(*record));
    auto outcome = co_await applier_.try_again(context, transaction, incoming);
    if (outcome) {
      EVC_CO_CHECK(store.set_status(transaction, incoming.event.event_id, "applied"));
      ++released.followed;
      continue;
    }
    if (failure_kind(outcome.error().code) == FailureKind::kTransient)
      co_return std::unexpected(std::move(outcome).error());
    released.error = std::move(outcome).error();
    EVC_CO_CHECK(co_await applier_.bury(context, transaction, incoming,
                                        {.error = released.error, .first_failed_at = context.clock->wall()}));
    released.dead = std::move(incoming);
    co_return released;
  }
  EVC_CO_CHECK(co_await store.release_subject(context, transaction, head.topic, head.subject));
  co_return released;
}

// Somebody was here before: what became of it then.
Task<Result<Decided>> EventDecisions::settled_before(RequestContext& context, postgres::Pool& pool, Uuid event_id) {
  EVC_CO_TRY(state, co_await applier_.store().dead_letter_state(context, pool, event_id));
  if (state == "replayed") co_return Decided{.outcome = Outcome::kApplied};
  if (state == "discarded") co_return Decided{.outcome = Outcome::kDiscarded};
  co_return Decided{.outcome = Outcome::kNotFound};
}

void EventDecisions::tell(const RequestContext& context, const Event& event, const CarriedOut& done) {
  auto& metrics = applier_.metrics();
  metrics.count(event.topic, done.decided.outcome == Outcome::kDiscarded ? "discarded" : "applied");
  for (std::int64_t i = 0; i < done.released.followed; ++i) metrics.count(event.topic, "applied");
  if (done.released.dead) applier_.tell_dead(context, done.released.dead->event, done.released.error);
}

Task<Result<Decided>> EventDecisions::accept_gap(RequestContext& context, postgres::Pool& pool, Inbox::Gap gap,
                                                 Decision decision) {
  auto work = with_time_for_all(context);
  auto& store = applier_.store();
  const RunSubject subject{
      .consumer = store.consumer(), .topic = gap.topic, .key = gap.key, .sequence = gap.missing_to};
  EVC_CO_TRY(transaction, co_await pool.begin(work));
  EVC_CO_TRY(last, co_await store.lock_key(work, transaction, gap.topic, gap.key));
  EVC_CO_TRY(first, co_await store.first_waiting(work, transaction, gap.topic, gap.key));
  if (!last || !first) co_return fail(Code::kNotFound, "no event of this key waits for a missing one");
  if (*last + 1 != gap.missing_from || *first - 1 != gap.missing_to)
    co_return fail(Code::kConflict,
                   "the gap is another one by now: " + std::to_string(*last + 1) + " to " + std::to_string(*first - 1));
  const Event place{.topic = gap.topic, .key = gap.key};
  EVC_CO_CHECK(co_await store.advance(work, transaction, place, gap.missing_to));
  EVC_CO_CHECK(co_await applier_.close_gap(transaction, gap.topic, gap.key, gap.missing_to));
  EVC_CO_TRY(now_at, co_await store.lock_key(work, transaction, gap.topic, gap.key));
  Decided decided{.outcome = Outcome::kAccepted, .followed = now_at.value_or(gap.missing_to) - gap.missing_to};
  EVC_CO_CHECK(record_run(work, transaction, subject, decision, decided));
  EVC_CO_CHECK(EVC_STEP("inbox.gap.accept", co_await transaction.commit(work)));
  co_return decided;
}

}  // namespace evc::messaging
