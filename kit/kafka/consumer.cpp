#include "kit/kafka/consumer.hpp"

#include <librdkafka/rdkafka.h>

#include <algorithm>
#include <boost/asio/this_coro.hpp>
#include <optional>
#include <stdexcept>
#include <utility>

#include "kit/base/assert.hpp"
#include "kit/base/json.hpp"
#include "kit/kafka/client_handle.hpp"
#include "kit/kafka/consumer_statistics.hpp"
#include "kit/kafka/event_queue.hpp"

namespace evc::kafka {

namespace {

constexpr std::chrono::milliseconds kCloseLimit{5'000};
// Longer than a broker takes that has just come back, and than a group needs to divide its partitions anew.
constexpr std::chrono::seconds kStandingLimit{15};
// What the coordinator has refused is not asked for again by itself; that it has been read from by then shows
// otherwise.
constexpr std::chrono::seconds kRefusedLimit{3};

ClientSettings settings_of(const ConsumerOptions& options) {
  return {{"group.id", options.group},
          {"group.instance.id", options.instance_id},
          {"partition.assignment.strategy", "range"},
          {"enable.auto.commit", "false"},
          {"enable.auto.offset.store", "false"},
          {"auto.offset.reset", "earliest"},
          {"allow.auto.create.topics", "false"},
          {"session.timeout.ms", "10000"},
          {"heartbeat.interval.ms", "2000"},
          {"max.poll.interval.ms", "300000"},
          {"queued.max.messages.kbytes", std::to_string(options.queued_max_kbytes)},
          {"queued.min.messages", "500"},
          {"fetch.message.max.bytes", "1118208"},
          {"fetch.error.backoff.ms", "100"},
          {"topic.metadata.refresh.interval.ms", "30000"},
          {"statistics.interval.ms", "2000"}};
}

Record record_of(const rd_kafka_message_t& message) {
  Record record{.topic = rd_kafka_topic_name(message.rkt),
                .key = std::string(static_cast<const char*>(message.key), message.key_len),
                .value = std::string(static_cast<const char*>(message.payload), message.len),
                .partition = message.partition,
                .offset = message.offset};
  rd_kafka_timestamp_type_t type = RD_KAFKA_TIMESTAMP_NOT_AVAILABLE;
  record.timestamp = WallTime(std::chrono::milliseconds(rd_kafka_message_timestamp(&message, &type)));
  rd_kafka_headers_t* headers = nullptr;
  if (rd_kafka_message_headers(&message, &headers) != RD_KAFKA_RESP_ERR_NO_ERROR) return record;
  const char* name = nullptr;
  const void* value = nullptr;
  std::size_t size = 0;
  for (std::size_t i = 0; rd_kafka_header_get_all(headers, i, &name, &value, &size) == RD_KAFKA_RESP_ERR_NO_ERROR; ++i)
    record.headers.emplace_back(name, std::string(static_cast<const char*>(value), size));
  return record;
}

Code code_of(rd_kafka_resp_err_t code) {
  switch (code) {
    case RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED:
    case RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED:
    case RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED:
      return Code::kForbidden;
    case RD_KAFKA_RESP_ERR_FENCED_INSTANCE_ID:
      return Code::kConflict;
    default:
      return Code::kBrokerUnavailable;
  }
}

PartitionsHandle one_partition(const TopicPartition& partition) {
  PartitionsHandle list(rd_kafka_topic_partition_list_new(1));
  rd_kafka_topic_partition_list_add(list.get(), partition.topic.c_str(), partition.partition);
  return list;
}

Task<bool> told_to_stop() {
  const auto state = co_await boost::asio::this_coro::cancellation_state;
  co_return state.cancelled() != boost::asio::cancellation_type::none;
}

}  // namespace

struct Consumer::Impl {
  Impl(Worker& its_worker, ConsumerOptions its_options)
      : worker(its_worker),
        options(std::move(its_options)),
        log(std::make_shared<ConnectionLog>(options.connect.client_id, ConnectionLog::Forward::kToLog)) {}
  ~Impl() { discard(); }

