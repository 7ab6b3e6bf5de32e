// Two relays for one outbox, as processes: one stands still through the other's takeover and is woken afterwards. And a
// slot that is given up under a relay, because it kept more WAL than it may. Nothing is lost, and the first occurrences
// of a key are in order; repetitions are allowed.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "kit/messaging/testing/outbox_side.hpp"
#include "kit/messaging/testing/seen_events.hpp"
#include "kit/messaging/testing/victim_process.hpp"
#include "kit/telemetry/metrics.hpp"

namespace evc::messaging {
namespace {

using namespace std::chrono_literals;
using testing::count_to;
using testing::OutboxSide;
using testing::seen;
using testing::VictimProcess;

class RelayTakeover : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!kafka::testing::broker_present()) GTEST_SKIP() << "run it under tools/testenv";
    side_ = std::make_unique<OutboxSide>(worker_, kafka::testing::fresh_topic("takeover", 3));
  }
  void TearDown() override {
    if (side_) side_->stop_relay();
    side_.reset();
  }
  // The server is asked now and then: a relay in a process of its own wakes no loop here.
  bool until(const std::function<bool()>& reached) {
    for (const auto end = std::chrono::steady_clock::now() + 30s; std::chrono::steady_clock::now() < end;) {
      if (reached()) return true;
      evc::testing::run_task(worker_, sleep_for(worker_, 50ms));
    }
    return false;
  }
  VictimProcess relay_process() {
    return VictimProcess({EVC_VICTIM, "relay", side_->database().conninfo(), side_->topic(), side_->database().name()});
  }
  // The server's process that serves the relay which follows; NULL: none does.
  std::string follower() {
    return side_->database().value("SELECT max(active_pid) FROM pg_replication_slots WHERE slot_name = '" +
                                   side_->database().name() + "'");
  }
  // Of the relay process that holds it, by the port of its connection.
  bool followed_by(const VictimProcess& relay);
  void write(int events) {
    for (int i = 0; i < events; i += 5)
      for (const char* key : {"a", "b", "c"}) side_->append(key, written_ + i, written_ + i + 5);
    written_ += events;
  }
  void expect_everything_in_order() {
    const auto all = seen(side_->read(side_->topic(), static_cast<std::size_t>(3 * written_), 30s));
    EXPECT_EQ(all.broken, 0u);
    for (const char* key : {"a", "b", "c"}) EXPECT_EQ(all.first.at(key), count_to(written_)) << key;
  }

  Worker worker_;
  std::unique_ptr<OutboxSide> side_;
  int written_ = 0;
};

bool RelayTakeover::followed_by(const VictimProcess& relay) {
  const auto name = "victim-" + std::to_string(relay.pid());
  return side_->database().value(
             "SELECT count(*) FROM pg_replication_slots s JOIN pg_stat_activity a ON a.pid = "
             "s.active_pid WHERE s.slot_name = '" +
             side_->database().name() + "' AND a.application_name = '" + name + "'") == "1";
}

TEST_F(RelayTakeover, TwoAtOnceOneStandsStillAndIsWoken) {
  // The server misses a silent relay sooner than the shipped 10 s.
  side_->database().query("ALTER DATABASE " + side_->database().name() + " SET wal_sender_timeout = '3s'");
  auto one = relay_process();
  auto two = relay_process();
  write(100);
  ASSERT_TRUE(until([&] { return followed_by(one) || followed_by(two); }));
  for (int round = 0; round < 2; ++round) {
    VictimProcess& still = followed_by(one) ? one : two;
    VictimProcess& other = &still == &one ? two : one;
    // In the midst of its work: what it has taken and not yet written it will write when it wakes.
    write(100);
    still.suspend();
    write(100);
    ASSERT_TRUE(until([&] { return followed_by(other); })) << "the other one takes over";
    write(100);
    still.wake();
    write(100);
  }
  expect_everything_in_order();
}

TEST_F(RelayTakeover, OneIsKilledAgainAndAgainAndTheOtherTakesOver) {
  auto one = relay_process();
  auto two = relay_process();
  ASSERT_TRUE(until([&] { return followed_by(one) || followed_by(two); }));
  for (int round = 0; round < 4; ++round) {
    VictimProcess& active = followed_by(one) ? one : two;
    VictimProcess& other = &active == &one ? two : one;
    write(50);
    active.kill();
    write(50);
    ASSERT_TRUE(until([&] { return followed_by(other); }));
    active.start();
  }
  expect_everything_in_order();
}

// The server's limit of WAL that a slot may keep, until the end of the test.
class KeptWalLimit {
 public:
  KeptWalLimit(const postgres::testing::TestDatabase& database, const std::string& limit) : database_(database) {
    set("SET max_slot_wal_keep_size = '" + limit + "'");
  }
  ~KeptWalLimit() { set("RESET max_slot_wal_keep_size"); }
  KeptWalLimit(const KeptWalLimit&) = delete;
  KeptWalLimit& operator=(const KeptWalLimit&) = delete;

 private:
  void set(const std::string& what) {
    database_.query("ALTER SYSTEM " + what);
    database_.query("SELECT pg_reload_conf()");
  }
  const postgres::testing::TestDatabase& database_;
};

double metric(const std::string& name, const std::string& slot) {
  const auto text = telemetry::metrics().render();
  const auto at = text.find("\n" + name + "{slot=\"" + slot + "\"} ");
  return at == std::string::npos ? -1 : std::stod(text.substr(text.find("} ", at) + 2));
}

TEST_F(RelayTakeover, ASlotThatKeptTooMuchIsGivenUpAndNothingIsLost) {
  const auto slot = side_->database().name();
  const auto lost =
      "SELECT coalesce(max(wal_status), 'gone') = 'lost' FROM pg_replication_slots WHERE slot_name = '" + slot + "'";
  KeptWalLimit limit(side_->database(), "32MB");
  side_->start_relay();
  write(50);
  ASSERT_TRUE(until([&] { return metric("outbox_relay_slot_safe_bytes", slot) > 0; }));
  const auto safe_before = metric("outbox_relay_slot_safe_bytes", slot);
  EXPECT_EQ(metric("outbox_relay_slots_lost_total", slot), 0);
  {
    kafka::testing::BrokerHangs hangs;
    write(50);
    // Six segments of 16 MB, each of which the slot still needs.
    for (int segment = 0; segment < 6; ++segment)
      side_->database().query(
          "SELECT pg_logical_emit_message(false, 'fill', repeat('x', 1000)); SELECT pg_switch_wal()");
    ASSERT_TRUE(until([&] { return metric("outbox_relay_slot_safe_bytes", slot) < safe_before; })) << "the gauge warns";
    side_->database().query("CHECKPOINT");
    ASSERT_TRUE(until(
        [&] { return side_->database().value(lost) == "t" || metric("outbox_relay_slots_lost_total", slot) > 0; }));
    write(50);
  }
  ASSERT_TRUE(
      until([&] { return side_->relay().health().has_value() && metric("outbox_relay_slots_lost_total", slot) > 0; }));
  write(50);
  expect_everything_in_order();
  EXPECT_GE(metric("outbox_relay_slots_lost_total", slot), 1);
  EXPECT_GT(metric("outbox_relay_emitted_again_total", slot), 0);
}

}  // namespace
}  // namespace evc::messaging
