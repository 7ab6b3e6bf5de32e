#include "kit/messaging/testing/outbox_side.hpp"

#include <set>
#include <stdexcept>

#include "kit/kafka/consumer.hpp"

namespace evc::messaging::testing {

namespace {

Task<Result<std::vector<Uuid>>> append_all(postgres::Pool& pool, Outbox& outbox, EventDraft draft, int from, int to) {
  auto context = test_context();
  EVC_CO_TRY(transaction, co_await pool.begin(context));
  std::vector<Uuid> ids;
  for (int n = from; n < to; ++n) {
    auto each = draft;
    each.data = {{"n", n}};
    EVC_CO_TRY(id, co_await outbox.append(context, transaction, std::move(each)));
    ids.push_back(id);
  }
  EVC_CO_CHECK(co_await transaction.commit(context));
  co_return ids;
}

}  // namespace

SchemaNames any_schema() {
  return [](std::string_view, std::string_view type) { return "urn:test:" + std::string(type); };
}

RequestContext test_context() {
  RequestContext context;
  context.deadline = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  context.trace = telemetry::TraceContext::root();
  context.principal.puid = "p1.tester";
  return context;
}

OutboxSide::OutboxSide(Worker& worker, std::string topic) : OutboxSide(worker, std::move(topic), nullptr) {}

OutboxSide::OutboxSide(Worker& worker, std::string topic, std::shared_ptr<net::Identity> identity)
    : worker_(worker),
      identity_(std::move(identity)),
      topic_(std::move(topic)),
      pool_(worker, {.conninfo = database_.conninfo(), .identity = identity_, .size = 4, .application_name = "test"}),
      outbox_("/services/test", any_schema()) {
  database_.migrate("kit/messaging/migrations");
}

std::vector<Uuid> OutboxSide::append(const std::string& key, int from, int to, const std::string& type) {
  auto ids = evc::testing::run_task(
      worker_, append_all(pool_, outbox_, {.topic = topic_, .key = key, .type = type, .user_id = "p1.test"}, from, to));
  if (!ids) throw std::runtime_error("append: " + ids.error().detail);
  return *ids;
}

RelayOptions OutboxSide::relay_options() const {
  auto connect = kafka::testing::connect_as("platform-admin");
  if (identity_) connect.identity = identity_;
  return {.conninfo = database_.conninfo(),
          .identity = identity_,
          .slot = database_.name(),
          .producer = {.connect = std::move(connect), .delivery_timeout = std::chrono::seconds(2), .topics = {topic_}},
          .heartbeat = std::chrono::milliseconds(200),
          .standby = std::chrono::milliseconds(100),
          .pause_cap = std::chrono::milliseconds(500)};
}

void OutboxSide::start_relay() {
  start_relay(relay_options());
}

void OutboxSide::start_relay(RelayOptions options) {
  relay_ = std::make_unique<Relay>(worker_, pool_, std::move(options));
  tasks_ = std::make_unique<TaskGroup>(worker_.io());
  tasks_->spawn("relay", relay_->run());
  if (!evc::testing::run_until(worker_, [this] { return relay_->health().has_value(); }))
    throw std::runtime_error("the relay does not start: " + relay_->health().error().detail);
}

void OutboxSide::stop_relay() {
  if (!tasks_) return;
  tasks_->cancel();
  evc::testing::run_task(worker_, tasks_->drain(std::chrono::steady_clock::now() + std::chrono::seconds(5)));
  relay_.reset();
  tasks_.reset();
}

std::vector<kafka::Record> OutboxSide::read(const std::string& topic, std::size_t count,
                                            std::chrono::milliseconds limit) {
  kafka::Consumer consumer(worker_, {.connect = kafka::testing::connect_as("platform-admin"),
                                     .group = kafka::testing::fresh_name("reader"),
                                     .instance_id = "reader",
                                     .topics = {topic}});
  std::vector<kafka::Record> all;
  std::set<std::string> different;
  const auto deadline = std::chrono::steady_clock::now() + limit;
  while (different.size() < count && std::chrono::steady_clock::now() < deadline) {
    auto some = evc::testing::run_task(worker_, consumer.poll(1000, std::chrono::milliseconds(200)));
    if (!some) continue;
    for (auto& record : *some) {
      different.emplace(record.header("ce_id").value_or(record.value));
      all.push_back(std::move(record));
    }
  }
  evc::testing::run_task(worker_, consumer.close());
  return all;
}

}  // namespace evc::messaging::testing
