// From the failure of an event to its end: buried as it was, its subject parked, then replayed, tried out or given up.
#include <gtest/gtest.h>

#include <set>

#include "kit/base/bytes.hpp"
#include "kit/messaging/header_bytes.hpp"
#include "kit/messaging/inbox_fixture_test.hpp"
#include "kit/messaging/testing/database_state.hpp"

namespace evc::messaging {
namespace {

using DeadLetters = InboxOfBroker;

TEST_F(DeadLetters, APoisonedEventIsBuriedAndStopsOnlyItsSubject) {
  auto poisoned = events("station", 5);
  for (std::size_t i = 0; i < poisoned.size(); ++i) poisoned[i].subject = i % 2 == 0 ? "station/1" : "station/2";
  side_->failing = [&](const Event& event) -> std::optional<Error> {
    if (event.event_id != poisoned[0].event_id) return std::nullopt;
    return Error{.code = Code::kValidationFailed, .detail = "a meter runs backwards"};
  };
  side_->start();
  side_->produce(records(poisoned));
  side_->produce(records(events("other", 2)));
  EXPECT_TRUE(side_->effects_become("other", "1,2"));
  EXPECT_TRUE(side_->effects_become("station", "2,4"));
  EXPECT_EQ(status(poisoned[0]), "dead");
  EXPECT_EQ(status(poisoned[2]), "parked");
  EXPECT_EQ(side_->database().value("SELECT event_id || ' ' || error_code || ' ' || attempts FROM dead_letter"),
            to_string(poisoned[0].event_id) + " validation-failed 1");
}

TEST_F(DeadLetters, AnEventThatMayPassLaterStaysDeadWithAllThatWaits) {
  const auto all = events("a", 3);
  enum class Health { kPoisoned, kDown, kWell } health = Health::kPoisoned;
  side_->failing = [&](const Event& event) -> std::optional<Error> {
    if (health == Health::kPoisoned && event.event_id == all[0].event_id) return Error{.code = Code::kValidationFailed};
    if (health == Health::kDown && event.event_id == all[2].event_id) return Error{.code = Code::kServiceUnavailable};
    return std::nullopt;
  };
  side_->start();
  side_->produce(records(all));
  ASSERT_TRUE(status_becomes(all[2], "parked"));
  health = Health::kDown;
  const auto decided = decide(Action::kReplay, all[0]);
  EXPECT_EQ(decided.outcome, Outcome::kNotNow);
  EXPECT_EQ(decided.error_code, "service-unavailable");
  EXPECT_EQ(side_->effects("a"), "") << "all of it or nothing";
  health = Health::kWell;
  EXPECT_EQ(decide(Action::kReplay, all[0]).outcome, Outcome::kApplied);
  EXPECT_EQ(side_->effects("a"), "1,2,3");
}

TEST_F(DeadLetters, ADryRunSaysWhatWouldHappenAndChangesNothing) {
  const auto all = events("a", 4);
  std::set<Uuid> bad{all[0].event_id, all[2].event_id};
  side_->failing = [&](const Event& event) -> std::optional<Error> {
    if (!bad.contains(event.event_id)) return std::nullopt;
    return Error{.code = Code::kValidationFailed, .detail = "no"};
  };
  side_->start();
  side_->produce(records(all));
  ASSERT_TRUE(status_becomes(all[3], "parked"));
  const auto before = testing::state_of(side_->database(), {"event_run"});
  const auto bad_still = decide(Action::kDryRun, all[0]);
  EXPECT_EQ(bad_still.outcome, Outcome::kDeadAgain);
  EXPECT_EQ(bad_still.error_code, "validation-failed");
  bad.erase(all[0].event_id);
  const auto good = decide(Action::kDryRun, all[0]);
  EXPECT_EQ(good.outcome, Outcome::kApplied);
  EXPECT_EQ(good.followed, 1);
  EXPECT_EQ(good.next_dead, all[2].event_id);
  EXPECT_EQ(testing::state_of(side_->database(), {"event_run"}), before);
  EXPECT_EQ(results(), "deadAgain,applied");
  EXPECT_EQ(decide(Action::kReplay, all[0]).followed, 1) << "as it was told";
  EXPECT_EQ(side_->effects("a"), "1,2");
}

TEST_F(DeadLetters, TheDeadLetterIsTheRecordByteForByte) {
  auto record = sample_record(event("a", 1));
  record.value = "not json \xff";
  record.headers.emplace_back("binary", std::string("\0\x01", 2));
  record.headers.emplace_back("twice", "1");
  record.headers.emplace_back("twice", "2");
  record.headers.emplace_back("empty", "");
  side_->start();
  side_->produce({sample_record(event("before", 1)), record});
  ASSERT_TRUE(side_->becomes("SELECT count(*) FROM dead_letter", "1"));
  const auto place = side_->database().query(
      "SELECT partition, kafka_offset, to_char(record_time AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.MS\"Z\"'), "
      "error_detail, to_char(first_failed_at AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.MS\"Z\"') FROM dead_letter")
                         [0];
  const auto row =
      side_->database().query("SELECT topic, key, encode(headers, 'hex'), encode(payload, 'hex') FROM outbox")[0];
  EXPECT_EQ(row[0], side_->topic() + "." + side_->group() + ".dlq");
  EXPECT_EQ(row[1], "a");
  EXPECT_EQ(*hex_decode(row[3]), record.value);
  const auto headers = decode_headers(*hex_decode(row[2]));
  ASSERT_TRUE(headers);
  const auto original = static_cast<std::ptrdiff_t>(record.headers.size());
  EXPECT_EQ(kafka::Headers(headers->begin(), headers->begin() + original), record.headers);
  const kafka::Headers added(headers->begin() + original, headers->end());
  const kafka::Headers expected{{"dlq-original-topic", side_->topic()}, {"dlq-original-partition", place[0]},
                                {"dlq-original-offset", place[1]},      {"dlq-original-timestamp", place[2]},
                                {"dlq-original-group", side_->group()}, {"dlq-error-code", "schema-invalid"},
                                {"dlq-error-detail", place[3]},         {"dlq-attempts", "1"},
                                {"dlq-first-failed-at", place[4]}};
  EXPECT_EQ(added, expected);
  EXPECT_FALSE(place[3].empty());
}

TEST_F(DeadLetters, WhatIsNoTextIsBuriedAllTheSame) {
  auto strange = sample_record(event("a", 1));
  for (auto& [name, value] : strange.headers)
    if (name == "ce_subject" || name == "ce_type") value = std::string("a\0\xff", 3);
  side_->start();
  side_->produce({strange, sample_record(event("b", 1))});
  EXPECT_TRUE(side_->effects_become("b", "1"));
  ASSERT_TRUE(side_->becomes("SELECT count(*) FROM dead_letter", "1"));
  EXPECT_EQ(side_->database().value("SELECT subject || ' ' || type FROM dead_letter"), "a\\x00\\xff a\\x00\\xff");
  const auto stored =
      decode_headers(*hex_decode(side_->database().value("SELECT encode(headers, 'hex') FROM dead_letter")));
  EXPECT_EQ(*stored, strange.headers);
}

TEST_F(DeadLetters, ALongReasonIsCutToWhatTheContractTakes) {
  side_->failing = [](const Event&) -> std::optional<Error> {
    return Error{.code = Code::kValidationFailed, .detail = std::string(5'000, 'x') + "\xff"};
  };
  side_->start();
  side_->produce({sample_record(event("a", 1))});
  ASSERT_TRUE(side_->becomes("SELECT count(*) FROM dead_letter", "1"));
  EXPECT_EQ(side_->database().value("SELECT length(error_detail) FROM dead_letter"), "1000");
}

TEST_F(DeadLetters, AnUnreadableRecordTakesItsPlaceInTheSequence) {
  auto all = events("a", 3);
  for (auto& each : all) each.subject = "subject-" + std::to_string(each.sequence);
  auto broken = records(all);
  broken[1].headers.clear();
  broken[1].value = "?";
  side_->start();
  side_->produce(broken);
  EXPECT_TRUE(side_->effects_become("a", "1,3"));
  EXPECT_TRUE(side_->becomes("SELECT count(*) FROM dead_letter WHERE state = 'dead'", "1"));
}

TEST_F(DeadLetters, ReplayAppliesTheEventAndWhatWaitedBehindIt) {
  const auto all = events("a", 4);
  bool mended = false;
  side_->failing = [&](const Event& event) -> std::optional<Error> {
    if (mended || event.event_id != all[1].event_id) return std::nullopt;
    return Error{.code = Code::kConstraintViolation, .detail = "no"};
  };
  side_->start();
  side_->produce(records(all));
  ASSERT_TRUE(status_becomes(all[3], "parked"));
  const auto failed = decide(Action::kReplay, all[1]);
  EXPECT_EQ(failed.outcome, Outcome::kDeadAgain);
  EXPECT_EQ(failed.error_code, "constraint-violation");
  EXPECT_EQ(status(all[1]), "dead");
  mended = true;
  const auto replayed = decide(Action::kReplay, all[1]);
  EXPECT_EQ(replayed.outcome, Outcome::kApplied) << replayed.error_detail;
  EXPECT_EQ(replayed.followed, 2);
  EXPECT_EQ(side_->effects("a"), "1,2,3,4");
  EXPECT_EQ(decide(Action::kReplay, all[1]).outcome, Outcome::kApplied) << "twice is once";
  EXPECT_EQ(side_->effects("a"), "1,2,3,4");
  side_->produce({sample_record(event("a", 5))});
  EXPECT_TRUE(side_->effects_become("a", "1,2,3,4,5"));
  EXPECT_EQ(results(), "deadAgain,applied,applied");
}

TEST_F(DeadLetters, TheNextFailureBehindADeadLetterIsTheNextDeadLetter) {
  const auto all = events("a", 4);
  std::set<Uuid> bad{all[0].event_id, all[2].event_id};
  side_->failing = [&](const Event& event) -> std::optional<Error> {
    if (!bad.contains(event.event_id)) return std::nullopt;
    return Error{.code = Code::kValidationFailed};
  };
  side_->start();
  side_->produce(records(all));
  ASSERT_TRUE(status_becomes(all[3], "parked"));
  bad.erase(all[0].event_id);
  EXPECT_EQ(decide(Action::kReplay, all[0]).next_dead, all[2].event_id);
  EXPECT_EQ(side_->effects("a"), "1,2");
  EXPECT_EQ(status(all[2]), "dead");
  EXPECT_EQ(status(all[3]), "parked");
  EXPECT_EQ(decide(Action::kDiscard, all[2]).outcome, Outcome::kDiscarded);
  EXPECT_EQ(side_->effects("a"), "1,2,4");
  EXPECT_EQ(status(all[2]), "discarded");
  EXPECT_EQ(side_->database().value("SELECT count(*) FROM parked"), "0");
}

}  // namespace
}  // namespace evc::messaging
