#include "kit/messaging/relay.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "kit/messaging/testing/outbox_side.hpp"
#include "kit/messaging/testing/seen_events.hpp"
#include "kit/telemetry/span.hpp"

namespace evc::messaging {
namespace {

using namespace std::chrono_literals;
using testing::count_to;
using ::testing::ElementsAre;
using testing::OutboxSide;
using testing::seen;
using ::testing::SizeIs;

class RelayToBroker : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!kafka::testing::broker_present()) GTEST_SKIP() << "run it under tools/testenv";
    side_ = std::make_unique<OutboxSide>(worker_, kafka::testing::fresh_topic("relay", 3));
  }
  void TearDown() override {
    if (side_) side_->stop_relay();
    side_.reset();
  }
  bool until(const std::function<bool()>& reached) { return evc::testing::run_until(worker_, reached, 20s); }

  Worker worker_;
  std::unique_ptr<OutboxSide> side_;
};

TEST_F(RelayToBroker, CommittedEventsArriveInOrderOnceAndWhole) {
  side_->start_relay();
  std::vector<Uuid> ids;
  for (int round = 0; round < 20; ++round)
    for (const char* key : {"a", "b", "c"}) side_->append(key, round * 2, round * 2 + 2);
  const auto records = side_->read(side_->topic(), 120);
  ASSERT_THAT(records, SizeIs(120));
  const auto all = seen(records);
  EXPECT_EQ(all.duplicates, 0u);
  for (const char* key : {"a", "b", "c"}) EXPECT_EQ(all.first.at(key), count_to(40)) << key;
  EXPECT_TRUE(side_->relay().health());
}

TEST_F(RelayToBroker, WhatWasCommittedBeforeTheFirstStartIsNotForgotten) {
  side_->append("k", 0, 7);
  side_->start_relay();
  EXPECT_EQ(seen(side_->read(side_->topic(), 7)).first.at("k"), count_to(7));
}

TEST_F(RelayToBroker, ARolledBackEventNeverLeaves) {
  side_->start_relay();
  side_->database().query(
      "BEGIN; INSERT INTO outbox (event_id, topic, key, seq, subject, headers, payload) VALUES "
      "(gen_random_uuid(), '" +
      side_->topic() + "', 'ghost', 1, 'ghost', '', ''); ROLLBACK");
  side_->append("k", 0, 1);
  const auto records = side_->read(side_->topic(), 1);
  ASSERT_THAT(records, SizeIs(1));
  EXPECT_EQ(records[0].key, "k");
}

TEST_F(RelayToBroker, ARelayThatEndsAnywhereLosesNothing) {
  side_->start_relay();
  for (int round = 0; round < 5; ++round) {
    for (int i = 0; i < 10; ++i) side_->append("k", 0, 10);
    // In the midst of its work: nothing waits for the broker.
    side_->stop_relay();
    side_->start_relay();
  }
  EXPECT_EQ(seen(side_->read(side_->topic(), 500)).first.at("k"), count_to(500));
}

TEST_F(RelayToBroker, ASecondRelayStandsByAndTakesOver) {
  side_->start_relay();
  side_->append("k", 0, 1);
  ASSERT_THAT(side_->read(side_->topic(), 1), SizeIs(1));
  Relay second(worker_, side_->pool(), side_->relay_options());
  TaskGroup tasks(worker_.io());
  tasks.spawn("second", second.run());
  ASSERT_TRUE(until([&] { return second.health().has_value(); }));
  side_->stop_relay();
  side_->append("k", 1, 2);
  EXPECT_EQ(seen(side_->read(side_->topic(), 2)).first.at("k"), count_to(2));
  tasks.cancel();
  EXPECT_TRUE(evc::testing::run_task(worker_, tasks.drain(std::chrono::steady_clock::now() + 5s)));
}

TEST_F(RelayToBroker, AHangingBrokerIsGivenUpAndTheRelayGoesOnFromItsPosition) {
  side_->start_relay();
  side_->append("k", 0, 1);
  ASSERT_THAT(side_->read(side_->topic(), 1), SizeIs(1));
  {
    kafka::testing::BrokerHangs hangs;
    side_->append("k", 1, 50);
    ASSERT_TRUE(until([&] { return !side_->relay().health(); }));
    EXPECT_EQ(side_->relay().health().error().code, Code::kBrokerUnavailable);
    side_->append("k", 50, 100);
  }
  ASSERT_TRUE(until([&] { return side_->relay().health().has_value(); }));
  EXPECT_EQ(seen(side_->read(side_->topic(), 100)).first.at("k"), count_to(100));
}

