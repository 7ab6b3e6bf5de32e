#include "kit/messaging/operations/waiting_routes.hpp"

#include <gtest/gtest.h>

#include "kit/messaging/operations/event_operations_fixture_test.hpp"

namespace evc::messaging {
namespace {

class WaitingRoutes : public EventOperations {
 protected:
  void gap(const std::string& topic, const std::string& key) {
    for (const std::int64_t sequence : {1, 4, 5}) receive(event(topic, key, sequence));
  }
  static json::Object meant(const std::string& topic, const std::string& key, std::int64_t from, std::int64_t to) {
    return {{"topic", topic}, {"key", key}, {"missingFrom", from}, {"missingTo", to}, {"reason", "lost for good"}};
  }
  // As the relay leaves them: the second event of the key was refused, a third waits.
  void refuse(const std::string& topic, const std::string& key) {
    for (int seq = 2; seq <= 3; ++seq)
      database_.query(
          "INSERT INTO outbox (event_id, topic, key, seq, subject, headers, payload) VALUES (gen_random_uuid(), '" +
          topic + "', '" + key + "', " + std::to_string(seq) + ", '" + key + "', '', '')");
    database_.query("INSERT INTO outbox_parked (topic, key, from_seq) VALUES ('" + topic + "', '" + key + "', 2)");
    database_.query(
        "INSERT INTO outbox_rejected (topic, key, seq, event_id, reason) SELECT topic, key, seq, event_id, "
        "'larger than its topic takes' FROM outbox WHERE topic = '" +
        topic + "' AND key = '" + key + "' AND seq = 2");
  }
  std::string discarded() {
    return database_.value("SELECT count(*) FROM outbox_rejected WHERE discarded_at IS NOT NULL");
  }
};

TEST_F(WaitingRoutes, AGapIsListedAndAccepted) {
  gap("integration.events", "a");
  const auto gaps = get("gaps").object().at("gaps").as_array();
  ASSERT_EQ(gaps.size(), 1u);
  EXPECT_EQ(gaps[0].at("key").as_string(), "a");
  EXPECT_EQ(gaps[0].at("missingFrom").as_int64(), 2);
  EXPECT_EQ(gaps[0].at("missingTo").as_int64(), 3);
  EXPECT_EQ(gaps[0].at("waiting").as_int64(), 2);
  EXPECT_TRUE(get("gaps?key=b").object().at("gaps").as_array().empty());
  const auto other = post("gaps/accept", meant("integration.events", "a", 2, 2));
  EXPECT_EQ(other.status, 409);
  EXPECT_EQ(other.code(), "conflict");
  const auto accepted = post("gaps/accept", meant("integration.events", "a", 2, 3));
  EXPECT_EQ(accepted.result(), "accepted");
  EXPECT_EQ(accepted.object().at("followed").as_int64(), 2);
  EXPECT_EQ(effects("a"), "1,4,5");
  EXPECT_EQ(post("gaps/accept", meant("integration.events", "a", 2, 3)).status, 404);
  const auto run = get("event-runs?action=acceptGap").object().at("runs").as_array().at(0).as_object();
  EXPECT_EQ(run.at("sequence").as_int64(), 3);
  EXPECT_EQ(run.at("reason").as_string(), "lost for good");
  EXPECT_EQ(run.at("by").as_string(), "p1.ana");
}

TEST_F(WaitingRoutes, AGapOfMoneyTakesTwoPeople) {
  gap("payment.events", "a");
  EXPECT_EQ(post("gaps/accept", meant("payment.events", "a", 2, 3)).result(), "approvalRequired");
  EXPECT_EQ(post("gaps/accept", meant("payment.events", "a", 2, 3)).result(), "approvalRequired");
  EXPECT_EQ(effects("a"), "1");
  person_ = "p1.rui";
  EXPECT_EQ(post("gaps/accept", meant("payment.events", "a", 2, 3)).result(), "accepted");
  EXPECT_EQ(effects("a"), "1,4,5");
  EXPECT_EQ(runs("requested_by"), "-,-,p1.ana");
}

TEST_F(WaitingRoutes, AWishForOneGapIsNoneForTheNext) {
  receive(event("payment.events", "a", 1));
  receive(event("payment.events", "a", 3));
  EXPECT_EQ(post("gaps/accept", meant("payment.events", "a", 2, 2)).result(), "approvalRequired");
  receive(event("payment.events", "a", 2));
  receive(event("payment.events", "a", 5));
  person_ = "p1.rui";
  EXPECT_EQ(post("gaps/accept", meant("payment.events", "a", 2, 2)).status, 409);
  EXPECT_EQ(post("gaps/accept", meant("payment.events", "a", 4, 4)).result(), "approvalRequired");
  EXPECT_EQ(effects("a"), "1,2,3");
}

TEST_F(WaitingRoutes, AParkedKeyIsListedItsEventGivenUpAndReleased) {
  refuse("integration.events", "a");
  const auto keys = get("parked-keys?topic=integration.events").object().at("parkedKeys").as_array();
  ASSERT_EQ(keys.size(), 1u);
  EXPECT_EQ(keys[0].at("fromSequence").as_int64(), 2);
  EXPECT_EQ(keys[0].at("waiting").as_int64(), 2);
  const auto& refused = keys[0].at("refused").as_array().at(0);
  EXPECT_EQ(refused.at("sequence").as_int64(), 2);
  EXPECT_EQ(refused.at("reason").as_string(), "larger than its topic takes");
  json::Object place{{"topic", "integration.events"}, {"key", "a"}, {"sequence", 3}, {"reason", "too large"}};
  EXPECT_EQ(post("parked-keys/discard", place).status, 404) << "only what was refused";
  place["sequence"] = 2;
  EXPECT_EQ(post("parked-keys/discard", place).result(), "discarded");
  EXPECT_EQ(post("parked-keys/discard", place).result(), "discarded");
  EXPECT_EQ(discarded(), "1");
  place.erase("sequence");
  EXPECT_EQ(post("parked-keys/release", place).result(), "released");
  EXPECT_EQ(database_.value("SELECT count(*) FROM outbox_parked WHERE release_requested_at IS NOT NULL"), "1");
  EXPECT_TRUE(get("parked-keys").object().at("parkedKeys").at(0).as_object().contains("releaseRequestedAt"));
  place["key"] = "b";
  EXPECT_EQ(post("parked-keys/release", place).status, 404);
  EXPECT_EQ(runs("action"), "discardRejected,discardRejected,release,release");
  EXPECT_EQ(runs("result"), "discarded,discarded,released,notFound");
}

TEST_F(WaitingRoutes, GivingUpAnEventOfASessionTakesTwoPeople) {
  refuse("charging.events", "a");
  const json::Object place{{"topic", "charging.events"}, {"key", "a"}, {"sequence", 2}, {"reason", "too large"}};
  EXPECT_EQ(post("parked-keys/discard", place).result(), "approvalRequired");
  EXPECT_EQ(discarded(), "0");
  person_ = "p1.rui";
  EXPECT_EQ(post("parked-keys/discard", place).result(), "discarded");
  EXPECT_EQ(discarded(), "1");
}

TEST_F(WaitingRoutes, RefusesWhatIsNoDecision) {
  const auto refused = [&](const std::string& target, json::Object body) { return post(target, body).pointer(); };
  EXPECT_EQ(refused("gaps/accept", meant("", "a", 2, 3)), "/topic");
  EXPECT_EQ(refused("gaps/accept", meant("payment.events", "", 2, 3)), "/key");
  EXPECT_EQ(refused("gaps/accept", meant("payment.events", "a", 0, 3)), "/missingFrom");
  EXPECT_EQ(refused("gaps/accept", meant("payment.events", "a", 3, 2)), "/missingTo");
  EXPECT_EQ(refused("parked-keys/release", {{"topic", "t"}, {"key", "a"}, {"reason", ""}}), "/reason");
  EXPECT_EQ(refused("parked-keys/discard", {{"topic", "t"}, {"key", "a"}, {"sequence", 0}, {"reason", "x"}}),
            "/sequence");
  EXPECT_EQ(refused("parked-keys/discard", {{"topic", "t"}, {"key", "a"}, {"sequence", 1}}), "/reason");
}

}  // namespace
}  // namespace evc::messaging
