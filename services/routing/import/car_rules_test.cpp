#include "services/routing/import/car_rules.hpp"

#include <gtest/gtest.h>

#include "services/routing/domain/roads/speed_slope.hpp"
#include "services/routing/import/charging_tags.hpp"
#include "services/routing/import/point_tags.hpp"

namespace evc::routing {
namespace {

double kmh(std::uint8_t speed_class) {
  return roads::kmh_of_class(speed_class);
}

TEST(CarRules, WhatIsARoadForCars) {
  EXPECT_TRUE(car_way({{"highway", "primary"}}));
  EXPECT_TRUE(car_way({{"highway", "track"}, {"motor_vehicle", "yes"}}));
  EXPECT_TRUE(car_way({{"highway", "service"}, {"access", "destination"}}));
  EXPECT_TRUE(car_way({{"highway", "residential"}, {"access", "no"}, {"motor_vehicle", "yes"}}))
      << "the particular key";
  for (const Tags& none :
       {Tags{{"highway", "footway"}}, Tags{{"highway", "track"}}, Tags{{"highway", "construction"}},
        Tags{{"building", "yes"}}, Tags{{"highway", "service"}, {"access", "private"}},
        Tags{{"highway", "residential"}, {"motorcar", "no"}}, Tags{{"highway", "service"}, {"area", "yes"}},
        Tags{{"highway", "primary"}, {"oneway", "reversible"}}, Tags{{"route", "ferry"}, {"motor_vehicle", "no"}}})
    EXPECT_FALSE(car_way(none)) << none.all()[0].second;
}

TEST(CarRules, Directions) {
  const auto open = [](const Tags& tags) {
    const CarWay way = *car_way(tags);
    return std::pair(way.speed_along > 0, way.speed_against > 0);
  };
  EXPECT_EQ(open({{"highway", "primary"}}), std::pair(true, true));
  EXPECT_EQ(open({{"highway", "primary"}, {"oneway", "yes"}}), std::pair(true, false));
  EXPECT_EQ(open({{"highway", "primary"}, {"oneway", "-1"}}), std::pair(false, true));
  EXPECT_EQ(open({{"highway", "motorway"}}), std::pair(true, false));
  EXPECT_EQ(open({{"highway", "motorway"}, {"oneway", "no"}}), std::pair(true, true));
  EXPECT_EQ(open({{"highway", "primary"}, {"junction", "roundabout"}}), std::pair(true, false));
  EXPECT_EQ(open({{"highway", "primary"}, {"oneway", "yes"}, {"oneway:motorcar", "no"}}), std::pair(true, true));
}

TEST(CarRules, Speeds) {
  EXPECT_EQ(kmh(car_way({{"highway", "primary"}})->speed_along), 70);
  EXPECT_EQ(kmh(car_way({{"highway", "primary"}, {"maxspeed", "100"}})->speed_along), 95);
  const CarWay both = *car_way({{"highway", "primary"}, {"maxspeed", "80"}, {"maxspeed:backward", "40"}});
  EXPECT_EQ(kmh(both.speed_along), 75);
  EXPECT_EQ(kmh(both.speed_against), 40);
  EXPECT_EQ(kmh(car_way({{"highway", "secondary"}, {"surface", "gravel"}})->speed_along), 40);
  EXPECT_EQ(kmh(car_way({{"highway", "service"}, {"service", "parking_aisle"}})->speed_along), 10);
  EXPECT_EQ(speed_limit_kmh("60"), 60);
  EXPECT_EQ(speed_limit_kmh("60 km/h"), 60);
  EXPECT_NEAR(*speed_limit_kmh("40 mph"), 64.4, 0.1);
  EXPECT_EQ(speed_limit_kmh("BR:urban"), 50);
  EXPECT_EQ(speed_limit_kmh("none"), 130);
  EXPECT_FALSE(speed_limit_kmh("signals"));
  EXPECT_FALSE(speed_limit_kmh("-5"));
  EXPECT_FALSE(speed_limit_kmh("4000"));
  for (const char* no_speed : {"nan", "inf", "nan mph", "-nan"}) EXPECT_FALSE(speed_limit_kmh(no_speed)) << no_speed;
}

TEST(CarRules, WhatStandsInTheWay) {
  EXPECT_TRUE(car_node({{"barrier", "bollard"}}).blocked);
  EXPECT_FALSE(car_node({{"barrier", "bollard"}, {"motor_vehicle", "yes"}}).blocked);
  EXPECT_FALSE(car_node({{"barrier", "gate"}}).blocked);
  EXPECT_TRUE(car_node({{"barrier", "gate"}, {"access", "private"}}).blocked);
  EXPECT_GT(car_node({{"barrier", "toll_booth"}}).delay_ms, 0);
  EXPECT_GT(car_node({{"highway", "traffic_signals"}}).delay_ms, 0);
  EXPECT_FALSE(car_node({{"highway", "crossing"}}).blocked);
}

TEST(CarRules, Durations) {
  EXPECT_EQ(duration_seconds("00:20"), 1'200);
  EXPECT_EQ(duration_seconds("45"), 2'700);
  EXPECT_EQ(duration_seconds("01:00:30"), 3'630);
  EXPECT_EQ(duration_seconds("PT1H30M"), 5'400);
  EXPECT_FALSE(duration_seconds("soon"));
  EXPECT_FALSE(duration_seconds(""));
  EXPECT_EQ(car_way({{"route", "ferry"}, {"duration", "00:20"}})->ferry_ms, 1'200'000U);
}

TEST(CarRules, Restrictions) {
  EXPECT_EQ(car_restriction({{"type", "restriction"}, {"restriction", "no_u_turn"}}), Restriction::kForbids);
  EXPECT_EQ(car_restriction({{"type", "restriction"}, {"restriction", "only_right_turn"}}), Restriction::kDemands);
  EXPECT_FALSE(car_restriction({{"type", "restriction"}, {"restriction", "no_left_turn"}, {"except", "psv;motorcar"}}));
  EXPECT_FALSE(car_restriction({{"type", "restriction"}, {"restriction:hgv", "no_left_turn"}}));
  EXPECT_FALSE(car_restriction({{"type", "restriction"}, {"restriction:conditional", "no_left_turn @ (Mo-Fr)"}}));
  EXPECT_FALSE(car_restriction({{"type", "route"}, {"restriction", "no_left_turn"}}));
}

TEST(ChargingTags, SocketsPowerFeeAndHours) {
  const auto station = charging_station({{"amenity", "charging_station"},
                                         {"name", "Sol"},
                                         {"operator", "Sol SA"},
                                         {"socket:type2_combo", "2"},
                                         {"socket:type2_combo:output", "150 kW"},
                                         {"socket:type2", "yes"},
                                         {"socket:chademo", "0"},
                                         {"socket:schuko", "4"},
                                         {"fee", "no"},
                                         {"opening_hours", "Mo-Fr 08:00-18:00"}});
  ASSERT_TRUE(station);
  ASSERT_EQ(station->sockets.size(), 2U);
  EXPECT_EQ(station->sockets[0].type, "CCS2");
  EXPECT_EQ(station->sockets[0].power_kw, 150);
  EXPECT_FALSE(station->sockets[0].power_estimated);
  EXPECT_EQ(station->sockets[0].count, 2);
  EXPECT_EQ(station->sockets[1].type, "Type2");
  EXPECT_TRUE(station->sockets[1].power_estimated);
  EXPECT_EQ(station->sockets[1].count, 1);
  EXPECT_EQ(station->fee, false);
  EXPECT_EQ(station->network, "Sol SA");
  EXPECT_FALSE(charging_station({{"amenity", "charging_station"}, {"access", "private"}}));
  EXPECT_FALSE(charging_station({{"amenity", "charging_station"}, {"motorcar", "no"}})) << "for bicycles";
  EXPECT_FALSE(charging_station({{"amenity", "fuel"}}));
}

TEST(ChargingTags, Power) {
  EXPECT_EQ(power_kw("50 kW"), 50);
  EXPECT_EQ(power_kw("22kW"), 22);
  EXPECT_EQ(power_kw("11000 W"), 11);
  EXPECT_EQ(power_kw("22 kVA; 150kW ;50"), 150);
  EXPECT_FALSE(power_kw("fast"));
  EXPECT_FALSE(power_kw("90000 kW"));
}

TEST(PointTags, PlacesAndPointsOfInterest) {
  const auto town = place_tags({{"place", "town"}, {"name", "Itu"}, {"population", "168.000"}, {"addr:state", "SP"}});
  ASSERT_TRUE(town);
  EXPECT_EQ(town->kind, roads::PlaceKind::kTown);
  EXPECT_EQ(town->population, 168'000U);
  EXPECT_EQ(town->region, "SP");
  EXPECT_FALSE(place_tags({{"place", "town"}}));
  EXPECT_FALSE(place_tags({{"place", "island"}, {"name", "Ilha"}}));
  EXPECT_EQ(poi_kind({{"amenity", "toilets"}}), roads::PoiKind::kToilet);
  EXPECT_EQ(poi_kind({{"highway", "rest_area"}}), roads::PoiKind::kRestArea);
  EXPECT_EQ(poi_kind({{"amenity", "cafe"}}), roads::PoiKind::kFood);
  EXPECT_FALSE(poi_kind({{"amenity", "bank"}}));
}

}  // namespace
}  // namespace evc::routing
