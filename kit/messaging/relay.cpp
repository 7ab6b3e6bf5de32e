#include "kit/messaging/relay.hpp"

#include <algorithm>
#include <boost/asio/this_coro.hpp>
#include <map>
#include <optional>

#include "kit/base/bytes.hpp"
#include "kit/base/crash_point.hpp"
#include "kit/messaging/relay_metrics.hpp"
#include "kit/messaging/relay_store.hpp"
#include "kit/postgres/replication.hpp"
#include "kit/runtime/all.hpp"
#include "kit/telemetry/log.hpp"
#include "kit/telemetry/semconv.hpp"
#include "kit/telemetry/span.hpp"

namespace evc::messaging {

namespace {

namespace semconv = telemetry::semconv;

constexpr std::chrono::seconds kOpenLimit{10};
constexpr std::chrono::seconds kClusterLimit{5};
constexpr std::chrono::milliseconds kIdleWait{500};
constexpr std::chrono::hours kMaintenance{1};
constexpr std::chrono::milliseconds kSlotPause{20};
constexpr std::int64_t kPage = 500;              // of a released key
constexpr std::int64_t kReemissionPage = 1'000;  // one is sent while the next is read
constexpr std::size_t kLinks = 128;              // of one send span; a larger batch links to its first records

Task<bool> told_to_stop() {
  const auto state = co_await boost::asio::this_coro::cancellation_state;
  co_return state.cancelled() != boost::asio::cancellation_type::none;
}

template <class T>
Task<> keep_result(Task<Result<T>> task, Result<T>& into) {
  into = co_await std::move(task);
}

// One `send <topic>` span per topic of a batch, linked to the events' own contexts; the records' headers stay as they
// are.
std::vector<telemetry::Span> send_spans(const std::vector<kafka::Record>& records) {
  std::map<std::string, std::pair<std::int64_t, std::vector<telemetry::TraceContext>>> topics;
  for (const auto& record : records) {
    auto& [count, links] = topics[record.topic];
    ++count;
    if (links.size() >= kLinks) continue;
    const auto traceparent = record.header("traceparent");
    if (!traceparent) continue;
    if (auto context = telemetry::TraceContext::parse(*traceparent)) links.push_back(std::move(*context));
  }
  std::vector<telemetry::Span> spans;
  for (auto& [topic, about] : topics)
    spans.push_back(telemetry::start_span("send " + topic, {},
                                          {.kind = telemetry::SpanKind::kClient,
                                           .attributes = {{semconv::kMessagingSystem, "kafka"},
                                                          {semconv::kMessagingOperationName, "send"},
                                                          {semconv::kMessagingOperationType, "send"},
                                                          {semconv::kMessagingDestinationName, topic},
                                                          {semconv::kMessagingBatchMessageCount, about.first}},
                                           .links = std::move(about.second)}));
  return spans;
}

}  // namespace

struct Relay::Impl {
  Impl(Worker& its_worker, postgres::Pool& pool, RelayOptions its_options)
      : worker(its_worker),
        options(std::move(its_options)),
        store(pool, options.slot),
        stream(worker, {.conninfo = options.conninfo,
                        .identity = options.identity,
                        .slot = options.slot,
                        .publication = options.publication}),
        producer(worker, options.producer),
        metrics(options.slot) {}

  static Task<> run(std::shared_ptr<Impl> impl);
  // From opening the slot to the first failure, or until told to stop.
  Task<Result<void>> session();
  Task<Result<void>> open();
  // Whether the brokers are new to this outbox: everything is due then.
  Task<Result<void>> enter_cluster(SlotStatus& status);
  Result<void> still_same_cluster();
  Task<Result<void>> reemit(std::int64_t mark);
  Task<Result<void>> follow();
  Task<Result<void>> renew();
  Task<Result<void>> step();
  Task<Result<void>> beat();
  Task<Result<void>> release_parked();
  // Every row that is not parked or rejected is in the log when this returns good.
  Task<Result<void>> deliver(std::vector<OutboxRow> rows, ParkedRows parked_rows);
  Task<Result<void>> reject(SentRow row, std::string reason);

  Worker& worker;
  RelayOptions options;
  RelayStore store;
  postgres::ReplicationStream stream;
  kafka::Producer producer;
  RelayMetrics metrics;

