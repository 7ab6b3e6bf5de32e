#include "kit/messaging/operations/dead_letter_routes.hpp"

#include <gtest/gtest.h>

#include "kit/base/bytes.hpp"
#include "kit/messaging/operations/event_operations_fixture_test.hpp"

namespace evc::messaging {
namespace {

using DeadLetterRoutes = EventOperations;

std::vector<std::string> keys_in(const json::Object& page) {
  std::vector<std::string> keys;
  for (const auto& letter : page.at("deadLetters").as_array()) keys.emplace_back(letter.at("key").as_string());
  return keys;
}
using Keys = std::vector<std::string>;

TEST_F(DeadLetterRoutes, ListsByFilter) {
  const auto a = dead("integration.events", "a");
  dead("integration.events", "b");
  dead("charging.events", "c");
  receive(event("integration.events", "a", 2));
  EXPECT_EQ(keys_in(get("dead-letters").object()), (Keys{"a", "b", "c"}));
  const auto listed = get("dead-letters?key=a").object();
  EXPECT_EQ(keys_in(listed), Keys{"a"});
  const auto& letter = listed.at("deadLetters").at(0);
  EXPECT_EQ(letter.at("eventId").as_string(), to_string(a.event_id));
  EXPECT_EQ(letter.at("waiting").as_int64(), 1);
  EXPECT_EQ(letter.at("consumer").as_string(), "charging");
  EXPECT_EQ(letter.at("errorCode").as_string(), "validation-failed");
  EXPECT_EQ(keys_in(get("dead-letters?topic=charging.events").object()), Keys{"c"});
  EXPECT_EQ(keys_in(get("dead-letters?subject=b&type=Tested").object()), Keys{"b"});
  EXPECT_EQ(keys_in(get("dead-letters?type=Other").object()), Keys{});
  EXPECT_EQ(keys_in(get("dead-letters?errorCode=validation-failed").object()), (Keys{"a", "b", "c"}));
  EXPECT_EQ(keys_in(get("dead-letters?errorCode=conflict").object()), Keys{});
  EXPECT_EQ(keys_in(get("dead-letters?since=2020-01-01T00:00:00Z").object()), (Keys{"a", "b", "c"}));
  EXPECT_EQ(keys_in(get("dead-letters?until=2020-01-01T00:00:00Z").object()), Keys{});
  decide("discard", {a});
  EXPECT_EQ(keys_in(get("dead-letters").object()), (Keys{"b", "c"}));
  EXPECT_EQ(keys_in(get("dead-letters?state=discarded").object()), Keys{"a"});
  EXPECT_EQ(keys_in(get("dead-letters?state=any").object()), (Keys{"a", "b", "c"}));
}

TEST_F(DeadLetterRoutes, GoesFromPageToPage) {
  for (const char* key : {"a", "b", "c", "d", "e"}) dead("integration.events", key);
  Keys seen;
  std::string cursor;
  int pages = 0;
  do {
    const auto page = get("dead-letters?limit=2" + (cursor.empty() ? "" : "&cursor=" + cursor)).object();
    for (auto& key : keys_in(page)) seen.push_back(std::move(key));
    cursor = page.contains("nextCursor") ? std::string(page.at("nextCursor").as_string()) : "";
    ++pages;
  } while (!cursor.empty() && pages < 10);
  EXPECT_EQ(pages, 3);
  EXPECT_EQ(seen, (Keys{"a", "b", "c", "d", "e"}));
}

TEST_F(DeadLetterRoutes, RefusesWhatIsNoFilter) {
  for (const char* name : {"limit=0", "limit=201", "limit=x", "cursor=!", "cursor=AAAA", "state=alive",
                           "key=", "since=yesterday", "until=12"}) {
    const auto answer = get(std::string("dead-letters?") + name);
    EXPECT_EQ(answer.status, 422) << name;
    EXPECT_EQ(answer.pointer(), "?" + std::string(name).substr(0, std::string(name).find('='))) << name;
  }
}

TEST_F(DeadLetterRoutes, ShowsOneWholeWithItsHistory) {
  auto record = testing::sample_record(event("integration.events", "a", 1));
  record.value = "no json";
  record.headers.emplace_back("binary", std::string("\0\xff", 2));
  receive(record);
  const auto id = database_.value("SELECT event_id FROM dead_letter");
  post("dead-letters/replay", {{"eventIds", json::Array{id}}, {"reason", "outra vez"}});
  const auto shown = get("dead-letters/" + id).object();
  EXPECT_EQ(shown.at("value").as_string(), "no json");
  EXPECT_EQ(shown.at("partition").as_int64(), 1);
  EXPECT_EQ(shown.at("offset").as_int64(), 1);
  const auto& headers = shown.at("headers").as_array();
  ASSERT_EQ(headers.size(), record.headers.size());
  for (std::size_t i = 0; i + 1 < headers.size(); ++i) {
    EXPECT_EQ(headers[i].at("name").as_string(), record.headers[i].first);
    EXPECT_EQ(headers[i].at("value").as_string(), record.headers[i].second);
  }
  EXPECT_EQ(headers.back().at("valueBase64").as_string(), base64_encode(record.headers.back().second));
  const auto& run = shown.at("history").as_array().at(0);
  EXPECT_EQ(run.at("by").as_string(), "p1.ana");
  EXPECT_EQ(run.at("reason").as_string(), "outra vez");
  EXPECT_EQ(run.at("result").as_string(), "deadAgain");
  EXPECT_EQ(run.at("errorCode").as_string(), "schema-invalid");
  EXPECT_EQ(get("dead-letters/" + to_string(uuid_v7())).status, 404);
  EXPECT_EQ(get("dead-letters/no-uuid").status, 404);
}

TEST_F(DeadLetterRoutes, ADryRunChangesNothingAndIsRecorded) {
  const auto a = dead("integration.events", "a");
  receive(event("integration.events", "a", 2));
  const auto before = testing::state_of(database_, {"event_run"});
  EXPECT_EQ(decide("dry-run", {a}).results(), "deadAgain");
  mend(a);
  const auto answer =
      send("POST", "dead-letters/dry-run", json::serialize(json::Object{{"eventIds", {to_string(a.event_id)}}}));
  EXPECT_EQ(answer.results(), "applied");
  EXPECT_EQ(answer.object().at("results").at(0).at("followed").as_int64(), 1);
  EXPECT_EQ(testing::state_of(database_, {"event_run"}), before);
  EXPECT_EQ(runs("result"), "deadAgain,applied");
  EXPECT_EQ(runs("reason"), "um motivo,-");
}

TEST_F(DeadLetterRoutes, ReplaysAndDiscardsAndSaysWhatBecameOfEach) {
  const auto a = dead("integration.events", "a");
  const auto b = dead("integration.events", "b");
  receive(event("integration.events", "a", 2));
  mend(a);
  EXPECT_EQ(decide("replay", {a, b, event("integration.events", "x", 1)}).results(), "applied,deadAgain,notFound");
  EXPECT_EQ(effects("a"), "1,2");
  EXPECT_EQ(decide("replay", {a}).results(), "applied") << "it took effect earlier";
  EXPECT_EQ(effects("a"), "1,2");
  EXPECT_EQ(decide("discard", {b, a}).results(), "discarded,applied");
  EXPECT_EQ(decide("replay", {b}).results(), "discarded") << "too late";
  EXPECT_EQ(runs("action"), "replay,replay,replay,replay,discard,discard,replay");
  EXPECT_EQ(runs("result"), "applied,deadAgain,notFound,applied,discarded,applied,discarded");
}

TEST_F(DeadLetterRoutes, TheSameKeyGivesTheSameAnswer) {
  const auto a = dead("integration.events", "a");
  const auto body = json::serialize(json::Object{{"eventIds", {to_string(a.event_id)}}, {"reason", "um motivo"}});
  EXPECT_EQ(send("POST", "dead-letters/replay", body, "k").results(), "deadAgain");
  mend(a);
  const auto again = send("POST", "dead-letters/replay", body, "k");
  EXPECT_EQ(again.results(), "deadAgain");
  EXPECT_EQ(again.headers.get("idempotency-replayed"), "true");
  EXPECT_EQ(send("POST", "dead-letters/discard", body).code(), "idempotency-key-missing");
}

TEST_F(DeadLetterRoutes, EveryDecisionNeedsItsReason) {
  const auto a = dead("integration.events", "a");
  const json::Array ids{to_string(a.event_id)};
  for (const char* verb : {"replay", "discard"}) {
    const auto target = std::string("dead-letters/") + verb;
    EXPECT_EQ(post(target, {{"eventIds", ids}}).pointer(), "/reason");
    EXPECT_EQ(post(target, {{"eventIds", ids}, {"reason", " \n"}}).pointer(), "/reason");
    EXPECT_EQ(post(target, {{"eventIds", ids}, {"reason", std::string(501, 'x')}}).pointer(), "/reason");
    EXPECT_EQ(post(target, {{"eventIds", json::Array{}}, {"reason", "x"}}).pointer(), "/eventIds");
    EXPECT_EQ(post(target, {{"eventIds", json::Array{ids[0], ids[0]}}, {"reason", "x"}}).pointer(), "/eventIds");
  }
  EXPECT_EQ(runs("result"), "");
  std::string longest;
  for (int i = 0; i < 500; ++i) longest += "ã";
  EXPECT_EQ(post("dead-letters/replay", {{"eventIds", ids}, {"reason", longest}}).results(), "deadAgain");
}

TEST_F(DeadLetterRoutes, MoneyTakesTwoPeople) {
  const auto a = dead("payment.events", "a");
  mend(a);
  EXPECT_EQ(decide_as("p1.ana", "dry-run", a).results(), "applied") << "looking takes nobody else";
  const auto first = decide_as("p1.ana", "replay", a);
  EXPECT_EQ(first.results(), "approvalRequired");
  EXPECT_EQ(first.object().at("results").at(0).at("requestedBy").as_string(), "p1.ana");
  EXPECT_EQ(decide_as("p1.ana", "replay", a).results(), "approvalRequired") << "one person twice is one person";
  EXPECT_EQ(decide_as("p1.rui", "discard", a).results(), "approvalRequired") << "another decision is another wish";
  EXPECT_EQ(effects("a"), "");
  const auto waiting = get("event-approvals").object().at("approvals").as_array();
  ASSERT_EQ(waiting.size(), 2u);
  EXPECT_EQ(waiting[0].at("action").as_string(), "replay");
  EXPECT_EQ(waiting[0].at("requestedBy").as_string(), "p1.ana");
  EXPECT_EQ(decide_as("p1.rui", "replay", a).results(), "applied");
  EXPECT_EQ(effects("a"), "1");
  EXPECT_EQ(runs("by_whom"), "p1.ana,p1.ana,p1.ana,p1.rui,p1.rui");
  EXPECT_EQ(runs("requested_by"), "-,-,-,-,p1.ana");
  EXPECT_TRUE(get("event-approvals").object().at("approvals").as_array().empty()) << "nothing is left to decide";
}

TEST_F(DeadLetterRoutes, AWishExpires) {
  const auto a = dead("payment.events", "a");
  mend(a);
  EXPECT_EQ(decide_as("p1.ana", "replay", a).results(), "approvalRequired");
  clock_.later = kApprovalLife;
  EXPECT_TRUE(get("event-approvals").object().at("approvals").as_array().empty());
  EXPECT_EQ(decide_as("p1.rui", "replay", a).results(), "approvalRequired") << "it is his wish now";
  EXPECT_EQ(effects("a"), "");
  EXPECT_EQ(decide_as("p1.ana", "replay", a).results(), "applied");
  EXPECT_EQ(effects("a"), "1");
}

TEST_F(DeadLetterRoutes, AnApprovalStandsUntilItIsUsed) {
  const auto a = dead("payment.events", "a");
  EXPECT_EQ(decide_as("p1.ana", "replay", a).results(), "approvalRequired");
  EXPECT_EQ(decide_as("p1.rui", "replay", a).results(), "deadAgain");
  mend(a);
  EXPECT_EQ(decide_as("p1.rui", "replay", a).results(), "applied");
  EXPECT_EQ(database_.value("SELECT count(*) FROM event_approval"), "0");
}

TEST_F(DeadLetterRoutes, AMassOfDecisionsWaits) {
  database_.query(
      "INSERT INTO event_run (id, at, action, by_whom, result, trace_id) "
      "SELECT gen_random_uuid(), now(), 'dryRun', 'p1.ana', 'applied', '' FROM generate_series(1, 199)");
  const auto a = dead("integration.events", "a"), b = dead("integration.events", "b");
  EXPECT_EQ(decide("dry-run", {a, b}).code(), "rate-limited") << "two are too many";
  EXPECT_EQ(decide("dry-run", {a}).results(), "deadAgain");
  const auto refused = decide("replay", {a});
  EXPECT_EQ(refused.status, 429);
  const auto seconds = std::stoi(std::string(refused.headers.get("retry-after").value_or("0")));
  EXPECT_GE(seconds, 1);
  EXPECT_LE(seconds, 10);
  clock_.later = std::chrono::hours(1);
  EXPECT_EQ(decide("replay", {a}).results(), "deadAgain");
}

TEST_F(DeadLetterRoutes, WhatIsLeftWhenTheTimeIsOverIsToldSo) {
  const auto a = dead("integration.events", "a");
  mend(a);
  time_ = std::chrono::milliseconds(950);
  const auto late = decide("replay", {a});
  EXPECT_EQ(late.results(), "notNow");
  EXPECT_EQ(late.object().at("results").at(0).at("errorCode").as_string(), "deadline-exceeded");
  EXPECT_EQ(effects("a"), "");
  EXPECT_EQ(runs("result"), "") << "nothing was done";
  time_ = std::chrono::seconds(10);
  EXPECT_EQ(decide("replay", {a}).results(), "applied");
}

}  // namespace
}  // namespace evc::messaging
