#include <gtest/gtest.h>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include "kit/base/json.hpp"
#include "services/routing/command/frvcp_command.hpp"

namespace evc::routing::command {
namespace {

constexpr const char* kInstance = R"({
  "max_q": 10, "css": [{"node_id": 2, "cs_type": 0}],
  "breakpoints_by_type": [{"cs_type": 0, "time": [0, 2, 5], "charge": [0, 8, 10]}],
  "energy_matrix": [[0, 6, 2], [6, 0, 5], [2, 5, 0]], "time_matrix": [[0, 3, 1], [3, 0, 2], [1, 2, 0]]})";

TEST(FrvcpCommand, TellsWhereToCharge) {
  const Outcome outcome = frvcp(kInstance, "0,1,0", {});
  ASSERT_EQ(outcome.status, 0) << outcome.err;
  const auto answer = json::parse(outcome.out).value().as_object();
  EXPECT_DOUBLE_EQ(answer.at("duration").as_double(), 9.5);
  const auto& route = answer.at("route").as_array();
  ASSERT_EQ(route.size(), 5u);
  EXPECT_EQ(route[1].at("node").to_number<int>(), 2);
  EXPECT_DOUBLE_EQ(route[1].at("departed").to_number<double>(), 10);
}

TEST(FrvcpCommand, AnImpossibleRouteIsAnAnswer) {
  const Outcome outcome = frvcp(kInstance, "0,1", {.start = 3, .reserve = 1.5});
  EXPECT_EQ(outcome.status, kNoSolution);
  EXPECT_FALSE(json::parse(outcome.out).value().at("feasible").as_bool());
}

TEST(FrvcpCommand, BadInputIsNamed) {
  EXPECT_EQ(frvcp("{", "0", {}).status, kBadInput);
  EXPECT_EQ(frvcp(kInstance, "0,x", {}).err, "route: /route/1 must be a node number\n");
  EXPECT_EQ(frvcp(kInstance, "0,7", {}).err, "route: /route/1 is no node of the instance\n");
  EXPECT_EQ(frvcp(kInstance, "0,1", {.start = -1}).status, kBadInput);
}

}  // namespace
}  // namespace evc::routing::command