  Gathering gathering;
  ParkedKeys parked;
  std::string cluster;  // of the brokers that this session began with
  SafePoint safe_point;
  SteadyTime next_beat{};
  SteadyTime next_maintenance{};
  bool progressed = false;  // in this session
  Result<void> state = fail(Code::kServiceUnavailable, "the relay has not started yet");
};

Task<> Relay::Impl::run(std::shared_ptr<Impl> impl) {
  int failures = 0;
  while (true) {
    impl->progressed = false;
    auto ended = co_await impl->session();
    impl->stream.close();
    const bool stop = co_await told_to_stop();
    if (stop || ended) break;
    const auto next = pause_after(ended.error().code, failures, impl->progressed, impl->options.standby,
                                  impl->options.pause_cap, random_u64());
    failures = next.failures;
    if (next.why == RelayPause::Why::kStandby) {
      impl->state = Result<void>{};
      impl->metrics.role(RelayMetrics::Role::kStandby);
    } else {
      impl->metrics.role(RelayMetrics::Role::kDown);
      impl->metrics.failed();
      EVC_LOG(kWarn, "the relay begins again from its confirmed position",
              {{telemetry::key::kErrorCode, info(ended.error().code).name},
               {telemetry::key::kErrorDetail, ended.error().detail},
               {telemetry::key::kAttempt, failures},
               {telemetry::key::kLsn, postgres::format_lsn(impl->stream.confirmed())}});
      impl->state = std::unexpected(std::move(ended).error());
    }
    co_await sleep_for(impl->worker, next.pause);
  }
  impl->metrics.role(RelayMetrics::Role::kDown);
  impl->producer.close();
}

Task<Result<void>> Relay::Impl::session() {
  EVC_CO_CHECK(co_await open());
  state = Result<void>{};
  metrics.role(RelayMetrics::Role::kFollowing);
  EVC_LOG(kInfo, "the relay follows the outbox", {{telemetry::key::kLsn, postgres::format_lsn(stream.confirmed())}});
  auto ended = co_await follow();
  co_return ended;
}

Task<Result<void>> Relay::Impl::open() {
  EVC_CO_TRY(status, co_await store.slot_status());
  metrics.slot(status.retained_bytes, status.safe_bytes.value_or(-1));
  if (status.active) co_return fail(Code::kConflict, "another relay follows this outbox");
  if (status.lost) {
    metrics.slot_lost();
    EVC_LOG(kError, "the replication slot is lost; the outbox is emitted again from the safe point");
  }
  if (status.missing) {
    // First start, or the slot kept more WAL than it may and was given up: rows since the safe point may never have
    // been seen.
    EVC_CO_CHECK(EVC_STEP("relay.reemission.begin", co_await store.begin_reemission()));
  }
  EVC_CO_CHECK(EVC_STEP("relay.open", co_await stream.open(std::chrono::steady_clock::now() + kOpenLimit)));
  // From here on this relay is the only one. What others have noted before is seen now.
  EVC_CO_TRY(fenced, co_await store.slot_status());
  EVC_CO_CHECK(co_await enter_cluster(fenced));
  EVC_CO_TRY(keys, co_await store.parked_keys());
  parked = std::move(keys);
  metrics.parked_keys(parked.size());
  safe_point.reset();
  next_beat = {};
  if (fenced.reemission_due) EVC_CO_CHECK(co_await reemit(fenced.mark));
  metrics.carried_to(cluster);
  co_return Result<void>{};
}

Task<Result<void>> Relay::Impl::enter_cluster(SlotStatus& status) {
  EVC_CO_TRY(present, co_await producer.cluster(std::chrono::steady_clock::now() + kClusterLimit));
  cluster = present;
  if (another_cluster(status.cluster, cluster)) {
    EVC_LOG(kWarn, "the brokers are not those that hold what was delivered; the whole outbox is emitted again",
            {{telemetry::key::kReason, "cluster " + cluster + " instead of " + status.cluster}});
    EVC_CO_TRY(mark, co_await store.begin_rebuild(status.cluster, cluster));
    status.mark = mark;
    status.reemission_due = true;
  } else if (status.cluster.empty()) {
    EVC_CO_CHECK(co_await store.know_cluster(cluster));
  }
  co_return Result<void>{};
}

// Brokers that were made anew while nobody looked: what they took from this session is sent again in its order.
Result<void> Relay::Impl::still_same_cluster() {
  const auto present = producer.known_cluster();
  if (present.empty() || present == cluster) return {};
  producer.begin_anew();
  return fail(Code::kBrokerUnavailable, "the brokers belong to another cluster now");
}

// By position in one view of the outbox, which keeps the order of each key: who sees an event there sees all before it.
// The new slot exists already, so that nothing falls between; what is in both is a duplicate.
Task<Result<void>> Relay::Impl::reemit(std::int64_t mark) {
  std::int64_t count = 0;
  EVC_CO_TRY(view, co_await store.reemission_view());
  Result<std::vector<OutboxRow>> page = co_await store.reemission_page(view, 0, kReemissionPage);
  while (page && !page->empty()) {
    const auto pos = page->back().pos;
    const auto size = page->size();
    Result<void> delivered;
    std::vector<Task<>> both;
    both.push_back(keep_result(deliver(std::move(*page), ParkedRows::kSkip), delivered));
    both.push_back(keep_result(store.reemission_page(view, pos, kReemissionPage), page));
    co_await all(std::move(both));
    EVC_CO_CHECK(EVC_STEP("relay.reemission.page", std::move(delivered)));
    count += static_cast<std::int64_t>(size);
    metrics.emitted_again(size);
  }
  if (!page) co_return std::unexpected(std::move(page).error());
  if (count > 0) EVC_LOG(kWarn, "the outbox was emitted again from the safe point", {{telemetry::key::kCount, count}});
  auto ended = EVC_STEP("relay.reemission.end", co_await store.end_reemission(mark));
  co_return ended;
}

Task<Result<void>> Relay::Impl::follow() {
  while (true) {
    const bool stop = co_await told_to_stop();
    if (stop) co_return Result<void>{};
    if (stream.outdated()) EVC_CO_CHECK(co_await renew());
    if (std::chrono::steady_clock::now() >= next_beat) EVC_CO_CHECK(co_await beat());
    EVC_CO_CHECK(co_await step());
  }
}

// All that was sent is confirmed here. The slot is free a moment after its connection has ended.
Task<Result<void>> Relay::Impl::renew() {
  stream.close();
  const auto deadline = std::chrono::steady_clock::now() + kOpenLimit;
  auto opened = co_await stream.open(deadline);
  while (!opened && opened.error().code == Code::kConflict && std::chrono::steady_clock::now() < deadline) {
    co_await sleep_for(worker, kSlotPause);
    opened = co_await stream.open(deadline);
  }
  if (opened) EVC_LOG(kInfo, "the relay follows with the renewed certificate");
  co_return opened;
}

Task<Result<void>> Relay::Impl::step() {
  if (const auto gathers = gathering.next_round() - std::chrono::steady_clock::now(); gathers.count() > 0)
    co_await sleep_for(worker, std::chrono::ceil<std::chrono::milliseconds>(gathers));
  std::vector<OutboxRow> rows;
  RelayRound round;
  // The first commit is waited for; what has arrived with it goes along.
  for (auto wait = std::min(kIdleWait, options.heartbeat); rows.size() < options.batch_records; wait = {}) {
    EVC_CO_TRY(batch, co_await stream.next(wait));
    if (!batch) break;
    metrics.waiting_since(batch->committed_at);
    round.take(batch->end_lsn, batch->rows.size());
    for (const auto& inserted : batch->rows) {
      EVC_CO_TRY(row, outbox_row(inserted));
      rows.push_back(std::move(row));
    }
  }
  if (round.empty()) {
    metrics.all_delivered();
    co_return Result<void>{};
  }
  const auto count = rows.size();
  EVC_CO_CHECK(co_await deliver(std::move(rows), ParkedRows::kSkip));
  round.dealt_with(count);
  if (const auto end = round.confirmable()) EVC_VOID_STEP("relay.confirm", stream.confirm(*end));
  metrics.all_delivered();
  gathering.dealt_with(count, std::chrono::steady_clock::now());
  progressed = true;
  co_return Result<void>{};
}

Task<Result<void>> Relay::Impl::reject(SentRow row, std::string reason) {
  EVC_LOG(kError, "a record was rejected for good, its key is parked",
          {{telemetry::key::kTopic, row.key.first},
           {telemetry::key::kEventId, to_string(row.event_id)},
           {telemetry::key::kSequence, row.sequence},
           {telemetry::key::kReason, reason}});
  EVC_CO_CHECK(co_await store.reject(row, std::move(reason)));
  parked.emplace(std::move(row.key), row.sequence);
  metrics.rejected();
  metrics.parked_keys(parked.size());
  co_return Result<void>{};
}

Task<Result<void>> Relay::Impl::deliver(std::vector<OutboxRow> rows, ParkedRows parked_rows) {
  std::vector<SentRow> going;
  std::vector<kafka::Record> records;
  going.reserve(rows.size());
  records.reserve(rows.size());
  for (auto& row : rows) {
    const auto fate = fate_of(row.record, row.sequence, parked, parked_rows, options.limits);
    if (fate == RowFate::kSkip) continue;
    SentRow sent_row{{row.record.topic, row.record.key}, row.sequence, row.event_id};
    if (fate == RowFate::kReject) {
      EVC_CO_CHECK(co_await reject(std::move(sent_row), "larger than its topic takes"));
      if (parked_rows == ParkedRows::kInclude) co_return fail(Code::kRecordRefused, "a released key was refused again");
      continue;
    }
    records.push_back(std::move(row.record));
    going.push_back(std::move(sent_row));
  }
  if (records.empty()) co_return Result<void>{};

  auto spans = send_spans(records);
  auto sent = EVC_STEP("relay.send", co_await producer.send(std::move(records)));
  if (!sent) {
    for (auto& span : spans) span.fail(info(sent.error().code).name);
    co_return std::unexpected(std::move(sent).error());
  }
  EVC_CO_CHECK(still_same_cluster());
  std::map<std::string, std::size_t> delivered;
  bool refused = false;
  for (std::size_t i = 0; i < going.size(); ++i) {
    if ((*sent)[i].outcome == kafka::Delivery::Outcome::kDelivered) {
      ++delivered[going[i].key.first];
      continue;
    }
    refused = true;
    EVC_CO_CHECK(co_await reject(std::move(going[i]), (*sent)[i].reason));
  }
  for (const auto& [topic, count] : delivered) metrics.sent(topic, count);
  if (refused && parked_rows == ParkedRows::kInclude)
    co_return fail(Code::kRecordRefused, "a released key was refused again");
  co_return Result<void>{};
}

Task<Result<void>> Relay::Impl::beat() {
  EVC_CO_CHECK(still_same_cluster());
  const auto now = std::chrono::steady_clock::now();
  if (const auto safe = safe_point.confirmed(stream.confirmed()))
    EVC_CO_CHECK(EVC_STEP("relay.safe_point", co_await store.store_safe_point(*safe)));
  EVC_CO_TRY(heartbeat, EVC_STEP("relay.heartbeat", co_await store.heartbeat()));
  metrics.slot(heartbeat.retained_bytes, heartbeat.safe_bytes.value_or(-1));
  safe_point.heartbeat(heartbeat.at, heartbeat.wal);
  producer.renew();
  EVC_CO_CHECK(co_await release_parked());
  if (now >= next_maintenance) {
    // A partition that cannot be made or dropped now can be in an hour: there are seven days of them, and a default
    // one.
    const auto dropped = EVC_STEP("relay.maintain", co_await store.maintain(options.retention));
    if (!dropped)
      EVC_LOG(kWarn, "the outbox partitions could not be maintained",
              {{telemetry::key::kErrorDetail, dropped.error().detail}});
    next_maintenance = now + kMaintenance;
  }
  next_beat = now + options.heartbeat;
  co_return Result<void>{};
}

Task<Result<void>> Relay::Impl::release_parked() {
  if (parked.empty()) co_return Result<void>{};
  EVC_CO_TRY(released, co_await store.released_keys());
  for (const auto& each : released) {
    std::int64_t from = each.from_sequence;
    Result<void> outcome;
    while (outcome) {
      EVC_CO_TRY(page, co_await store.key_page(each.key, from, kPage));
      if (page.empty()) break;
      from = page.back().sequence + 1;
      outcome = EVC_STEP("relay.release.page", co_await deliver(std::move(page), ParkedRows::kInclude));
    }
    if (!outcome && outcome.error().code != Code::kRecordRefused) co_return outcome;
    if (!outcome) {
      EVC_CO_CHECK(EVC_STEP("relay.release.refuse", co_await store.refuse_release(each.key)));
      continue;
    }
    EVC_CO_CHECK(EVC_STEP("relay.release.unpark", co_await store.unpark(each.key)));
    parked.erase(each.key);
    metrics.parked_keys(parked.size());
  }
  co_return Result<void>{};
}

Relay::Relay(Worker& worker, postgres::Pool& pool, RelayOptions options)
    : impl_(std::make_shared<Impl>(worker, pool, std::move(options))) {}

Relay::~Relay() = default;

Task<> Relay::run() {
  return Impl::run(impl_);
}

Result<void> Relay::health() const {
  return impl_->state;
}

}  // namespace evc::messaging