  static Task<Result<std::vector<Record>>> poll(std::shared_ptr<Impl> impl, std::size_t limit,
                                                std::chrono::milliseconds wait);
  static Task<> leave(std::shared_ptr<Impl> impl);

  void build();
  void discard();
  // Appends the event's record, if it is one. An error that a caller should know is kept in `failure`.
  void handle(rd_kafka_event_t* event, std::vector<Record>& records);
  void rebalance(rd_kafka_event_t* event, std::vector<Record>& records);
  void note(rd_kafka_resp_err_t code, const char* what);

  Worker& worker;
  ConsumerOptions options;
  std::shared_ptr<ConnectionLog> log;
  ClientHandle client;
  std::unique_ptr<EventQueue> events;
  std::function<void(const std::vector<TopicPartition>&)> revoked;
  std::vector<TopicPartition> assigned;
  std::optional<Error> failure;
  std::int64_t lag = -1;
  std::int64_t fetched_ahead = -1;
  // Since when the group has given us nothing back after we were thought dead, or a partition of ours is not read from.
  std::optional<std::chrono::steady_clock::time_point> out_since, idle_since;
  bool connected = false;
  bool fenced = false;
  bool woken = false;
  bool closed = false;
};

void Consumer::Impl::build() {
  client = make_client(ClientKind::kConsumer, options.connect, settings_of(options), log);
  rd_kafka_poll_set_consumer(client.get());
  events = std::make_unique<EventQueue>(worker, QueueHandle(rd_kafka_queue_get_consumer(client.get())));
  PartitionsHandle topics(rd_kafka_topic_partition_list_new(static_cast<int>(options.topics.size())));
  for (const auto& topic : options.topics)
    rd_kafka_topic_partition_list_add(topics.get(), topic.c_str(), RD_KAFKA_PARTITION_UA);
  if (const auto code = rd_kafka_subscribe(client.get(), topics.get()); code != RD_KAFKA_RESP_ERR_NO_ERROR)
    throw std::runtime_error(std::string("kafka subscription: ") + rd_kafka_err2str(code));
}

void Consumer::Impl::discard() {
  events.reset();
  destroy_in_background(std::move(client));
  assigned.clear();
  connected = false;
  lag = -1;
  fetched_ahead = -1;
  out_since.reset();
  idle_since.reset();
}

void Consumer::Impl::note(rd_kafka_resp_err_t code, const char* what) {
  const bool refused =
      code == RD_KAFKA_RESP_ERR_NOT_COORDINATOR || code == RD_KAFKA_RESP_ERR_COORDINATOR_LOAD_IN_PROGRESS;
  if (refused && !assigned.empty()) idle_since = std::chrono::steady_clock::now() - kStandingLimit + kRefusedLimit;
  failure = Error{.code = code_of(code), .detail = std::string(rd_kafka_err2name(code)) + ": " + what};
  if (failure->code == Code::kBrokerUnavailable) failure->detail += log->reason();
}

void Consumer::Impl::rebalance(rd_kafka_event_t* event, std::vector<Record>& records) {
  auto* partitions = rd_kafka_event_topic_partition_list(event);
  if (rd_kafka_event_error(event) == RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS) {
    rd_kafka_assign(client.get(), partitions);
    connected = true;
    out_since.reset();
    for (int i = 0; i < partitions->cnt; ++i)
      assigned.push_back({partitions->elems[i].topic, partitions->elems[i].partition});
    std::ranges::sort(assigned);
    return;
  }
  std::vector<TopicPartition> lost;
  for (int i = 0; i < partitions->cnt; ++i)
    lost.push_back({partitions->elems[i].topic, partitions->elems[i].partition});
  const auto is_lost = [&lost](const std::string& topic, std::int32_t partition) {
    return std::ranges::find(lost, TopicPartition{topic, partition}) != lost.end();
  };
  std::erase_if(assigned, [&](const TopicPartition& each) { return is_lost(each.topic, each.partition); });
  // Polled in this very round, but somebody else will get them.
  std::erase_if(records, [&](const Record& each) { return is_lost(each.topic, each.partition); });
  if (revoked) revoked(lost);
  if (rd_kafka_assignment_lost(client.get()) != 0) out_since = std::chrono::steady_clock::now();
  rd_kafka_assign(client.get(), nullptr);
}

void Consumer::Impl::handle(rd_kafka_event_t* event, std::vector<Record>& records) {
  switch (rd_kafka_event_type(event)) {
    case RD_KAFKA_EVENT_FETCH:
      connected = true;
      while (const rd_kafka_message_t* message = rd_kafka_event_message_next(event)) {
        if (message->err == RD_KAFKA_RESP_ERR_NO_ERROR)
          records.push_back(record_of(*message));
        else
          note(message->err, rd_kafka_message_errstr(message));
      }
      return;
    case RD_KAFKA_EVENT_REBALANCE:
      return rebalance(event, records);
    case RD_KAFKA_EVENT_STATS:
      if (const auto statistics = json::parse(rd_kafka_event_stats(event))) {
        lag = lag_in(*statistics, assigned);
        fetched_ahead = fetched_in(*statistics);
        connected = any_broker_up(*statistics);
        if (!connected || all_fetched(*statistics, assigned))
          idle_since.reset();
        else if (!idle_since)
          idle_since = std::chrono::steady_clock::now();
      }
      return;
    case RD_KAFKA_EVENT_OFFSET_COMMIT:
      if (const auto code = rd_kafka_event_error(event);
          code != RD_KAFKA_RESP_ERR_NO_ERROR && code != RD_KAFKA_RESP_ERR__NO_OFFSET)
        log->write(4, std::string("offset commit: ") + rd_kafka_err2name(code));
      return;
    case RD_KAFKA_EVENT_ERROR: {
      auto code = rd_kafka_event_error(event);
      char reason[512];
      if (code == RD_KAFKA_RESP_ERR__FATAL) {
        code = rd_kafka_fatal_error(client.get(), reason, sizeof reason);
        fenced = code == RD_KAFKA_RESP_ERR_FENCED_INSTANCE_ID;
        note(code, reason);
        discard();
        return;
      }
      if (code == RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN) connected = false;
      // One connection of several that is lost is repaired underneath.
      if (code == RD_KAFKA_RESP_ERR__TRANSPORT || code == RD_KAFKA_RESP_ERR__RESOLVE) return;
      return note(code, rd_kafka_event_error_string(event));
    }
    default:
      return;
  }
}

Task<Result<std::vector<Record>>> Consumer::Impl::poll(std::shared_ptr<Impl> impl, std::size_t limit,
                                                       std::chrono::milliseconds wait) {
  const auto deadline = std::chrono::steady_clock::now() + wait;
  std::vector<Record> records;
  while (true) {
    if (impl->closed) co_return fail(Code::kCancelled, "the consumer is closed");
    if (impl->fenced) co_return fail(Code::kConflict, "another process joined with this instance id");
    if (!impl->client) {
      // Certificates were readable at the start; a build that fails now is an operator's mistake that may be mended.
      try {
        impl->build();
      } catch (const std::runtime_error& error) {
        impl->discard();
        impl->failure = Error{.code = Code::kBrokerUnavailable, .detail = error.what()};
      }
    }
    bool drained = !impl->events;
    while (impl->events && records.size() < limit) {
      auto event = impl->events->poll();
      drained = !event;
      if (drained) break;
      impl->handle(event.get(), records);
    }
    if (!records.empty()) co_return records;
    if (impl->failure) co_return std::unexpected(*std::exchange(impl->failure, std::nullopt));
    const bool stop = co_await told_to_stop();
    if (std::exchange(impl->woken, false) || stop || std::chrono::steady_clock::now() >= deadline) co_return records;
    if (drained && impl->events) co_await impl->events->wait(deadline);
  }
}

Task<> Consumer::Impl::leave(std::shared_ptr<Impl> impl) {
  if (!impl->client) co_return;
  const auto deadline = std::chrono::steady_clock::now() + kCloseLimit;
  if (auto* error = rd_kafka_consumer_close_queue(impl->client.get(), impl->events->handle())) {
    rd_kafka_error_destroy(error);
    impl->discard();
    co_return;
  }
  std::vector<Record> dropped;
  while (impl->client && !rd_kafka_consumer_closed(impl->client.get()) && std::chrono::steady_clock::now() < deadline) {
    bool any = false;
    while (impl->events) {
      auto event = impl->events->poll();
      if (!event) break;
      any = true;
      impl->handle(event.get(), dropped);
      dropped.clear();
    }
    if (any || !impl->events) continue;
    // The end of the close is not an event of its own, hence the short wait.
    co_await impl->events->wait(std::min(deadline, std::chrono::steady_clock::now() + std::chrono::milliseconds(20)));
  }
  impl->discard();
}

Consumer::Consumer(Worker& worker, ConsumerOptions options)
    : impl_(std::make_shared<Impl>(worker, std::move(options))) {
  impl_->build();
}

Consumer::~Consumer() {
  impl_->closed = true;
}

Task<Result<std::vector<Record>>> Consumer::poll(std::size_t limit, std::chrono::milliseconds wait) {
  return Impl::poll(impl_, limit, wait);
}

void Consumer::wake() {
  impl_->woken = true;
  if (impl_->events) impl_->events->wake();
}

Result<void> Consumer::commit(const std::vector<Record>& last_of_each_partition) {
  if (!impl_->client) return fail(Code::kBrokerUnavailable, "not a member of the group");
  PartitionsHandle offsets(rd_kafka_topic_partition_list_new(static_cast<int>(last_of_each_partition.size())));
  for (const auto& record : last_of_each_partition) {
    // A partition that was revoked meanwhile has another owner, whose position must stand.
    if (std::ranges::find(impl_->assigned, TopicPartition{record.topic, record.partition}) == impl_->assigned.end())
      continue;
    rd_kafka_topic_partition_list_add(offsets.get(), record.topic.c_str(), record.partition)->offset =
        record.offset + 1;
  }
  if (offsets->cnt == 0) return {};
  const auto code = rd_kafka_commit(impl_->client.get(), offsets.get(), 1);
  if (code != RD_KAFKA_RESP_ERR_NO_ERROR) return fail(code_of(code), rd_kafka_err2name(code));
  return {};
}

void Consumer::pause(const TopicPartition& partition) {
  if (impl_->client) rd_kafka_pause_partitions(impl_->client.get(), one_partition(partition).get());
}

void Consumer::resume(const TopicPartition& partition) {
  if (impl_->client) rd_kafka_resume_partitions(impl_->client.get(), one_partition(partition).get());
}

void Consumer::on_revoked(std::function<void(const std::vector<TopicPartition>&)> callback) {
  impl_->revoked = std::move(callback);
}

std::vector<TopicPartition> Consumer::assignment() const {
  return impl_->assigned;
}

bool Consumer::connected() const {
  return impl_->connected;
}

std::int64_t Consumer::lag() const {
  return impl_->lag;
}

std::int64_t Consumer::fetched_ahead() const {
  return impl_->fetched_ahead;
}

bool Consumer::outdated() const {
  return kafka::outdated(impl_->client, impl_->options.connect);
}

bool Consumer::stands_still() const {
  const auto since = std::chrono::steady_clock::now() - kStandingLimit;
  return impl_->connected &&
         ((impl_->out_since && *impl_->out_since < since) || (impl_->idle_since && *impl_->idle_since < since));
}

Task<> Consumer::reopen() {
  const auto impl = impl_;
  if (impl->closed || impl->fenced) co_return;
  const auto lost = impl->assigned;
  co_await Impl::leave(impl);
  if (impl->revoked && !lost.empty()) impl->revoked(lost);
  // The next poll() joins again.
}

Task<> Consumer::close() {
  const auto impl = impl_;
  if (std::exchange(impl->closed, true)) co_return;
  co_await Impl::leave(impl);
}

}  // namespace evc::kafka
