#include "kit/messaging/event_applier.hpp"

#include <exception>

#include "kit/base/crash_point.hpp"
#include "kit/messaging/plain_text.hpp"
#include "kit/runtime/limited.hpp"
#include "kit/telemetry/log.hpp"
#include "kit/telemetry/semconv.hpp"
#include "kit/telemetry/span.hpp"

namespace evc::messaging {

namespace {

namespace semconv = telemetry::semconv;
namespace key = telemetry::key;

constexpr std::chrono::seconds kStepLimit{4};     // of what is not a handler
constexpr std::size_t kErrorDetailLimit = 1'000;  // bytes; the contract of the dead letters' headers takes 1,024

telemetry::Span process_span(const Incoming& incoming, const std::string& group, Attempt attempt) {
  const auto& record = incoming.record;
  telemetry::Attributes attributes{{semconv::kMessagingSystem, "kafka"},
                                   {semconv::kMessagingOperationName, "process"},
                                   {semconv::kMessagingOperationType, "process"},
                                   {semconv::kMessagingDestinationName, record.topic},
                                   {semconv::kMessagingDestinationPartitionId, std::to_string(record.partition)},
                                   {semconv::kMessagingKafkaOffset, record.offset},
                                   {semconv::kMessagingConsumerGroupName, group},
                                   {semconv::kMessagingMessageId, to_string(incoming.event.event_id)},
                                   {semconv::kEvEventType, incoming.event.event_type}};
  if (attempt.number > 1) attributes.push_back({semconv::kEvRetryAttempt, attempt.number - 1});
  const auto& creation = incoming.event.creation;
  std::vector<telemetry::TraceContext> links;
  if (creation.valid()) links.push_back(creation);
  return telemetry::start_span(
      "process " + record.topic, creation,
      {.kind = telemetry::SpanKind::kConsumer, .attributes = std::move(attributes), .links = std::move(links)});
}

RequestContext context_of(const telemetry::Span& span, std::chrono::milliseconds limit) {
  RequestContext context;
  context.deadline = std::chrono::steady_clock::now() + limit;
  context.trace = span.context();
  return context;
}

kafka::Record dead_letter_record(const Incoming& incoming, const std::string& group, const Failure& failure) {
  auto record = incoming.record;
  const auto& original = incoming.record;
  record.topic = original.topic + "." + group + ".dlq";
  record.key = incoming.event.key;
  record.partition = -1;
  record.offset = -1;
  const std::pair<const char*, std::string> added[]{{"dlq-original-topic", original.topic},
                                                    {"dlq-original-partition", std::to_string(original.partition)},
                                                    {"dlq-original-offset", std::to_string(original.offset)},
                                                    {"dlq-original-timestamp", format_rfc3339(original.timestamp)},
                                                    {"dlq-original-group", group},
                                                    {"dlq-error-code", std::string(info(failure.error.code).name)},
                                                    {"dlq-error-detail", failure.error.detail},
                                                    {"dlq-attempts", std::to_string(failure.attempts)},
                                                    {"dlq-first-failed-at", format_rfc3339(failure.first_failed_at)}};
  for (const auto& [name, content] : added) record.headers.emplace_back(name, content);
  return record;
}

// With the outbox's own word for its id and its place, should the record itself be unreadable.
Incoming incoming_of(const HeldEvent& held) {
  auto incoming = read_incoming(held.record);
  if (incoming.defect) {
    incoming.event.event_id = held.event_id;
    incoming.event.sequence = held.sequence;
  }
  return incoming;
}

Task<> invoke(const EventHandler& handler, RequestContext& context, postgres::Transaction& transaction,
              const Event& event, Result<void>& outcome) {
  outcome = co_await handler(context, transaction, event);
}

}  // namespace

Task<Result<Verdict>> EventApplier::apply(postgres::Transaction& transaction, const Incoming& incoming,
                                          Attempt attempt) {
  auto span = process_span(incoming, store_.consumer(), attempt);
  auto context = context_of(span, handler_limit_);
  const auto& event = incoming.event;
  EVC_CO_CHECK(co_await transaction.savepoint(context));
  auto standing = EVC_STEP("inbox.receive", co_await store_.receive(context, transaction, event));
  if (!standing) {
    span.fail(info(standing.error().code).name);
    co_return std::unexpected(std::move(standing).error());
  }
  const auto [turn, sequence] = place_of(*standing, event.sequence);
  if (turn == Turn::kDuplicate) {
    metrics_.count(event.topic, "duplicate");
    EVC_CO_CHECK(co_await transaction.release_savepoint(context));
    co_return Verdict{};
  }
  if (turn == Turn::kOld || turn == Turn::kEarly) {
    const bool old = turn == Turn::kOld;
    metrics_.count(event.topic, old ? "old" : "parked");
    if (old) EVC_CO_CHECK(store_.set_status(transaction, event.event_id, "discarded"));
    if (!old)
      EVC_CO_CHECK(
          EVC_STEP("inbox.park", co_await store_.park(context, transaction, incoming, sequence, ParkReason::kGap)));
    EVC_CO_CHECK(co_await transaction.release_savepoint(context));
    co_return Verdict{};
  }
  if (turn == Turn::kBehindDeadLetter) {
    metrics_.count(event.topic, "parked");
    EVC_CO_CHECK(co_await store_.park(context, transaction, incoming, sequence, ParkReason::kSubject));
    EVC_CO_CHECK(co_await store_.advance(context, transaction, event, sequence));
    EVC_CO_CHECK(co_await transaction.release_savepoint(context));
  } else {
    auto verdict = co_await in_turn(context, transaction, incoming, attempt, sequence, Origin::kTopic);
    if (!verdict || verdict->fate == Verdict::Fate::kRetry) {
      span.fail(info(verdict ? verdict->error.code : verdict.error().code).name);
      co_return verdict;
    }
  }
  span.end();
  if (standing->gap_waits) EVC_CO_CHECK(co_await close_gap(transaction, event.topic, event.key, sequence));
  co_return Verdict{};
}

// The savepoint is set and holds everything of this event, its inbox row included.
Task<Result<Verdict>> EventApplier::in_turn(RequestContext& context, postgres::Transaction& transaction,
                                            const Incoming& incoming, Attempt attempt, std::int64_t sequence,
                                            Origin origin) {
  const auto& event = incoming.event;
  const bool wanted = incoming.defect || handlers_.contains(event.event_type);
  auto outcome = wanted ? EVC_STEP("inbox.effect", co_await handle(context, transaction, incoming)) : Result<void>{};
  if (outcome && !wanted) outcome = store_.set_status(transaction, event.event_id, "discarded");
  if (outcome && wanted && origin == Origin::kParked)
    outcome = store_.set_status(transaction, event.event_id, "applied");
  // Takes along what the handler has deferred: a failure of that is the event's.
  if (outcome) outcome = EVC_STEP("inbox.advance", co_await store_.advance(context, transaction, event, sequence));
  if (outcome) {
    EVC_CO_CHECK(co_await transaction.release_savepoint(context));
    metrics_.count(event.topic, wanted ? "applied" : "discarded");
    if (wanted) metrics_.effect(event.topic, incoming.record.timestamp, context.trace);
    co_return Verdict{};
  }
  auto error = std::move(outcome).error();
  // The handler may have spent the time of the event; what follows has its own.
  auto burial = context;
  burial.deadline = std::chrono::steady_clock::now() + kStepLimit;
  EVC_CO_CHECK(co_await transaction.rollback_to_savepoint(burial));
  const bool again = worth_another_try(error.code, origin, attempt.number);
  EVC_LOG(kWarn, context.trace, "an event failed",
          {{key::kTopic, event.topic},
           {key::kEventId, to_string(event.event_id)},
           {key::kEventType, event.event_type},
           {key::kErrorCode, info(error.code).name},
           {key::kErrorDetail, error.detail},
           {key::kAttempt, attempt.number}});
  if (again) {
    metrics_.count(event.topic, "retry");
    co_return Verdict{.fate = Verdict::Fate::kRetry, .error = std::move(error)};
  }
  Failure failure{.error = std::move(error),
                  .attempts = attempt.number,
                  .first_failed_at = attempt.number > 1 ? attempt.first_failed_at : context.clock->wall()};
  if (origin == Origin::kParked) {
    // The rollback has put it back among the parked ones, from where it moves to the dead.
    EVC_CO_CHECK(co_await store_.take_gap(burial, transaction, event.topic, event.key, sequence));
  }
  EVC_CO_CHECK(EVC_STEP("inbox.bury", co_await bury(burial, transaction, incoming, failure)));
  tell_dead(burial, event, failure.error);
  EVC_CO_CHECK(co_await store_.advance(burial, transaction, event, sequence));
  co_return Verdict{};
}

Task<Result<void>> EventApplier::handle(RequestContext& context, postgres::Transaction& transaction,
                                        const Incoming& incoming) {
  if (incoming.defect) co_return std::unexpected(*incoming.defect);
  auto outcome = co_await call(handlers_.at(incoming.event.event_type), context, transaction, incoming.event);
  co_return outcome;
}

// A handler that throws is a bug of ours, and must not stop the other keys; one that never ends must not either.
Task<Result<void>> EventApplier::call(const EventHandler& handler, RequestContext& context,
                                      postgres::Transaction& transaction, const Event& event) {
  Result<void> outcome;
  std::string thrown;
  bool in_time = true;
  try {
    in_time = co_await run_limited(worker_, invoke(handler, context, transaction, event, outcome), context.deadline,
                                   [this] { ++hanging_; });
  } catch (const std::exception& error) {
    thrown = error.what();
  }
  if (!in_time) {
    --hanging_;
    metrics_.handler_stopped(event.topic);
    co_return fail(Code::kDeadlineExceeded, "the handler did not end in time");
  }
  if (!thrown.empty()) co_return fail(Code::kInternal, "the handler threw: " + thrown);
  co_return outcome;
}

Task<Result<void>> EventApplier::bury(RequestContext& context, postgres::Transaction& transaction,
                                      const Incoming& incoming, Failure failure) {
  const auto& event = incoming.event;
  failure.error.detail = plain_text(failure.error.detail, kErrorDetailLimit);
  EVC_CO_CHECK(co_await store_.bury(context, transaction, incoming, failure));
  EVC_CO_CHECK(co_await outbox_.append_record(
      context, transaction, dead_letter_record(incoming, store_.consumer(), failure), event.event_id, event.subject));
  co_return Result<void>{};
}

void EventApplier::tell_dead(const RequestContext& context, const Event& event, const Error& error) {
  metrics_.count(event.topic, "dead");
  EVC_LOG(kError, context.trace, "an event is dead, its subject stands still",
          {{key::kTopic, event.topic},
           {key::kEventId, to_string(event.event_id)},
           {key::kSubject, event.subject},
           {key::kErrorCode, info(error.code).name},
           {key::kErrorDetail, error.detail}});
}

Task<Result<void>> EventApplier::close_gap(postgres::Transaction& transaction, std::string topic, std::string event_key,
                                           std::int64_t last) {
  while (true) {
    auto asking = background_context(kStepLimit);
    EVC_CO_CHECK(co_await transaction.savepoint(asking));
    EVC_CO_TRY(record, co_await store_.take_gap(asking, transaction, topic, event_key, last + 1));
    if (!record) {
      EVC_CO_CHECK(co_await transaction.release_savepoint(asking));
      co_return Result<void>{};
    }
    const auto incoming = read_incoming(std::move(*record));
    auto span = process_span(incoming, store_.consumer(), {});
    auto context = context_of(span, handler_limit_);
    EVC_CO_TRY(parked, co_await store_.subject_parked(context, transaction, incoming.event));
    ++last;
    if (parked) {
      EVC_CO_CHECK(co_await store_.park(context, transaction, incoming, last, ParkReason::kSubject));
      EVC_CO_CHECK(co_await store_.advance(context, transaction, incoming.event, last));
      EVC_CO_CHECK(co_await transaction.release_savepoint(context));
      continue;
    }
    EVC_CO_TRY(verdict, co_await in_turn(context, transaction, incoming, {}, last, Origin::kParked));
    // Back where it was; the regular look at the gaps finds it again.
    if (verdict.fate == Verdict::Fate::kRetry) co_return Result<void>{};
  }
}

Task<Result<void>> EventApplier::park_held(RequestContext& context, postgres::Transaction& transaction,
                                           const HeldEvent& held) {
  const auto incoming = incoming_of(held);
  if (incoming.event.sequence != held.sequence)
    co_return fail(Code::kProtocolError, "a held event says another sequence than its outbox");
  EVC_CO_TRY(standing, co_await store_.receive(context, transaction, incoming.event));
  const auto turn = place_of(standing, held.sequence).turn;
  if (turn == Turn::kDuplicate) co_return Result<void>{};
  metrics_.count(incoming.event.topic, turn == Turn::kOld ? "old" : "parked");
  if (turn == Turn::kOld) co_return store_.set_status(transaction, held.event_id, "discarded");
  auto parked = co_await store_.park(context, transaction, incoming, held.sequence, ParkReason::kGap);
  co_return parked;
}

Task<Result<void>> EventApplier::pass_over(RequestContext& context, postgres::Transaction& transaction,
                                           const HeldEvent& held) {
  const auto incoming = incoming_of(held);
  metrics_.count(incoming.event.topic, "discarded");
  EVC_LOG(kWarn, "an event is passed over: the producer's operator has discarded it",
          {{key::kTopic, incoming.event.topic},
           {key::kEventId, to_string(held.event_id)},
           {key::kSequence, held.sequence}});
  auto noted = co_await store_.discard_unsent(context, transaction, incoming.event);
  co_return noted;
}

Task<Result<void>> EventApplier::try_again(RequestContext& context, postgres::Transaction& transaction,
                                           const Incoming& incoming) {
  auto span = process_span(incoming, store_.consumer(), {.number = 2});
  auto traced = context.with_trace(span.context());
  if (!incoming.defect && !handlers_.contains(incoming.event.event_type)) co_return Result<void>{};
  EVC_CO_CHECK(co_await transaction.savepoint(traced));
  auto outcome = co_await handle(traced, transaction, incoming);
  if (outcome) outcome = co_await transaction.flush(traced);
  if (outcome) {
    EVC_CO_CHECK(co_await transaction.release_savepoint(traced));
    co_return outcome;
  }
  span.fail(info(outcome.error().code).name);
  EVC_CO_CHECK(co_await transaction.rollback_to_savepoint(traced));
  co_return outcome;
}

}  // namespace evc::messaging
