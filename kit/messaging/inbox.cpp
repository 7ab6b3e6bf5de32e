#include "kit/messaging/inbox.hpp"

#include <algorithm>
#include <boost/asio/this_coro.hpp>
#include <deque>
#include <optional>
#include <set>

#include "kit/base/bytes.hpp"
#include "kit/messaging/background.hpp"
#include "kit/messaging/event_applier.hpp"
#include "kit/messaging/event_decisions.hpp"
#include "kit/messaging/partition_progress.hpp"
#include "kit/messaging/waiting_keys.hpp"
#include "kit/runtime/all.hpp"
#include "kit/telemetry/log.hpp"

namespace evc::messaging {

namespace {

namespace key = telemetry::key;

constexpr std::chrono::milliseconds kIdleWait{200};
constexpr std::chrono::milliseconds kLook{2'000};  // at gaps and counts
constexpr std::chrono::seconds kCloseLimit{10};
constexpr std::chrono::seconds kBatchLimit{30};

// What is kept in order together.
using KeyId = std::pair<std::string, std::string>;  // topic, key

KeyId key_of(const kafka::Record& record) {
  return {record.topic, record.key};
}
kafka::TopicPartition partition_of(const kafka::Record& record) {
  return {record.topic, record.partition};
}

Task<bool> told_to_stop() {
  const auto state = co_await boost::asio::this_coro::cancellation_state;
  co_return state.cancelled() != boost::asio::cancellation_type::none;
}

}  // namespace

struct Inbox::Impl {
  Impl(Worker& its_worker, postgres::Pool& its_pool, Outbox& outbox, InboxOptions its_options,
       std::map<std::string, EventHandler> its_handlers)
      : worker(its_worker),
        pool(its_pool),
        options(std::move(its_options)),
        handlers(std::move(its_handlers)),
        applier(options.consumer.group, outbox, handlers),
        decisions(applier),
        waiting({.first = options.retry_first, .cap = options.retry_cap}) {}

  static Task<> run(std::shared_ptr<Impl> impl);
  static Task<> close(std::shared_ptr<Impl> impl);
  Task<> work();
  Task<> round();
  Task<> look();
  void receive(std::vector<kafka::Record> records, std::deque<Incoming>& batch);
  // Until every event is done or waits for its next try, or told to stop.
  Task<> process(std::deque<Incoming> batch);
  Task<> process_keys(std::deque<std::deque<Incoming>>& keys);
  Task<> process_key(std::deque<Incoming> batch);
  Task<Result<void>> together(std::deque<Incoming>& batch);
  Task<Result<void>> alone(const Incoming& incoming);
  struct Outcome {
    std::size_t index = 0;
    Verdict verdict;
  };
  void settle(std::deque<Incoming> batch, const std::vector<Outcome>& outcomes);
  void retry_later(Incoming incoming, const Error& error);
  void finished(const Incoming& incoming);
  void commit_offsets();
  void forget(const std::vector<kafka::TopicPartition>& partitions);

