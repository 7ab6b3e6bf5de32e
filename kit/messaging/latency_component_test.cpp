// From the commit of the state change to the effect at the consumer, relay and inbox in one process on the real
// servers. The bound is loose, for machines that do other work; the printed numbers are the measurement.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>

#include "kit/messaging/testing/consumer_side.hpp"
#include "kit/messaging/testing/outbox_side.hpp"

namespace evc::messaging {
namespace {

using namespace std::chrono_literals;

Task<> append_steadily(Worker& worker, testing::OutboxSide& side, int count, std::chrono::milliseconds every,
                       bool& done) {
  for (int n = 1; n <= count; ++n) {
    auto context = testing::test_context();
    auto transaction = co_await side.pool().begin(context);
    EXPECT_TRUE(transaction);
    EventDraft draft{
        .topic = side.topic(), .key = "key-" + std::to_string(n % 20), .type = "Tested", .data = {{"n", n}}};
    auto id = co_await side.outbox().append(context, *transaction, std::move(draft));
    EXPECT_TRUE(id);
    auto committed = co_await transaction->commit(context);
    EXPECT_TRUE(committed);
    co_await sleep_for(worker, every);
  }
  done = true;
}

TEST(Latency, CommitToEffect) {
  if (!kafka::testing::broker_present()) GTEST_SKIP() << "run it under tools/testenv";
  Worker worker;
  const auto topic = kafka::testing::fresh_topic("latency", 3);
  testing::OutboxSide producer(worker, topic);
  // tools/testenv commits asynchronously, and a commit is decoded when it is flushed: up to 200 ms later. Here it is
  // flushed at once, as in production (without its fsync, which tools/testenv switches off too).
  producer.database().query("ALTER DATABASE " + producer.database().name() + " SET synchronous_commit = on");
  testing::ConsumerSide consumer(worker, topic);
  consumer.database().query("ALTER TABLE effect ADD COLUMN at timestamptz NOT NULL DEFAULT clock_timestamp()");
  auto options = producer.relay_options();
  options.heartbeat = 10s;
  producer.start_relay(options);
  consumer.start();
  producer.append("warm", 0, 50);
  ASSERT_TRUE(consumer.becomes("SELECT count(*) FROM effect", "50"));

  constexpr int kEvents = 1'000;
  bool done = false;
  worker.tasks().spawn("append", append_steadily(worker, producer, kEvents, 10ms, done));
  ASSERT_TRUE(evc::testing::run_until(worker, [&] { return done; }, 60s));
  ASSERT_TRUE(consumer.becomes("SELECT count(*) FROM effect", std::to_string(kEvents + 50)));

  // created_at is the begin of the producer's transaction, a little before its commit: the numbers err on the long
  // side.
  std::vector<double> delays_ms;
  std::map<std::string, double> created;
  for (const auto& row :
       producer.database().query("SELECT event_id, extract(epoch FROM created_at) FROM outbox WHERE key <> 'warm'"))
    created[row[0]] = std::stod(row[1]);
  for (const auto& row :
       consumer.database().query("SELECT event_id, extract(epoch FROM at) FROM effect WHERE key <> 'warm'"))
    delays_ms.push_back(1e3 * (std::stod(row[1]) - created.at(row[0])));
  std::ranges::sort(delays_ms);
  const auto percentile = [&](double share) {
    return delays_ms[static_cast<std::size_t>(share * static_cast<double>(delays_ms.size() - 1))];
  };
  std::printf("commit to effect, %d events: p50 %.1f ms, p90 %.1f ms, p99 %.1f ms, max %.1f ms\n", kEvents,
              percentile(0.5), percentile(0.9), percentile(0.99), delays_ms.back());
  EXPECT_LT(percentile(0.5), 100.0);
  consumer.stop();
  producer.stop_relay();
}

}  // namespace
}  // namespace evc::messaging
