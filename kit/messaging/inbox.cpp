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
#include "kit/messaging/topic_readers.hpp"
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
        // With several topics each leaves a lane to the others.
        queue(options.parallel - (options.consumer.topics.size() > 1 && options.parallel > 1 ? 1 : 0)),
        waiting({.first = options.retry_first, .cap = options.retry_cap}),
        lanes(its_worker.io()),
        reading(its_worker.io()),
        watch(its_worker.io()) {}

  static Task<> run(std::shared_ptr<Impl> impl);
  static Task<> close(std::shared_ptr<Impl> impl);
  using Reader = TopicReaders::Reader;
  static Task<> read_on(std::shared_ptr<Impl> impl, Reader& reader);
  Task<> round(Reader& reader);
  Task<> wait_for_room(const std::string& topic);
  Task<> end_lanes();
  void wake();
  static Task<> look_on(std::shared_ptr<Impl> impl);
  Task<> look();
  void receive(std::vector<kafka::Record> records);
  void start_lanes();
  bool at_rest() const { return closing || renewing > 0; }  // nothing new is begun
  Task<> renew(Reader& reader, const char* why);
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
  std::unique_ptr<TopicReaders> readers;
  PartitionProgress progress;
  KeyQueue queue;
  WaitingKeys waiting;
  TaskGroup lanes;
  TaskGroup reading;
  TaskGroup watch;
  std::map<std::string, std::shared_ptr<OneShot<bool>>> rooms;  // by topic: who waits for it to have less
  std::set<kafka::TopicPartition> paused;
  Result<void> database_state;
  bool running = false;
  bool closing = false;
  int renewing = 0;
};

Task<> Inbox::Impl::run(std::shared_ptr<Impl> impl) {
  if (impl->closing) co_return;
  impl->running = true;
  impl->readers = std::make_unique<TopicReaders>(
      impl->worker, impl->options.consumer,
      [raw = impl.get()](const std::vector<kafka::TopicPartition>& lost) { raw->forget(lost); });
  impl->watch.spawn("inbox gaps", look_on(impl));
  auto& readers = impl->readers->all();
  for (std::size_t i = 1; i < readers.size(); ++i) impl->reading.spawn("inbox reader", read_on(impl, readers[i]));
  co_await read_on(impl, readers.front());
  co_await impl->end_lanes();
  impl->commit_offsets();
  co_await impl->readers->close();
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
  reading.cancel();
  wake();
  co_await reading.drain(std::chrono::steady_clock::now() + kCancelLimit);
  const bool finished = co_await lanes.drain(std::chrono::steady_clock::now() + options.handler_limit);
  if (!finished) {
    lanes.cancel();
    co_await lanes.drain(std::chrono::steady_clock::now() + kCancelLimit);
  }
  co_await watch.drain(std::chrono::steady_clock::now() + kCancelLimit);
}

Task<> Inbox::Impl::read_on(std::shared_ptr<Impl> impl, Reader& reader) {
  while (!impl->closing) {
    const bool stop = co_await told_to_stop();
    if (stop) co_return;
    co_await impl->round(reader);
  }
}

Task<> Inbox::Impl::round(Reader& reader) {
  const auto now = std::chrono::steady_clock::now();
  if (reader.consumer.outdated()) co_await renew(reader, "the inbox joins again with the renewed certificate");
  if (reader.consumer.stands_still()) co_await renew(reader, "the inbox is not given its events and joins again");
  for (auto& incoming : waiting.take_due(now, options.batch)) queue.add(std::move(incoming));
  start_lanes();
  if (queue.size_of(reader.topic) >= options.waiting_per_topic) {
    co_await wait_for_room(reader.topic);
    commit_offsets();
    co_return;
  }
  auto polled = co_await reader.consumer.poll(options.batch, waiting.next_due(now, kIdleWait));
  if (polled) {
    reader.state = Result<void>{};
    receive(std::move(*polled));
    start_lanes();
  } else {
    if (reader.state)
      EVC_LOG(kWarn, "the inbox cannot read",
              {{key::kErrorCode, info(polled.error().code).name}, {key::kErrorDetail, polled.error().detail}});
    reader.state = std::unexpected(std::move(polled).error());
    co_await sleep_for(worker, waiting.next_due(std::chrono::steady_clock::now(), kIdleWait));
  }
  commit_offsets();
}

// What is begun is finished and committed, then the group is left and joined again under the same name. What waited
// comes again from the topic.
Task<> Inbox::Impl::renew(Reader& reader, const char* why) {
  EVC_LOG(kInfo, why, {{key::kTask, options.consumer.group + " " + reader.topic}});
  ++renewing;
  co_await lanes.drain(std::chrono::steady_clock::now() + options.handler_limit + kCancelLimit);
  commit_offsets();
  co_await reader.consumer.reopen();
  std::erase_if(paused, [&reader](const kafka::TopicPartition& partition) { return partition.topic == reader.topic; });
  --renewing;
}

// Every lane is busy, and of the topic enough waits for them: it is read no further until one of them is done with a
// key.
Task<> Inbox::Impl::wait_for_room(const std::string& topic) {
  const auto room = std::make_shared<OneShot<bool>>(worker.executor());
  rooms[topic] = room;
  const auto alarm =
      worker.wheel().arm(std::chrono::steady_clock::now() + kIdleWait, [waiter = room] { waiter->deliver(false); });
  co_await OneShot<bool>::wait(room);
  rooms.erase(topic);
}

void Inbox::Impl::wake() {
  for (const auto& [topic, room] : rooms) room->deliver(true);
  if (readers) readers->wake();
}

void Inbox::Impl::receive(std::vector<kafka::Record> records) {
  for (auto& record : records) {
    progress.begin(record);
    const auto partition = partition_of(record);
    if (progress.open(partition) >= options.open_per_partition && paused.insert(partition).second)
      readers->pause(partition);
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
    for (const auto& [topic, room] : impl->rooms) room->deliver(true);
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
  return readers->assigned(partition_of(incoming.record));
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
  if (!committable.empty()) progress.not_committed(EVC_STEP("inbox.offsets", readers->commit(committable)));
  std::erase_if(paused, [this](const kafka::TopicPartition& partition) {
    if (progress.open(partition) > options.open_per_partition / 2) return false;
    readers->resume(partition);
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
  if (counts) applier.metrics().standing(readers->lag(), waiting.size(), *waiting_for_gaps, *counts);
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
  const std::int64_t lag = impl_->readers->lag();
  return lag >= 0 && lag < static_cast<std::int64_t>(impl_->options.batch);
}

Result<void> Inbox::health() const {
  if (!impl_->running) return fail(Code::kServiceUnavailable, "not a member of the group");
  EVC_CHECK(impl_->readers->health());
  if (const int hanging = impl_->applier.hanging(); hanging > 0)
    return fail(Code::kServiceUnavailable, "handlers that were told to stop do not end: " + std::to_string(hanging));
  return impl_->database_state;
}

Task<> Inbox::close() {
  return Impl::close(impl_);
}

}  // namespace evc::messaging
