#include "simulators/charge_point/domain/fleet_plan.hpp"

#include <gtest/gtest.h>

namespace evc::charge_point {
namespace {

const ev::Vehicle kCar{.usable_kwh = 45, .ac_kw = 7, .dc_kw = 60, .curve = {{0, 55}, {0.5, 60}, {0.8, 35}, {1, 5}}};

constexpr std::string_view kSites = R"({"sites":[
  {"id":"NEAR","lat":-23.0,"lon":-45.0,"connectors":[{"id":1,"type":"CCS2","powerKw":150,"current":"DC"},{"id":2,"type":"Type2","powerKw":22,"current":"AC"}]},
  {"id":"FAR-1","lat":-10.0,"lon":-38.0,"connectors":[]},{"id":"FAR-2","lat":-11.0,"lon":-38.0,"connectors":[]},{"id":"FAR-3","lat":-12.0,"lon":-38.0,"connectors":[]}]})";

TEST(FleetPlan, TakesTheCorridorAndEveryNthOfTheRest) {
  const auto corridor = parse_corridor("-23.1,-46.0 -23.1,-44.0");
  ASSERT_TRUE(corridor);
  const auto plans = plan_sites(kSites, {.corridor = *corridor, .corridor_km = 15, .every = 2}, kCar);
  ASSERT_TRUE(plans);
  std::vector<std::string> ids;
  for (const auto& plan : *plans) ids.push_back(plan.station_id);
  EXPECT_EQ(ids, (std::vector<std::string>{"NEAR", "FAR-1", "FAR-3"}));
  EXPECT_EQ(plans->at(0).connectors.size(), 2u);
  EXPECT_DOUBLE_EQ(plans->at(0).connectors[1].curve->power_kw(0.3), 7)
      << "an AC connector charges with the car's own charger";
}

TEST(FleetPlan, ABrokenCorridorIsRefused) {
  EXPECT_FALSE(parse_corridor("-23.1;-46.0"));
  EXPECT_FALSE(parse_corridor("-23.1,x"));
  EXPECT_TRUE(parse_corridor("")->empty());
}

TEST(FleetPlan, TheLoadFleetIsNumbered) {
  const auto plans = plan_load_fleet(1500, 1, kCar);
  EXPECT_EQ(plans.back().station_id, "LOAD-01500");
  EXPECT_EQ(plans.back().connectors[0].curve, plans.front().connectors[1].curve) << "curves are shared";
  EXPECT_NE(plans.back().seed, plans.front().seed);
}

}  // namespace
}  // namespace evc::charge_point
