// Relay and inbox as processes that are killed (SIGKILL) at any moment while events flow: in mid-batch, between the
// delivery and its confirmation, between the database commit and the offset commit. Afterwards every committed event
// has had its effect exactly once and in order.
#include <gtest/gtest.h>

#include <numeric>
#include <random>

#include "kit/messaging/testing/consumer_side.hpp"
#include "kit/messaging/testing/outbox_side.hpp"
#include "kit/messaging/testing/victim_process.hpp"

namespace evc::messaging {
namespace {

using namespace std::chrono_literals;
using testing::VictimProcess;

TEST(KillStorm, EveryEventHasItsEffectOnceInOrder) {
  if (!kafka::testing::broker_present()) GTEST_SKIP() << "run it under tools/testenv";
  const std::uint32_t seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 random(seed);
  Worker worker;
  testing::OutboxSide producer(worker, kafka::testing::fresh_topic("kill", 3));
  postgres::testing::TestDatabase effects;
  effects.migrate("kit/messaging/migrations");
  effects.query(testing::kEffectTable);
  VictimProcess relay(
      {EVC_VICTIM, "relay", producer.database().conninfo(), producer.topic(), producer.database().name()});
  VictimProcess inbox(
      {EVC_VICTIM, "inbox", effects.conninfo(), producer.topic(), kafka::testing::fresh_name("victim")});

  constexpr int kKeys = 5;
  std::vector<int> written(kKeys, 0);
  const auto write = [&](std::chrono::milliseconds during) {
    for (const auto end = std::chrono::steady_clock::now() + during; std::chrono::steady_clock::now() < end;) {
      const auto key = random() % kKeys;
      const int count = 1 + static_cast<int>(random() % 5);
      producer.append("key-" + std::to_string(key), written[key] + 1, written[key] + count + 1);
      written[key] += count;
    }
  };
  // The first effect shows that both are at work before they are killed.
  write(100ms);
  const auto work_deadline = std::chrono::steady_clock::now() + 30s;
  while (effects.value("SELECT count(*) > 0 FROM effect") != "t")
    ASSERT_LT(std::chrono::steady_clock::now(), work_deadline);
  for (int round = 0; round < 10; ++round) {
    VictimProcess& victim = random() % 2 == 0 ? relay : inbox;
    write(std::chrono::milliseconds(100 + random() % 700));
    victim.kill();
    write(std::chrono::milliseconds(random() % 100));
    victim.start();
  }

  const auto in_order =
      "SELECT coalesce(bool_and(n = place), true) FROM (SELECT n, row_number() OVER (PARTITION BY key ORDER BY id) AS "
      "place FROM effect) AS e";
  const auto total = std::to_string(std::accumulate(written.begin(), written.end(), 0));
  const auto deadline = std::chrono::steady_clock::now() + 60s;
  while (std::chrono::steady_clock::now() < deadline && effects.value("SELECT count(*) FROM effect") != total) {
  }
  EXPECT_EQ(effects.value("SELECT count(*) FROM effect"), total);
  EXPECT_EQ(effects.value("SELECT count(DISTINCT event_id) FROM effect"), total);
  EXPECT_EQ(effects.value(in_order), "t");
  EXPECT_EQ(effects.value("SELECT count(*) FROM dead_letter"), "0");
  EXPECT_EQ(effects.value("SELECT count(*) FROM inbox_parked"), "0");
}

}  // namespace
}  // namespace evc::messaging
