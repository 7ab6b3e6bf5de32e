#include "kit/messaging/inbox.hpp"

#include <algorithm>
#include <boost/asio/this_coro.hpp>
#include <deque>
#include <optional>
#include <set>

#include "kit/base/bytes.hpp"
#include "kit/base/crash_point.hpp"
#include "kit/messaging/event_applier.hpp"
#include "kit/messaging/event_decisions.hpp"
#include "kit/messaging/gap_watch.hpp"
#include "kit/messaging/key_queue.hpp"
#include "kit/messaging/partition_progress.hpp"
#include "kit/messaging/waiting_keys.hpp"
#include "kit/runtime/one_shot.hpp"
#include "kit/telemetry/log.hpp"

namespace evc::messaging {

namespace {

namespace key = telemetry::key;

constexpr std::chrono::milliseconds kIdleWait{200};
constexpr std::chrono::milliseconds kLook{2'000};  // at gaps and counts
constexpr std::chrono::seconds kCloseLimit{10};
constexpr std::chrono::seconds kCancelLimit{1};
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

struct Inbox::Impl : std::enable_shared_from_this<Inbox::Impl> {
  Impl(Worker& its_worker, postgres::Pool& its_pool, Outbox& outbox, InboxOptions its_options,
       std::map<std::string, EventHandler> its_handlers)
      : worker(its_worker),
        pool(its_pool),
        options(std::move(its_options)),
        handlers(std::move(its_handlers)),
        applier(its_worker, options.consumer.group, outbox, handlers, options.handler_limit),
        gaps(applier, its_pool, {.timeout = options.gap_timeout, .ask = options.ask}),
        decisions(applier),
        waiting({.first = options.retry_first, .cap = options.retry_cap}),
        lanes(its_worker.io()),
        watch(its_worker.io()) {}

  static Task<> run(std::shared_ptr<Impl> impl);
  static Task<> close(std::shared_ptr<Impl> impl);
  Task<> work();
  Task<> round();
  bool has_enough(const std::string& topic) const { return queue.size_of(topic) >= options.waiting_per_topic; }
  void hold_back();
  Task<> wait_for_room();
  Task<> end_lanes();
  void wake();
  static Task<> look_on(std::shared_ptr<Impl> impl);
  Task<> look();
  void receive(std::vector<kafka::Record> records);
  void start_lanes();
  bool at_rest() const { return closing || renewing; }  // nothing new is begun
  Task<> renew(const char* why);
  static Task<> lane(std::shared_ptr<Impl> impl);
  // Until every event is done or waits for its next try, or told to stop.
  Task<> process_key(std::deque<Incoming> batch);
  Task<Result<void>> together(std::deque<Incoming>& batch);
  Task<Result<void>> alone(const Incoming& incoming);
  struct Outcome {
    std::size_t index = 0;
    Verdict verdict;
  };
  void settle(std::deque<Incoming> batch, const std::vector<Outcome>& outcomes);
  void retry_later(Incoming incoming, const Error& error);
  void stay_behind(Incoming incoming);
  bool ours(const Incoming& incoming) const;
  void finished(const Incoming& incoming);
  void commit_offsets();
  void forget(const std::vector<kafka::TopicPartition>& partitions);

  Worker& worker;
  postgres::Pool& pool;
  InboxOptions options;
  std::map<std::string, EventHandler> handlers;
  EventApplier applier;
  GapWatch gaps;
  EventDecisions decisions;
  std::unique_ptr<kafka::Consumer> consumer;
  PartitionProgress progress;
  KeyQueue queue;
  WaitingKeys waiting;
  TaskGroup lanes;
  TaskGroup watch;
  std::shared_ptr<OneShot<bool>> room;
  std::set<kafka::TopicPartition> paused;
  Result<void> broker_state = fail(Code::kServiceUnavailable, "not a member of the group yet");
  Result<void> database_state;
  bool running = false;
  bool closing = false;
  bool renewing = false;
};

Task<> Inbox::Impl::run(std::shared_ptr<Impl> impl) {
  if (impl->closing) co_return;
  impl->running = true;
  impl->consumer = std::make_unique<kafka::Consumer>(impl->worker, impl->options.consumer);
  impl->consumer->on_revoked([raw = impl.get()](const std::vector<kafka::TopicPartition>& lost) { raw->forget(lost); });
  impl->watch.spawn("inbox gaps", look_on(impl));
  co_await impl->work();
  co_await impl->end_lanes();
  impl->commit_offsets();
  co_await impl->consumer->close();
  impl->broker_state = fail(Code::kServiceUnavailable, "the group was left");
  impl->running = false;
}

Task<> Inbox::Impl::close(std::shared_ptr<Impl> impl) {
  impl->closing = true;
  impl->wake();
  const auto deadline = std::chrono::steady_clock::now() + kCloseLimit;
  while (impl->running && std::chrono::steady_clock::now() < deadline)
    co_await sleep_for(impl->worker, std::chrono::milliseconds(10));
}

// What is begun is finished, unless it takes too long.
Task<> Inbox::Impl::end_lanes() {
  closing = true;
  watch.cancel();
  const bool finished = co_await lanes.drain(std::chrono::steady_clock::now() + options.handler_limit);
  if (!finished) {
    lanes.cancel();
    co_await lanes.drain(std::chrono::steady_clock::now() + kCancelLimit);
  }
  co_await watch.drain(std::chrono::steady_clock::now() + kCancelLimit);
}

Task<> Inbox::Impl::work() {
  while (!closing) {
    const bool stop = co_await told_to_stop();
    if (stop) co_return;
    co_await round();
  }
}

Task<> Inbox::Impl::round() {
  const auto now = std::chrono::steady_clock::now();
  if (consumer->outdated()) co_await renew("the inbox joins again with the renewed certificate");
  if (consumer->stands_still()) co_await renew("the inbox is not given its events and joins again");
  for (auto& incoming : waiting.take_due(now, options.batch)) queue.add(std::move(incoming));
  start_lanes();
  if (std::ranges::all_of(options.consumer.topics, [this](const auto& topic) { return has_enough(topic); })) {
    co_await wait_for_room();
    commit_offsets();
    co_return;
  }
  hold_back();
  auto polled = co_await consumer->poll(options.batch, waiting.next_due(now, kIdleWait));
  if (polled) {
    broker_state = Result<void>{};
    receive(std::move(*polled));
    start_lanes();
  } else {
    if (broker_state)
      EVC_LOG(kWarn, "the inbox cannot read",
              {{key::kErrorCode, info(polled.error().code).name}, {key::kErrorDetail, polled.error().detail}});
    broker_state = std::unexpected(std::move(polled).error());
    co_await sleep_for(worker, waiting.next_due(std::chrono::steady_clock::now(), kIdleWait));
  }
  commit_offsets();
}

// What is begun is finished and committed, then the group is left and joined again under the same name. What waited
// comes again from the topic.
Task<> Inbox::Impl::renew(const char* why) {
  EVC_LOG(kInfo, why, {{key::kTask, options.consumer.group}});
  renewing = true;
  co_await lanes.drain(std::chrono::steady_clock::now() + options.handler_limit + kCancelLimit);
  commit_offsets();
  co_await consumer->reopen();
  paused.clear();
  renewing = false;
}

// A topic of which enough waits is read no further while the others are: what it floods is itself.
void Inbox::Impl::hold_back() {
  for (const auto& partition : consumer->assignment())
    if (has_enough(partition.topic) && paused.insert(partition).second) consumer->pause(partition);
}

// Every lane is busy, and of every topic enough waits for them: nothing is read until one of them is done with its key.
Task<> Inbox::Impl::wait_for_room() {
  room = std::make_shared<OneShot<bool>>(worker.executor());
  const auto alarm =
      worker.wheel().arm(std::chrono::steady_clock::now() + kIdleWait, [waiter = room] { waiter->deliver(false); });
  co_await OneShot<bool>::wait(room);
  room.reset();
}

void Inbox::Impl::wake() {
  if (room) room->deliver(true);
  if (consumer) consumer->wake();
}

void Inbox::Impl::receive(std::vector<kafka::Record> records) {
  for (auto& record : records) {
    progress.begin(record);
    const auto partition = partition_of(record);
    if (progress.open(partition) >= options.open_per_partition && paused.insert(partition).second)
      consumer->pause(partition);
    auto incoming = read_incoming(std::move(record));
    if (!waiting.join(incoming)) queue.add(std::move(incoming));
  }
}

void Inbox::Impl::start_lanes() {
  for (auto ready = queue.ready_keys(); ready > 0 && lanes.size() < options.parallel; --ready)
    lanes.spawn("inbox lane", lane(shared_from_this()));
}

// One key after the other, each in a transaction of its own: with two keys in one, two transactions could each wait for
// a row of the other.
Task<> Inbox::Impl::lane(std::shared_ptr<Impl> impl) {
  while (auto work = impl->at_rest() ? std::nullopt : impl->queue.take(impl->options.batch)) {
    co_await impl->process_key(std::move(work->events));
    // What came meanwhile waits with the key when it failed, and else has its turn.
    for (auto& incoming : impl->queue.withdraw(work->key))
      if (!impl->waiting.join(incoming)) impl->queue.add(std::move(incoming));
    impl->queue.ended(work->key);
    if (impl->room) impl->room->deliver(true);
  }
}

Task<> Inbox::Impl::process_key(std::deque<Incoming> batch) {
  auto pause = options.retry_first;
  bool one_by_one = false;
  while (!batch.empty()) {
    const bool stop = co_await told_to_stop();
    if (stop || at_rest()) co_return;
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
    const auto outcome = co_await alone(batch.front());
    auto incoming = std::move(batch.front());
    batch.pop_front();
    if (outcome) {
      finished(incoming);
      continue;
    }
    retry_later(std::move(incoming), outcome.error());
    for (auto& behind : batch) stay_behind(std::move(behind));
    co_return;
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
  EVC_CO_CHECK(EVC_STEP("inbox.commit.key", co_await transaction.commit(context)));
  database_state = Result<void>{};
  settle(std::move(batch), outcomes);
  co_return Result<void>{};
}

void Inbox::Impl::settle(std::deque<Incoming> batch, const std::vector<Outcome>& outcomes) {
  auto outcome = outcomes.begin();
  for (std::size_t i = 0; i < batch.size(); ++i) {
    const bool tried = outcome != outcomes.end() && outcome->index == i;
    if (!tried) {
      stay_behind(std::move(batch[i]));
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
  EVC_CO_CHECK(EVC_STEP("inbox.commit.event", co_await transaction.commit(context)));
  if (verdict.fate == Verdict::Fate::kRetry) co_return std::unexpected(std::move(verdict.error));
  co_return Result<void>{};
}

void Inbox::Impl::finished(const Incoming& incoming) {
  progress.done(incoming.record);
  waiting.finished(incoming.record);
}

// A partition that was lost meanwhile is somebody else's, with all its failures.
bool Inbox::Impl::ours(const Incoming& incoming) const {
  const auto assigned = consumer->assignment();
  return std::ranges::find(assigned, partition_of(incoming.record)) != assigned.end();
}

void Inbox::Impl::retry_later(Incoming incoming, const Error& error) {
  if (!ours(incoming)) return;
  waiting.retry_later(std::move(incoming), error, std::chrono::steady_clock::now(), system_clock().wall(),
                      random_u64());
  wake();  // it is due sooner than who waits for records may think
}

void Inbox::Impl::stay_behind(Incoming incoming) {
  if (ours(incoming)) waiting.stay_behind(std::move(incoming));
}

void Inbox::Impl::commit_offsets() {
  auto committable = progress.take_committable();
  if (!committable.empty() && !EVC_STEP("inbox.offsets", consumer->commit(committable)))
    progress.not_committed(committable);
  std::erase_if(paused, [this](const kafka::TopicPartition& partition) {
    if (progress.open(partition) > options.open_per_partition / 2) return false;
    if (queue.size_of(partition.topic) > options.waiting_per_topic / 2) return false;
    consumer->resume(partition);
    return true;
  });
}

void Inbox::Impl::forget(const std::vector<kafka::TopicPartition>& partitions) {
  for (const auto& partition : partitions) {
    progress.forget(partition);
    paused.erase(partition);
    queue.forget(partition);
    waiting.forget(partition);
  }
}

Task<> Inbox::Impl::look_on(std::shared_ptr<Impl> impl) {
  const auto pause = std::min(kLook, impl->options.gap_timeout.value_or(kLook));
  while (!impl->watch.cancelled()) {
    co_await impl->look();
    co_await impl->watch.sleep_until(std::chrono::steady_clock::now() + pause);
  }
}

// Gaps, and the numbers for the dashboards.
Task<> Inbox::Impl::look() {
  const auto waiting_for_gaps = co_await gaps.look();
  if (!waiting_for_gaps) co_return;
  auto context = background_context(std::chrono::seconds(4));
  const auto counts = co_await applier.store().counts(context, pool);
  if (counts) applier.metrics().standing(consumer->lag(), waiting.size(), *waiting_for_gaps, *counts);
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
  if (const int hanging = impl_->applier.hanging(); hanging > 0)
    return fail(Code::kServiceUnavailable, "handlers that were told to stop do not end: " + std::to_string(hanging));
  if (!impl_->consumer->connected()) return fail(Code::kBrokerUnavailable, "no broker is connected");
  return impl_->database_state;
}

Task<> Inbox::close() {
  return Impl::close(impl_);
}

}  // namespace evc::messaging
