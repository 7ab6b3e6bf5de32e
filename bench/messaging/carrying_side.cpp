#include "bench/messaging/carrying_side.hpp"

#include <chrono>
#include <stdexcept>
#include <thread>

#include "contracts/events.hpp"
#include "kit/kafka/testing/broker.hpp"
#include "kit/postgres/testing/test_database.hpp"
#include "kit/testing/run_task.hpp"

namespace evc::bench {

namespace {

constexpr std::chrono::seconds kStartLimit{30};
constexpr std::chrono::milliseconds kLook{20};

messaging::RelayOptions relay_options(const CarryingOptions& options) {
  auto connect = kafka::testing::connect_as(options.principal);
  connect.client_id = options.client_id;
  kafka::ProducerOptions producer{.connect = std::move(connect), .topics = {options.topic}};
  if (const auto* topic = contracts::find_topic(options.topic)) {
    producer.linger = std::chrono::milliseconds(topic->linger_ms);
    producer.batch_bytes = topic->batch_bytes;
  }
  return {.conninfo = options.conninfo, .slot = options.slot, .producer = std::move(producer)};
}

Task<bool> drain(TaskGroup& tasks) {
  tasks.cancel();
  const bool drained = co_await tasks.drain(std::chrono::steady_clock::now() + std::chrono::seconds(10));
  co_return drained;
}

}  // namespace

CarryingSide::CarryingSide(const CarryingOptions& options) {
  pool_ = std::make_unique<postgres::Pool>(
      worker_, postgres::PoolOptions{.conninfo = options.conninfo, .size = 2, .application_name = "bench-relay"});
  relay_ = std::make_unique<messaging::Relay>(worker_, *pool_, relay_options(options));
  worker_.tasks().spawn("relay", relay_->run());
  worker_.start();
  const auto deadline = std::chrono::steady_clock::now() + kStartLimit;
  const auto active = "SELECT count(*) FROM pg_replication_slots WHERE active AND slot_name = '" + options.slot + "'";
  while (postgres::testing::query(options.conninfo, active)[0][0] == "0") {
    if (std::chrono::steady_clock::now() > deadline) throw std::runtime_error("the relay does not take its slot");
    std::this_thread::sleep_for(kLook);
  }
}

CarryingSide::~CarryingSide() {
  evc::testing::run_task_on(worker_, drain(worker_.tasks()));
  worker_.stop();
  worker_.join();
}

}  // namespace evc::bench