TEST_F(RelayToBroker, ALostSlotCostsDuplicatesOnly) {
  side_->start_relay();
  side_->append("k", 0, 20);
  ASSERT_THAT(side_->read(side_->topic(), 20), SizeIs(20));
  side_->stop_relay();
  ASSERT_TRUE(until([&] {
    return side_->database().value("SELECT count(*) FROM pg_replication_slots WHERE active AND slot_name = '" +
                                   side_->database().name() + "'") == "0";
  }));
  side_->append("k", 20, 30);
  side_->database().query("SELECT pg_drop_replication_slot('" + side_->database().name() + "')");
  side_->append("k", 30, 40);
  side_->start_relay();
  const auto all = seen(side_->read(side_->topic(), 40));
  EXPECT_EQ(all.first.at("k"), count_to(40));
  EXPECT_GE(all.duplicates, 20u);
}

TEST_F(RelayToBroker, OtherBrokersGetTheWholeOutbox) {
  auto options = side_->relay_options();
  options.limits.largest_record_bytes = 20'000;
  side_->start_relay(options);
  side_->append("k", 0, 20);
  side_->append("parked", 0, 3);
  const auto too_large = [&](const std::string& key, int sequence) {
    side_->database().query("UPDATE stream SET seq = " + std::to_string(sequence) + " WHERE key = '" + key +
                            "'; INSERT INTO outbox (event_id, topic, key, seq, subject, headers, payload) VALUES "
                            "(gen_random_uuid(), '" +
                            side_->topic() + "', '" + key + "', " + std::to_string(sequence) +
                            ", 'x', '', decode(repeat('41', 30000), 'hex'))");
  };
  too_large("parked", 4);
  ASSERT_TRUE(until([&] { return side_->database().value("SELECT count(*) FROM outbox_parked") == "1"; }));
  ASSERT_THAT(side_->read(side_->topic(), 23), SizeIs(23));
  side_->stop_relay();
  const auto cluster = side_->database().value("SELECT cluster_id FROM relay_state");
  EXPECT_EQ(cluster.size(), 22u) << cluster;

  // As if what was delivered had gone to brokers that are no more.
  side_->database().query("UPDATE relay_state SET cluster_id = 'another'");
  side_->append("k", 20, 25);
  side_->append("parked", 4, 6);
  side_->start_relay(options);
  const auto all = seen(side_->read(side_->topic(), 28));
  EXPECT_EQ(all.first.at("k"), count_to(25));
  EXPECT_EQ(all.first.at("parked"), count_to(3))
      << "what was before the rejected record is there, and nothing after it";
  EXPECT_GE(all.duplicates, 23u) << "20 and 3 again: the same event ids";
  EXPECT_EQ(side_->database().value("SELECT cluster_id FROM relay_state"), cluster);
  EXPECT_EQ(side_->database().value("SELECT count(*) FROM relay_state WHERE reemit_from IS NOT NULL"), "0");

  // What an operator has given up stays given up.
  side_->database().query(
      "UPDATE outbox_rejected SET discarded_at = now(); UPDATE outbox_parked SET release_requested_at = now()");
  ASSERT_TRUE(until([&] { return side_->database().value("SELECT count(*) FROM outbox_parked") == "0"; }));
  side_->stop_relay();
  side_->database().query("UPDATE relay_state SET cluster_id = 'another'");
  side_->start_relay(options);
  EXPECT_EQ(side_->database().value("SELECT count(*) FROM outbox_parked"), "0");
}

TEST_F(RelayToBroker, ALostConnectionToPostgresIsMended) {
  side_->start_relay();
  side_->append("k", 0, 5);
  ASSERT_THAT(side_->read(side_->topic(), 5), SizeIs(5));
  side_->database().query("SELECT pg_terminate_backend(active_pid) FROM pg_replication_slots WHERE slot_name = '" +
                          side_->database().name() + "'");
  side_->append("k", 5, 10);
  EXPECT_EQ(seen(side_->read(side_->topic(), 10)).first.at("k"), count_to(10));
}

