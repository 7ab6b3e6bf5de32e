#include "kit/messaging/testing/consumer_side.hpp"

#include <boost/asio/this_coro.hpp>
#include <stdexcept>

#include "kit/messaging/testing/outbox_side.hpp"

namespace evc::messaging::testing {

namespace {

constexpr postgres::Statement kEffect{"test.effect", "INSERT INTO effect (key, n, event_id) VALUES ($1, $2, $3)"};

Task<> hear_nothing(ConsumerSide& side) {
  co_await boost::asio::this_coro::throw_if_cancelled(false);
  co_await boost::asio::this_coro::reset_cancellation_state(boost::asio::disable_cancellation());
  while (side.deaf_while()) co_await sleep_for(side.worker(), std::chrono::milliseconds(1));
}

Task<Result<void>> fail_or_write(ConsumerSide& side, RequestContext& context, postgres::Transaction& transaction,
                                 const Event& event) {
  auto written = co_await write_effect(context, transaction, event);
  if (!written) co_return written;
  // After the effect: a failure must take it back.
  if (event.key == "deaf" && side.deaf_while) co_await hear_nothing(side);
  while (side.holding && side.holding(event)) co_await sleep_for(side.worker(), std::chrono::milliseconds(1));
  if (side.failing)
    if (auto error = side.failing(event)) co_return std::unexpected(std::move(*error));
  if (!side.further) co_return Result<void>{};
  auto more = co_await side.further(context, transaction, event);
  co_return more;
}

}  // namespace

Task<Result<void>> write_effect(RequestContext& context, postgres::Transaction& transaction, const Event& event) {
  const auto* n = event.data.if_contains("n");
  if (!n || !n->is_int64()) co_return fail(Code::kSchemaInvalid, "data.n is missing");
  auto rows = co_await transaction.exec(context, kEffect, postgres::Params(event.key, n->as_int64(), event.event_id));
  if (!rows) co_return std::unexpected(std::move(rows).error());
  co_return Result<void>{};
}

Event sample_event(const std::string& topic, const std::string& key, std::int64_t sequence) {
  const auto id = uuid_v7();
  const auto creation = telemetry::TraceContext::root();
  return {.event_id = id,
          .event_type = "Tested",
          .occurred_at = std::chrono::floor<std::chrono::milliseconds>(system_clock().wall()),
          .correlation_id = id,
          .trace_id = creation.trace_id_hex(),
          .sequence = sequence,
          .data = {{"n", sequence}},
          .topic = topic,
          .key = key,
          .subject = key,
          .creation = creation};
}

kafka::Record sample_record(const Event& event) {
  return to_record(event, "/services/test", "urn:test:Tested");
}

ConsumerSide::ConsumerSide(Worker& worker, std::string topic) : ConsumerSide(worker, std::move(topic), nullptr) {}

ConsumerSide::ConsumerSide(Worker& worker, std::string topic, std::shared_ptr<net::Identity> identity)
    : worker_(worker),
      identity_(std::move(identity)),
      topic_(std::move(topic)),
      group_(kafka::testing::fresh_name("group")),
      pool_(worker, {.conninfo = database_.conninfo(), .identity = identity_, .size = 4, .application_name = "test"}),
      outbox_("/services/test", any_schema()),
      producer_(worker, {.connect = kafka::testing::connect_as("platform-admin"), .topics = {topic_}}) {
  database_.migrate("kit/messaging/migrations");
  database_.query(kEffectTable);
}

InboxOptions ConsumerSide::options() const {
  auto connect = kafka::testing::connect_as("platform-admin");
  if (identity_) connect.identity = identity_;
  return {.consumer = {.connect = std::move(connect), .group = group_, .instance_id = "one", .topics = {topic_}},
          .gap_timeout = std::chrono::milliseconds(500),
          .retry_first = std::chrono::milliseconds(20),
          .retry_cap = std::chrono::milliseconds(200)};
}

void ConsumerSide::start() {
  start(options());
}

void ConsumerSide::start(InboxOptions options) {
  member_ = another_member(std::move(options));
}

void ConsumerSide::stop() {
  member_.reset();
}

std::unique_ptr<ConsumerSide::Member> ConsumerSide::another_member(InboxOptions options) {
  return std::make_unique<Member>(*this, std::move(options));
}

ConsumerSide::Member::Member(ConsumerSide& side, InboxOptions options)
    : side_(side),
      inbox_(std::make_unique<Inbox>(
          side.worker_, side.pool_, side.outbox_, std::move(options),
          std::map<std::string, EventHandler>{
              {"Tested", [&side](RequestContext& context, postgres::Transaction& transaction,
                                 const Event& event) { return fail_or_write(side, context, transaction, event); }}})),
      tasks_(std::make_unique<TaskGroup>(side.worker_.io())) {
  tasks_->spawn("inbox", inbox_->run());
}

void ConsumerSide::Member::stop() {
  if (!tasks_) return;
  evc::testing::run_task(side_.worker_, inbox_->close());
  evc::testing::run_task(side_.worker_, tasks_->drain(std::chrono::steady_clock::now() + std::chrono::seconds(5)));
  tasks_.reset();
  inbox_.reset();
}

void ConsumerSide::produce(std::vector<kafka::Record> records) {
  const auto sent = evc::testing::run_task(worker_, producer_.send(std::move(records)));
  if (!sent) throw std::runtime_error("produce: " + sent.error().detail);
}

bool ConsumerSide::becomes(const std::string& sql, const std::string& expected, std::chrono::milliseconds limit) {
  // The database is asked only now and then, so that the worker's loop runs in between.
  auto next = std::chrono::steady_clock::now();
  return evc::testing::run_until(
      worker_,
      [&] {
        if (std::chrono::steady_clock::now() < next) return false;
        next = std::chrono::steady_clock::now() + std::chrono::milliseconds(50);
        return database_.value(sql) == expected;
      },
      limit);
}

std::string ConsumerSide::effects(const std::string& key) const {
  return database_.value("SELECT coalesce(string_agg(n::text, ',' ORDER BY id), '') FROM effect WHERE key = '" + key +
                         "'");
}

bool ConsumerSide::effects_become(const std::string& key, const std::string& expected) {
  return becomes("SELECT coalesce(string_agg(n::text, ',' ORDER BY id), '') FROM effect WHERE key = '" + key + "'",
                 expected);
}

}  // namespace evc::messaging::testing