  Worker& worker;
  postgres::Pool& pool;
  InboxOptions options;
  std::map<std::string, EventHandler> handlers;
  EventApplier applier;
  EventDecisions decisions;
  std::unique_ptr<kafka::Consumer> consumer;
  PartitionProgress progress;
  WaitingKeys waiting;
  std::set<kafka::TopicPartition> paused;
  std::set<KeyId> alarmed_gaps;
  SteadyTime next_look{};
  Result<void> broker_state = fail(Code::kServiceUnavailable, "not a member of the group yet");
  Result<void> database_state;
  bool running = false;
  bool closing = false;
};

Task<> Inbox::Impl::run(std::shared_ptr<Impl> impl) {
  if (impl->closing) co_return;
  impl->running = true;
  impl->consumer = std::make_unique<kafka::Consumer>(impl->worker, impl->options.consumer);
  impl->consumer->on_revoked([raw = impl.get()](const std::vector<kafka::TopicPartition>& lost) { raw->forget(lost); });
  co_await impl->work();
  impl->commit_offsets();
  co_await impl->consumer->close();
  impl->broker_state = fail(Code::kServiceUnavailable, "the group was left");
  impl->running = false;
}

Task<> Inbox::Impl::close(std::shared_ptr<Impl> impl) {
  impl->closing = true;
  const auto deadline = std::chrono::steady_clock::now() + kCloseLimit;
  while (impl->running && std::chrono::steady_clock::now() < deadline)
    co_await sleep_for(impl->worker, std::chrono::milliseconds(10));
}

Task<> Inbox::Impl::work() {
  while (!closing) {
    const bool stop = co_await told_to_stop();
    if (stop) co_return;
    co_await round();
    if (std::chrono::steady_clock::now() >= next_look) {
      co_await look();
      next_look = std::chrono::steady_clock::now() + kLook;
    }
  }
}

Task<> Inbox::Impl::round() {
  const auto now = std::chrono::steady_clock::now();
  auto batch = waiting.take_due(now, options.batch);
  const auto wait = waiting.next_due(now, batch.empty() ? kIdleWait : std::chrono::milliseconds(0));
  auto polled = co_await consumer->poll(options.batch, wait);
  if (polled) {
    broker_state = Result<void>{};
    receive(std::move(*polled), batch);
  } else {
    if (broker_state)
      EVC_LOG(kWarn, "the inbox cannot read",
              {{key::kErrorCode, info(polled.error().code).name}, {key::kErrorDetail, polled.error().detail}});
    broker_state = std::unexpected(std::move(polled).error());
    if (batch.empty()) co_await sleep_for(worker, kIdleWait);
  }
  if (!batch.empty()) co_await process(std::move(batch));
  commit_offsets();
}

void Inbox::Impl::receive(std::vector<kafka::Record> records, std::deque<Incoming>& batch) {
  for (auto& record : records) {
    progress.begin(record);
    const auto partition = partition_of(record);
    if (progress.open(partition) >= options.open_per_partition && paused.insert(partition).second)
      consumer->pause(partition);
    auto incoming = read_incoming(std::move(record));
    if (!waiting.join(incoming)) batch.push_back(std::move(incoming));
  }
}

// Each key in a transaction of its own: with two keys in one, two transactions could each wait for a row of the other.
Task<> Inbox::Impl::process(std::deque<Incoming> batch) {
  std::map<KeyId, std::size_t> places;
  std::deque<std::deque<Incoming>> keys;
  for (auto& incoming : batch) {
    const auto [place, is_new] = places.try_emplace(key_of(incoming.record), keys.size());
    if (is_new) keys.emplace_back();
    keys[place->second].push_back(std::move(incoming));
  }
  std::vector<Task<>> lanes;
  for (std::size_t i = 0; i < std::min(options.parallel, keys.size()); ++i) lanes.push_back(process_keys(keys));
  co_await all(std::move(lanes));
}

// A lane takes the next key as soon as it is free.
Task<> Inbox::Impl::process_keys(std::deque<std::deque<Incoming>>& keys) {
  while (!keys.empty()) {
    auto key_batch = std::move(keys.front());
    keys.pop_front();
    co_await process_key(std::move(key_batch));
  }
}

Task<> Inbox::Impl::process_key(std::deque<Incoming> batch) {
  auto pause = options.retry_first;
  bool one_by_one = false;
  while (!batch.empty()) {
    const bool stop = co_await told_to_stop();
    if (stop || closing) co_return;
    if (!one_by_one) {
      const auto outcome = co_await together(batch);
      if (outcome) co_return;
      // One event may have cost the transaction; alone, it costs only its own.
      one_by_one = true;
    }
    auto context = background_context(std::chrono::seconds(1));
    database_state = co_await pool.ping(context);
    if (!database_state) {
      co_await sleep_for(worker,
                         std::chrono::milliseconds(
                             1 + static_cast<std::int64_t>(random_u64() % static_cast<std::uint64_t>(pause.count()))));
      pause = std::min(pause * 2, options.retry_cap);
      continue;
    }
    auto incoming = std::move(batch.front());
    batch.pop_front();
    if (waiting.join(incoming)) continue;
    const auto outcome = co_await alone(incoming);
    if (outcome)
      finished(incoming);
    else
      retry_later(std::move(incoming), outcome.error());
  }
}

// All events of the key in one transaction. An error: nothing of it holds, and the batch is as it was.
Task<Result<void>> Inbox::Impl::together(std::deque<Incoming>& batch) {
  auto context = background_context(kBatchLimit);
  EVC_CO_TRY(transaction, co_await pool.begin(context));
  std::vector<Outcome> outcomes;
  std::set<KeyId> stopped, begun;
  for (std::size_t i = 0; i < batch.size(); ++i) {
    const auto id = key_of(batch[i].record);
    if (stopped.contains(id)) continue;
    const auto attempt = begun.insert(id).second ? waiting.attempt_of(batch[i].record) : Attempt{};
    EVC_CO_TRY(verdict, co_await applier.apply(transaction, batch[i], attempt));
    if (verdict.fate == Verdict::Fate::kRetry) stopped.insert(id);
    outcomes.push_back({i, std::move(verdict)});
  }
  EVC_CO_CHECK(co_await transaction.commit(context));
  database_state = Result<void>{};
  settle(std::move(batch), outcomes);
  co_return Result<void>{};
}

void Inbox::Impl::settle(std::deque<Incoming> batch, const std::vector<Outcome>& outcomes) {
  auto outcome = outcomes.begin();
  for (std::size_t i = 0; i < batch.size(); ++i) {
    const bool tried = outcome != outcomes.end() && outcome->index == i;
    if (!tried) {
      waiting.stay_behind(std::move(batch[i]));
      continue;
    }
    if (outcome->verdict.fate == Verdict::Fate::kDone)
      finished(batch[i]);
    else
      retry_later(std::move(batch[i]), outcome->verdict.error);
    ++outcome;
  }
}

Task<Result<void>> Inbox::Impl::alone(const Incoming& incoming) {
  auto context = background_context(kBatchLimit);
  EVC_CO_TRY(transaction, co_await pool.begin(context));
  EVC_CO_TRY(verdict, co_await applier.apply(transaction, incoming, waiting.attempt_of(incoming.record)));
  EVC_CO_CHECK(co_await transaction.commit(context));
  if (verdict.fate == Verdict::Fate::kRetry) co_return std::unexpected(std::move(verdict.error));
  co_return Result<void>{};
}

void Inbox::Impl::finished(const Incoming& incoming) {
  progress.done(incoming.record);
  waiting.finished(incoming.record);
}

void Inbox::Impl::retry_later(Incoming incoming, const Error& error) {
  waiting.retry_later(std::move(incoming), error, std::chrono::steady_clock::now(), system_clock().wall(),
                      random_u64());
}

void Inbox::Impl::commit_offsets() {
  auto committable = progress.take_committable();
  if (!committable.empty() && !consumer->commit(committable)) progress.not_committed(committable);
  std::erase_if(paused, [this](const kafka::TopicPartition& partition) {
    if (progress.open(partition) > options.open_per_partition / 2) return false;
    consumer->resume(partition);
    return true;
  });
}

void Inbox::Impl::forget(const std::vector<kafka::TopicPartition>& partitions) {
  for (const auto& partition : partitions) {
    progress.forget(partition);
    paused.erase(partition);
    waiting.forget(partition);
  }
}

// Gaps that can be closed without a new event of their key, gaps that are overdue, and the numbers for the dashboards.
Task<> Inbox::Impl::look() {
  auto context = background_context(std::chrono::seconds(4));
  const auto gaps = co_await applier.store().gaps(context, pool, options.gap_timeout);
  if (!gaps) co_return;
  std::set<KeyId> overdue;
  for (const auto& gap : *gaps) {
    if (gap.overdue) overdue.emplace(gap.topic, gap.key);
    if (gap.overdue && !alarmed_gaps.contains({gap.topic, gap.key}))
      EVC_LOG(kError, "a key waits for a missing event",
              {{key::kTopic, gap.topic}, {key::kSubject, gap.key}, {key::kSequence, gap.missing_from}});
    auto transaction = co_await pool.begin(context);
    if (!transaction) co_return;
    const auto last = co_await applier.store().lock_key(context, *transaction, gap.topic, gap.key);
    if (!last || !*last) continue;
    const auto closed = co_await applier.close_gap(*transaction, gap.topic, gap.key, **last);
    if (closed) co_await transaction->commit(context);
  }
  alarmed_gaps = std::move(overdue);
  const auto counts = co_await applier.store().counts(context, pool);
  if (counts) applier.metrics().standing(consumer->lag(), waiting.size(), gaps->size(), *counts);
}

Inbox::Inbox(Worker& worker, postgres::Pool& pool, Outbox& outbox, InboxOptions options,
             std::map<std::string, EventHandler> handlers)
    : impl_(std::make_shared<Impl>(worker, pool, outbox, std::move(options), std::move(handlers))) {}

Inbox::~Inbox() {
  impl_->closing = true;
}

Task<> Inbox::run() {
  return Impl::run(impl_);
}

Task<Result<Decided>> Inbox::decide(RequestContext& context, Uuid event_id, Decision decision) {
  return impl_->decisions.decide(context, impl_->pool, event_id, std::move(decision));
}

Task<Result<Decided>> Inbox::accept_gap(RequestContext& context, Gap gap, Decision decision) {
  return impl_->decisions.accept_gap(context, impl_->pool, std::move(gap), std::move(decision));
}

bool Inbox::caught_up() const {
  if (!health()) return false;
  const std::int64_t lag = impl_->consumer->lag();
  return lag >= 0 && lag < static_cast<std::int64_t>(impl_->options.batch);
}

Result<void> Inbox::health() const {
  if (!impl_->broker_state) return impl_->broker_state;
  if (!impl_->consumer->connected()) return fail(Code::kBrokerUnavailable, "no broker is connected");
  return impl_->database_state;
}

Task<> Inbox::close() {
  return Impl::close(impl_);
}

}  // namespace evc::messaging
