#include <gtest/gtest.h>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include "kit/base/json.hpp"
#include "services/routing/command/frvcp_command.hpp"
#include "services/routing/command/validate_command.hpp"

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

// Made-up cars on a made-up cycle: a minute at 72 km/h takes (F · v + 300 W) / 0.9 and 300 W.
constexpr const char* kRowsHeader = "car,aLbf,bLbfPerMph,cLbfPerMph2,weightLb,cycle,whPerMile\n";

std::string even_cycle() {
  std::string csv = "cycle,second,kmh\n";
  for (int second = 0; second <= 60; ++second) csv += "EVEN," + std::to_string(second) + ",72\n";
  return csv;
}

TEST(ValidateCommand, TellsMedianAndNinetiethPercentile) {
  // 100 lbf at every speed: 444.8 N / 0.9 / 3.6 and 300 W at 20 m/s are 141.46 Wh/km or 227.66 Wh a mile.
  const std::string rows = std::string(kRowsHeader) + "A,100,0,0,4000,EVEN,227.66\nB,100,0,0,4000,EVEN,206.96\n" +
                           "C,100,0,0,4000,EVEN,250\n";
  const Outcome outcome = validate(rows, even_cycle());
  ASSERT_EQ(outcome.status, 0) << outcome.err;
  EXPECT_NE(outcome.out.find("A EVEN: 141.5 Wh/km, certified 141.5, "), std::string::npos) << outcome.out;
  EXPECT_NE(outcome.out.find("B EVEN: 141.5 Wh/km, certified 128.6, +10.0 %"), std::string::npos) << outcome.out;
  EXPECT_NE(outcome.out.find("3 results: median error 8.9 %, p90 10.0 %"), std::string::npos) << outcome.out;
}

TEST(ValidateCommand, BadInputIsNamed) {
  EXPECT_EQ(validate("car\n", even_cycle()).status, kBadInput);
  EXPECT_EQ(validate(std::string(kRowsHeader) + "A,x,0,0,4000,EVEN,200\n", even_cycle()).err,
            "rows: /2 not a number: x\n");
  EXPECT_EQ(validate(std::string(kRowsHeader) + "A,100,0,0,4000,OTHER,200\n", even_cycle()).status, kBadInput);
  EXPECT_EQ(validate(kRowsHeader, even_cycle()).status, kBadInput);
  EXPECT_EQ(validate(kRowsHeader, "x\n").status, kBadInput);
}

}  // namespace
}  // namespace evc::routing::command
