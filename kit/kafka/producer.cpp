#include "kit/kafka/producer.hpp"

#include <librdkafka/rdkafka.h>

#include <boost/asio/this_coro.hpp>
#include <cstdlib>
#include <iterator>
#include <stdexcept>

#include "kit/base/assert.hpp"
#include "kit/kafka/client_handle.hpp"
#include "kit/kafka/event_queue.hpp"
#include "kit/telemetry/log.hpp"

namespace evc::kafka {

namespace {

// A record may be as large as a dead-letter topic takes (1 MiB and 64 KiB); the broker refuses what is too large for
// its topic.
constexpr std::size_t kLargestRecord = 1'114'112 + 4'096;
// How long purged records may take to be reported before the instance is given up without them.
constexpr std::chrono::milliseconds kPurgeLimit{1'000};
// Between looks whether the cluster is known: it comes with the first metadata, which is no event.
constexpr std::chrono::milliseconds kClusterLook{10};

struct DestroyTopic {
  void operator()(rd_kafka_topic_t* topic) const { rd_kafka_topic_destroy(topic); }
};
using TopicHandle = std::unique_ptr<rd_kafka_topic_t, DestroyTopic>;

std::size_t size_of(const Record& record) {
  constexpr std::size_t kOverhead = 64;
  std::size_t size = kOverhead + record.key.size() + record.value.size();
  for (const auto& [name, value] : record.headers) size += name.size() + value.size() + 8;
  return size;
}

// Errors that lie in the record itself: sending it again would fail again.
bool refused_for_good(rd_kafka_resp_err_t code) {
  return code == RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE || code == RD_KAFKA_RESP_ERR_INVALID_RECORD ||
         code == RD_KAFKA_RESP_ERR_INVALID_MSG_SIZE || code == RD_KAFKA_RESP_ERR_INVALID_TIMESTAMP;
}

Delivery delivery_of(rd_kafka_resp_err_t code) {
  if (code == RD_KAFKA_RESP_ERR_NO_ERROR) return {.outcome = Delivery::Outcome::kDelivered};
  return {.outcome = refused_for_good(code) ? Delivery::Outcome::kRefused : Delivery::Outcome::kUnknown,
          .reason = rd_kafka_err2name(code)};
}

rd_kafka_headers_t* headers_of(const Record& record) {
  auto* headers = rd_kafka_headers_new(record.headers.size());
  for (const auto& [name, value] : record.headers)
    rd_kafka_header_add(headers, name.data(), static_cast<ssize_t>(name.size()), value.data(),
                        static_cast<ssize_t>(value.size()));
  return headers;
}

Task<bool> told_to_stop() {
  const auto state = co_await boost::asio::this_coro::cancellation_state;
  co_return state.cancelled() != boost::asio::cancellation_type::none;
}

}  // namespace

struct Producer::Impl {
  // A client with everything that lives as long as it does.
  struct Instance {
    ClientHandle client;
    std::vector<TopicHandle> topics;
    std::unique_ptr<EventQueue> events;
  };
  // One chunk of records on its way.
  struct Flight {
    std::vector<Delivery>& deliveries;
    std::size_t pending = 0;
    std::string failure;  // the first reason why an outcome is unknown
    Code code = Code::kBrokerUnavailable;
  };

  Impl(Worker& its_worker, ProducerOptions its_options)
      : worker(its_worker),
        options(std::move(its_options)),
        log(std::make_shared<ConnectionLog>(options.connect.client_id, ConnectionLog::Forward::kToLog)) {}

  // Coroutines hold the Impl themselves: the Producer may be destroyed while one of them waits.
  static Task<Result<std::vector<Delivery>>> send_all(std::shared_ptr<Impl> impl, std::vector<Record> records);
  static Task<Result<std::vector<Delivery>>> send_in_chunks(std::shared_ptr<Impl> impl, std::vector<Record> records);
  static Task<> await_reports(std::shared_ptr<Impl> impl, Flight& flight);