TEST_F(RelayToBroker, ATooLargeRecordParksItsKeyAndNoOther) {
  auto options = side_->relay_options();
  options.limits.largest_record_bytes = 20'000;
  side_->start_relay(options);
  side_->append("big", 0, 1);
  side_->database().query(
      "INSERT INTO stream VALUES ('" + side_->topic() +
      "', 'big', 2) ON CONFLICT (topic, key) DO UPDATE SET seq = 2;"
      "INSERT INTO outbox (event_id, topic, key, seq, subject, headers, payload) VALUES (gen_random_uuid(), '" +
      side_->topic() + "', 'big', 2, 'big', '', decode(repeat('41', 30000), 'hex'))");
  side_->append("big", 2, 4);
  side_->append("small", 0, 3);
  auto records = side_->read(side_->topic(), 4);
  ASSERT_THAT(records, SizeIs(4));
  EXPECT_EQ(side_->database().value("SELECT seq FROM outbox_rejected WHERE key = 'big'"), "2");

  // The operator gives the record up: what waited behind it comes, in order.
  side_->database().query(
      "UPDATE outbox_rejected SET discarded_at = now(); UPDATE outbox_parked SET release_requested_at = now()");
  records = side_->read(side_->topic(), 6);
  const auto all = seen(records);
  EXPECT_THAT(all.first.at("big"), ElementsAre(1, 3, 4));
  EXPECT_EQ(all.first.at("small"), count_to(3));
  EXPECT_TRUE(until([&] { return side_->database().value("SELECT count(*) FROM outbox_parked") == "0"; }));
  side_->append("big", 4, 5);
  EXPECT_THAT(seen(side_->read(side_->topic(), 7)).first.at("big"), ElementsAre(1, 3, 4, 5));
}

TEST_F(RelayToBroker, ARecordThatTheBrokerRefusesIsParkedToo) {
  const auto topic = kafka::testing::fresh_topic("refuse", 1, {{"max.message.bytes", "30000"}});
  OutboxSide side(worker_, topic);
  side.start_relay();
  side.database().query(
      "INSERT INTO outbox (event_id, topic, key, seq, subject, headers, payload) VALUES (gen_random_uuid(), '" + topic +
      "', 'big', 1, 'big', '', decode(repeat('41', 50000), 'hex'))");
  side.append("small", 0, 1);
  EXPECT_THAT(side.read(topic, 1), SizeIs(1));
  EXPECT_TRUE(
      until([&] { return side.database().value("SELECT count(*) FROM outbox_parked WHERE key = 'big'") == "1"; }));
  side.stop_relay();
}

TEST_F(RelayToBroker, OldPartitionsGoOnlyWhenDelivered) {
  auto& database = side_->database();
  database.query("CREATE TABLE outbox_20200101 PARTITION OF outbox FOR VALUES FROM ('2020-01-01Z') TO ('2020-01-02Z')");
  const auto maintain = "SELECT outbox_maintain('" + database.name() + "', interval '1 day', 7)";
  EXPECT_EQ(database.value(maintain), "0") << "no relay has ever delivered anything";
  side_->start_relay();
  ASSERT_TRUE(until(
      [&] { return database.value("SELECT count(*) FROM relay_state WHERE safe_created_at > '2020-01-03'") == "1"; }));
  EXPECT_EQ(database.value(maintain), "1");
  EXPECT_EQ(database.value("SELECT to_regclass('outbox_20200101') IS NULL"), "t");
}

TEST_F(RelayToBroker, TheSendSpanLinksToTheCreationAndLeavesTheHeadersAlone) {
  std::vector<telemetry::EndedSpan> spans;
  telemetry::set_test_sink([&](const telemetry::EndedSpan& span) { spans.push_back(span); });
  side_->start_relay();
  side_->append("k", 0, 1);
  const auto records = side_->read(side_->topic(), 1);
  const auto ended = [&](const std::string& name) {
    return std::ranges::find(spans, name + " " + side_->topic(), &telemetry::EndedSpan::name) != spans.end();
  };
  ASSERT_TRUE(until([&] { return ended("create") && ended("send"); }));
  telemetry::set_test_sink({});
  ASSERT_THAT(records, SizeIs(1));
  const auto find = [&](const std::string& name) {
    const auto found = std::ranges::find(spans, name + " " + side_->topic(), &telemetry::EndedSpan::name);
    EXPECT_NE(found, spans.end()) << name;
    return *found;
  };
  const auto create = find("create");
  const auto send = find("send");
  EXPECT_EQ(create.kind, telemetry::SpanKind::kProducer);
  EXPECT_EQ(records[0].header("traceparent"), create.context.traceparent());
  EXPECT_EQ(send.kind, telemetry::SpanKind::kClient);
  ASSERT_THAT(send.links, SizeIs(1));
  EXPECT_EQ(send.links[0].traceparent(), create.context.traceparent());
}

}  // namespace
}  // namespace evc::messaging
