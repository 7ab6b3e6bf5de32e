#include "kit/messaging/operations/run_routes.hpp"

#include <gtest/gtest.h>

#include "kit/messaging/operations/event_operations_fixture_test.hpp"

namespace evc::messaging {
namespace {

using RunRoutes = EventOperations;

TEST_F(RunRoutes, ListsTheNewestFirstPageByPage) {
  std::vector<Event> letters;
  for (const char* key : {"a", "b", "c"}) letters.push_back(dead("integration.events", key));
  decide("replay", letters);
  decide("discard", {letters[1]});
  const auto first = get("event-runs?limit=3").object();
  ASSERT_EQ(first.at("runs").as_array().size(), 3u);
  EXPECT_EQ(first.at("runs").at(0).at("action").as_string(), "discard");
  EXPECT_EQ(first.at("runs").at(0).at("key").as_string(), "b");
  EXPECT_EQ(first.at("runs").at(1).at("key").as_string(), "c");
  const auto second = get("event-runs?limit=3&cursor=" + std::string(first.at("nextCursor").as_string())).object();
  ASSERT_EQ(second.at("runs").as_array().size(), 1u);
  EXPECT_EQ(second.at("runs").at(0).at("key").as_string(), "a");
  EXPECT_FALSE(second.contains("nextCursor"));
  const auto count = [&](const std::string& query) {
    return get("event-runs?" + query).object().at("runs").as_array().size();
  };
  EXPECT_EQ(count("eventId=" + to_string(letters[1].event_id)), 2u);
  EXPECT_EQ(count("key=b&action=replay"), 1u);
  EXPECT_EQ(count("until=2020-01-01T00:00:00Z"), 0u);
  EXPECT_EQ(count("since=2020-01-01T00:00:00Z"), 4u);
}

TEST_F(RunRoutes, RefusesWhatIsNoFilter) {
  for (const char* query : {"eventId=x", "action=forget", "since=x", "limit=0", "cursor=x"})
    EXPECT_EQ(get(std::string("event-runs?") + query).status, 422) << query;
}

TEST_F(RunRoutes, NothingInTheRunLogCanBeChanged) {
  decide("replay", {dead("integration.events", "a")});
  for (const char* sql : {"UPDATE event_run SET reason = 'another'", "DELETE FROM event_run", "TRUNCATE event_run"})
    EXPECT_THROW(database_.query(sql), std::runtime_error) << sql;
  EXPECT_EQ(runs("reason"), "um motivo");
}

TEST_F(RunRoutes, NobodyOnTheWayKeepsAPseudonym) {
  EXPECT_EQ(get("event-runs").headers.get("cache-control"), "no-store");
}

}  // namespace
}  // namespace evc::messaging