  static Task<Result<std::string>> await_cluster(std::shared_ptr<Impl> impl, SteadyTime deadline);

  void build();
  void renew();
  Result<void> ensure_built();
  std::string known_cluster() const;
  void purge();
  void discard();
  static void give_up(std::unique_ptr<Instance> given);
  void enqueue(const Record& record, std::size_t index, Flight& flight);
  void handle(rd_kafka_event_t* event, Flight& flight);
  void drain(Flight& flight);
  std::size_t chunk_end(const std::vector<Record>& records, std::size_t begin) const;

  Worker& worker;
  ProducerOptions options;
  std::shared_ptr<ConnectionLog> log;
  std::unique_ptr<Instance> instance;
  std::int64_t builds = 0;
  bool sending = false;
  bool closed = false;
};

void Producer::Impl::build() {
  const auto timeout = std::to_string(options.delivery_timeout.count());
  auto made = std::make_unique<Instance>();
  made->client = make_client(ClientKind::kProducer, options.connect,
                             {{"enable.idempotence", "true"},
                              {"acks", "all"},
                              {"partitioner", "murmur2_random"},
                              {"linger.ms", std::to_string(options.linger.count())},
                              {"batch.size", std::to_string(options.batch_bytes)},
                              {"message.max.bytes", std::to_string(kLargestRecord)},
                              {"message.timeout.ms", timeout},
                              {"request.timeout.ms", timeout},
                              {"queue.buffering.max.kbytes", "32768"},
                              {"retry.backoff.ms", "50"},
                              {"topic.metadata.refresh.interval.ms", "30000"}},
                             log);
  // Knowing the topics from the start asks for their metadata with the first connection; else the first record of each
  // waits a second.
  for (const auto& topic : options.topics)
    made->topics.emplace_back(rd_kafka_topic_new(made->client.get(), topic.c_str(), nullptr));
  made->events = std::make_unique<EventQueue>(worker, QueueHandle(rd_kafka_queue_get_main(made->client.get())));
  instance = std::move(made);
  ++builds;
}

// Between two batches nothing is outstanding: the old instance has said everything. When no new one can be made, the
// old one goes on.
void Producer::Impl::renew() {
  if (closed || sending || !instance || !outdated(instance->client, options.connect)) return;
  auto old = std::move(instance);
  try {
    build();
  } catch (const std::runtime_error& error) {
    EVC_LOG(kWarn, "no producer with the new certificate yet", {{telemetry::key::kReason, error.what()}});
    instance = std::move(old);
    return;
  }
  give_up(std::move(old));
}

// Certificates were readable at the start; a build that fails now is an operator's mistake that may be mended.
Result<void> Producer::Impl::ensure_built() {
  if (instance) return {};
  try {
    build();
  } catch (const std::runtime_error& error) {
    return fail(Code::kBrokerUnavailable, error.what());
  }
  return {};
}

std::string Producer::Impl::known_cluster() const {
  if (!instance) return {};
  const std::unique_ptr<char, decltype(&std::free)> id(rd_kafka_clusterid(instance->client.get(), 0), &std::free);
  return id ? id.get() : std::string();
}

void Producer::Impl::purge() {
  rd_kafka_purge(instance->client.get(),
                 RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT | RD_KAFKA_PURGE_F_NON_BLOCKING);
}

void Producer::Impl::discard() {
  if (!instance) return;
  purge();
  give_up(std::move(instance));
}

void Producer::Impl::give_up(std::unique_ptr<Instance> given) {
  given->events.reset();
  given->topics.clear();
  destroy_in_background(std::move(given->client));
}

void Producer::Impl::enqueue(const Record& record, std::size_t index, Flight& flight) {
  auto* headers = headers_of(record);
  const auto since_epoch = std::chrono::duration_cast<std::chrono::milliseconds>(record.timestamp.time_since_epoch());
  rd_kafka_vu_t fields[8]{};
  fields[0].vtype = RD_KAFKA_VTYPE_TOPIC;
  fields[0].u.cstr = record.topic.c_str();
  fields[1].vtype = RD_KAFKA_VTYPE_PARTITION;
  fields[1].u.i32 = record.partition;
  fields[2].vtype = RD_KAFKA_VTYPE_KEY;
  fields[2].u.mem = {.ptr = record.key.empty() ? nullptr : const_cast<char*>(record.key.data()),
                     .size = record.key.size()};
  fields[3].vtype = RD_KAFKA_VTYPE_VALUE;
  fields[3].u.mem = {.ptr = const_cast<char*>(record.value.data()), .size = record.value.size()};
  fields[4].vtype = RD_KAFKA_VTYPE_TIMESTAMP;
  fields[4].u.i64 = since_epoch.count();
  fields[5].vtype = RD_KAFKA_VTYPE_MSGFLAGS;
  fields[5].u.i = RD_KAFKA_MSG_F_COPY;
  fields[6].vtype = RD_KAFKA_VTYPE_HEADERS;
  fields[6].u.headers = headers;
  // The index travels as the opaque pointer of the report.
  fields[7].vtype = RD_KAFKA_VTYPE_OPAQUE;
  fields[7].u.ptr = reinterpret_cast<void*>(index);
  auto* error = rd_kafka_produceva(instance->client.get(), fields, std::size(fields));
  const auto code = error ? rd_kafka_error_code(error) : RD_KAFKA_RESP_ERR_NO_ERROR;
  if (error) rd_kafka_error_destroy(error);
  if (code == RD_KAFKA_RESP_ERR_NO_ERROR) {
    ++flight.pending;  // the headers belong to the message now
    return;
  }
  rd_kafka_headers_destroy(headers);
  flight.deliveries[index] = delivery_of(code);
  if (flight.deliveries[index].outcome == Delivery::Outcome::kUnknown) flight.failure = rd_kafka_err2name(code);
}

void Producer::Impl::handle(rd_kafka_event_t* event, Flight& flight) {
  if (rd_kafka_event_type(event) == RD_KAFKA_EVENT_ERROR) {
    // Lost connections are repaired underneath, and the reports tell what became of the records. A fatal error is the
    // end of the instance.
    if (rd_kafka_event_error(event) != RD_KAFKA_RESP_ERR__FATAL) return;
    char reason[512];
    const auto code = rd_kafka_fatal_error(instance->client.get(), reason, sizeof reason);
    if (flight.failure.empty()) flight.failure = std::string("fatal: ") + rd_kafka_err2name(code);
    return;
  }
  while (const rd_kafka_message_t* message = rd_kafka_event_message_next(event)) {
    auto& delivery = flight.deliveries[reinterpret_cast<std::size_t>(message->_private)];
    delivery = delivery_of(message->err);
    delivery.partition = message->partition;
    delivery.offset = message->offset;
    --flight.pending;
    if (delivery.outcome == Delivery::Outcome::kUnknown && flight.failure.empty()) flight.failure = delivery.reason;
  }
}

void Producer::Impl::drain(Flight& flight) {
  while (auto event = instance->events->poll()) handle(event.get(), flight);
}

std::size_t Producer::Impl::chunk_end(const std::vector<Record>& records, std::size_t begin) const {
  std::size_t end = begin, bytes = 0;
  while (end < records.size()) {
    bytes += size_of(records[end]);
    if (bytes > options.batch_bytes && end > begin) break;
    ++end;
  }
  return end;
}

// Until every report is there. On the first failure, at the deadline and on cancellation the rest is purged, which
// reports it at once.
Task<> Producer::Impl::await_reports(std::shared_ptr<Impl> impl, Flight& flight) {
  auto deadline = std::chrono::steady_clock::now() + impl->options.delivery_timeout;
  bool purged = false;
  while (true) {
    impl->drain(flight);
    if (flight.pending == 0) co_return;
    const auto now = std::chrono::steady_clock::now();
    if (purged && now >= deadline) co_return;
    if (!purged) {
      const bool stop = co_await told_to_stop();
      if (stop) {
        flight.code = Code::kCancelled;
        flight.failure = "stopped before the reports came";
      } else if (now >= deadline && flight.failure.empty()) {
        flight.failure = "no delivery report in time" + impl->log->reason();
      }
      if (!flight.failure.empty()) {
        impl->purge();
        deadline = now + kPurgeLimit;
        purged = true;
        continue;
      }
    }
    co_await impl->instance->events->wait(deadline);
  }
}

Task<Result<std::vector<Delivery>>> Producer::Impl::send_in_chunks(std::shared_ptr<Impl> impl,
                                                                   std::vector<Record> records) {
  std::vector<Delivery> deliveries(records.size());
  for (std::size_t begin = 0; begin < records.size();) {
    const std::size_t end = impl->chunk_end(records, begin);
    Flight flight{.deliveries = deliveries};
    for (std::size_t i = begin; i < end && flight.failure.empty(); ++i) impl->enqueue(records[i], i, flight);
    co_await await_reports(impl, flight);
    // The broker refuses a batch for its size as a whole: which record it was shows when each goes alone.
    for (std::size_t i = begin; i < end && end - begin > 1 && flight.failure.empty(); ++i) {
      if (deliveries[i].outcome != Delivery::Outcome::kRefused) continue;
      impl->enqueue(records[i], i, flight);
      co_await await_reports(impl, flight);
    }
    if (!flight.failure.empty()) co_return fail(impl->closed ? Code::kCancelled : flight.code, flight.failure);
    begin = end;
  }
  co_return deliveries;
}

Task<Result<std::vector<Delivery>>> Producer::Impl::send_all(std::shared_ptr<Impl> impl, std::vector<Record> records) {
  EVC_ASSERT(!impl->sending);
  if (impl->closed) co_return fail(Code::kCancelled, "the producer is closed");
  impl->renew();
  EVC_CO_CHECK(impl->ensure_built());
  impl->sending = true;
  auto sent = co_await send_in_chunks(impl, std::move(records));
  impl->sending = false;
  if (!sent || impl->closed) impl->discard();
  co_return sent;
}

Task<Result<std::string>> Producer::Impl::await_cluster(std::shared_ptr<Impl> impl, SteadyTime deadline) {
  if (impl->closed) co_return fail(Code::kCancelled, "the producer is closed");
  EVC_CO_CHECK(impl->ensure_built());
  while (true) {
    if (auto id = impl->known_cluster(); !id.empty()) co_return id;
    const bool stop = co_await told_to_stop();
    if (stop || impl->closed) co_return fail(Code::kCancelled, "stopped before the brokers told their cluster");
    const auto now = std::chrono::steady_clock::now();
    if (now >= deadline) co_return fail(Code::kBrokerUnavailable, "no broker told its cluster" + impl->log->reason());
    co_await sleep_for(impl->worker, kClusterLook);
  }
}

Producer::Producer(Worker& worker, ProducerOptions options)
    : impl_(std::make_shared<Impl>(worker, std::move(options))) {
  impl_->build();
}

Producer::~Producer() {
  close();
}

Task<Result<std::vector<Delivery>>> Producer::send(std::vector<Record> records) {
  return Impl::send_all(impl_, std::move(records));
}

void Producer::renew() {
  impl_->renew();
}

std::int64_t Producer::rebuilds() const {
  return impl_->builds - 1;
}

Task<Result<std::string>> Producer::cluster(SteadyTime deadline) {
  return Impl::await_cluster(impl_, deadline);
}

std::string Producer::known_cluster() const {
  return impl_->known_cluster();
}

void Producer::begin_anew() {
  EVC_ASSERT(!impl_->sending);
  impl_->discard();
}

void Producer::close() {
  impl_->closed = true;
  // A send() that waits is woken by the reports of what is purged, and discards the instance itself.
  if (impl_->sending && impl_->instance) impl_->purge();
  if (!impl_->sending) impl_->discard();
}

}  // namespace evc::kafka
