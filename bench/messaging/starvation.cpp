#include <atomic>
#include <cstdio>
#include <filesystem>
#include <stdexcept>
#include <thread>

#include "bench/messaging/carrying_side.hpp"
#include "bench/messaging/consuming_side.hpp"
#include "bench/messaging/measurements.hpp"
#include "bench/messaging/producing_side.hpp"
#include "bench/messaging/spread.hpp"
#include "kit/kafka/producer.hpp"
#include "kit/kafka/testing/broker.hpp"
#include "kit/messaging/testing/consumer_side.hpp"
#include "kit/testing/run_task.hpp"
#include "tools/topics/provision.hpp"

namespace evc::bench {

namespace {

using namespace std::chrono_literals;

constexpr double kRate = 100;  // payments a second
constexpr int kBatch = 300;    // of the flood

// The relay of integrations with an outbox that never ends: batches as fast as the broker lets it.
class Flood {
 public:
  Flood() {
    auto connect = kafka::testing::connect_as("integrations");
    connect.client_id = "relay-integrations";
    producer_ = std::make_unique<kafka::Producer>(
        worker_,
        kafka::ProducerOptions{
            .connect = std::move(connect), .delivery_timeout = 60s, .linger = 5ms, .topics = {"integration.events"}});
    worker_.tasks().spawn("flood", run());
    worker_.start();
  }
  ~Flood() {
    worker_.stop();
    worker_.join();
  }
  void on() { flowing_ = true; }
  void off() { flowing_ = false; }
  std::int64_t bytes() const { return bytes_; }

 private:
  Task<> run() {
    std::int64_t sequence = 0;
    while (true) {
      if (!flowing_) {
        co_await sleep_for(worker_, 20ms);
        continue;
      }
      ++sequence;
      std::vector<kafka::Record> records;
      for (int key = 0; key < kBatch; ++key)
        records.push_back(messaging::testing::sample_record(
            messaging::testing::sample_event("integration.events", "BR-SP-" + std::to_string(key), sequence)));
      std::int64_t size = 0;
      for (const auto& record : records) {
        size += static_cast<std::int64_t>(record.key.size() + record.value.size());
        for (const auto& [name, value] : record.headers) size += static_cast<std::int64_t>(name.size() + value.size());
      }
      const auto sent = co_await producer_->send(std::move(records));
      if (sent) bytes_ += size;
    }
  }

  Worker worker_;
  std::unique_ptr<kafka::Producer> producer_;
  std::atomic<bool> flowing_ = false;
  std::atomic<std::int64_t> bytes_ = 0;
};

void provision(Quota quota) {
  auto catalogue = topics::load_topic_catalogue("contracts/topics.yaml");
  if (quota == Quota::kNone) catalogue.quotas.clear();
  const auto connect = kafka::testing::connect_as("platform-admin");
  const auto directory = std::filesystem::path(connect.identity->files().ca).parent_path().string();
  const auto done = topics::provision(catalogue, connect.bootstrap, directory);
  if (!done) throw std::runtime_error("topics: " + done.error().detail);
}

enum class Integrations { kIdle, kFlooded };

struct Phase {
  std::vector<double> ms;
  double flood_bytes_per_second = 0;
};

class Scene {
 public:
  explicit Scene(Reader reader)
      : payments_("payment.events", 8),
        relay_({.conninfo = payments_.database().conninfo(),
                .slot = payments_.database().name(),
                .topic = "payment.events",
                .principal = "payment",
                .client_id = "relay-payment"}),
        charging_({.topics = reader == Reader::kBothTopics
                                 ? std::vector<std::string>{"payment.events", "integration.events"}
                                 : std::vector<std::string>{"payment.events"},
                   .principal = "charging",
                   .group = "charging"}) {}

  void warm_up(std::chrono::seconds fill) {
    payments_.offer(kRate, 2s);
    flood_.on();
    payments_.offer(kRate, fill);
    flood_.off();
  }

  Phase phase(std::chrono::seconds during, Integrations integrations) {
    const auto pos = payments_.last_pos();
    const auto id = charging_.last_id();
    const auto bytes = flood_.bytes();
    if (integrations == Integrations::kFlooded) flood_.on();
    payments_.offer(kRate, during);
    flood_.off();
    const auto flow = static_cast<double>(flood_.bytes() - bytes) / static_cast<double>(during.count());
    return {.ms = delays(pos, id), .flood_bytes_per_second = flow};
  }

 private:
  std::vector<double> delays(std::int64_t pos, std::int64_t id) {
    const auto committed = payments_.commit_times(pos);
    const auto deadline = std::chrono::steady_clock::now() + 120s;
    while (true) {
      auto ms = delays_ms(committed, charging_.effect_times(id));
      if (ms.size() == committed.size()) return ms;
      if (std::chrono::steady_clock::now() > deadline) throw std::runtime_error("payments without an effect");
      std::this_thread::sleep_for(50ms);
    }
  }

  ProducingSide payments_;
  CarryingSide relay_;
  ConsumingSide charging_;
  Flood flood_;
};

}  // namespace

json::Object starvation(const StarvationOptions& options) {
  provision(options.quota);
  Scene scene(options.reader);
  scene.warm_up(options.fill);
  json::Array rows;
  std::vector<double> rises, ratios;
  for (int pair = 0; pair < options.pairs; ++pair) {
    const auto calm = scene.phase(options.during, Integrations::kIdle);
    const auto flooded = scene.phase(options.during, Integrations::kFlooded);
    const double before = percentile(calm.ms, 0.95), after = percentile(flooded.ms, 0.95);
    rises.push_back(after - before);
    ratios.push_back(after / before);
    std::fprintf(stderr, "  pair %2d: p95 %.1f ms idle, %.1f ms flooded (%.2f MB/s): %+.1f ms\n", pair + 1, before,
                 after, flooded.flood_bytes_per_second / 1e6, after - before);
    rows.push_back(json::Object{{"idleMs", spread(calm.ms)},
                                {"floodedMs", spread(flooded.ms)},
                                {"floodBytesPerSecond", flooded.flood_bytes_per_second}});
  }
  std::fprintf(stderr, "  p95 of payment.events rises by %.1f ms, to %.0f %% (medians of %d pairs)\n",
               percentile(rises, 0.5), 100 * percentile(ratios, 0.5), options.pairs);
  return {{"seconds", options.during.count()},
          {"paymentsPerSecond", kRate},
          {"quota", options.quota == Quota::kAsWritten},
          {"readerReadsBothTopics", options.reader == Reader::kBothTopics},
          {"pairs", std::move(rows)},
          {"medianRiseMs", percentile(rises, 0.5)},
          {"medianRatio", percentile(ratios, 0.5)}};
}

}  // namespace evc::bench
