#include "bench/messaging/consuming_side.hpp"

#include <stdexcept>
#include <thread>

#include "bench/messaging/producing_side.hpp"
#include "kit/kafka/testing/broker.hpp"
#include "kit/messaging/testing/consumer_side.hpp"
#include "kit/messaging/testing/outbox_side.hpp"
#include "kit/testing/run_task.hpp"

namespace evc::bench {

namespace {

constexpr std::chrono::milliseconds kLook{50};

Task<> leave(messaging::Inbox& inbox, TaskGroup& tasks) {
  co_await inbox.close();
  co_await tasks.drain(std::chrono::steady_clock::now() + std::chrono::seconds(10));
}

}  // namespace

ConsumingSide::ConsumingSide(const ConsumingOptions& options)
    : outbox_("/services/test", messaging::testing::any_schema()) {
  database_.migrate("kit/messaging/migrations");
  database_.query(messaging::testing::kEffectTable);
  pool_ = std::make_unique<postgres::Pool>(
      worker_, postgres::PoolOptions{.conninfo = database_.conninfo(), .size = 6, .application_name = "bench-inbox"});
  inbox_ = std::make_unique<messaging::Inbox>(
      worker_, *pool_, outbox_,
      messaging::InboxOptions{.consumer = {.connect = kafka::testing::connect_as(options.principal),
                                           .group = options.group,
                                           .instance_id = "bench",
                                           .topics = options.topics}},
      std::map<std::string, messaging::EventHandler>{{"Tested", messaging::testing::write_effect}});
  worker_.tasks().spawn("inbox", inbox_->run());
  worker_.start();
}

ConsumingSide::~ConsumingSide() {
  evc::testing::run_task_on(worker_, leave(*inbox_, worker_.tasks()));
  worker_.stop();
  worker_.join();
}

std::int64_t ConsumingSide::effects() const {
  return std::stoll(database_.value("SELECT count(*) FROM effect"));
}

std::int64_t ConsumingSide::last_id() const {
  return std::stoll(database_.value("SELECT coalesce(max(id), 0) FROM effect"));
}

void ConsumingSide::await_effects(std::int64_t count, std::chrono::seconds limit) const {
  const auto deadline = std::chrono::steady_clock::now() + limit;
  while (effects() < count) {
    if (std::chrono::steady_clock::now() > deadline)
      throw std::runtime_error(std::to_string(effects()) + " effects of " + std::to_string(count));
    std::this_thread::sleep_for(kLook);
  }
}

std::map<std::string, double> ConsumingSide::effect_times(std::int64_t after_id) const {
  return times(database_,
               "SELECT event_id, extract(epoch FROM pg_xact_commit_timestamp(xmin)) FROM effect WHERE id > " +
                   std::to_string(after_id));
}

std::vector<double> delays_ms(const std::map<std::string, double>& committed,
                              const std::map<std::string, double>& effects) {
  std::vector<double> delays;
  for (const auto& [event_id, at] : committed)
    if (const auto effect = effects.find(event_id); effect != effects.end())
      delays.push_back(1e3 * (effect->second - at));
  return delays;
}

}  // namespace evc::bench
