#include "services/routing/import/joined_stations.hpp"

#include <gtest/gtest.h>

namespace evc::routing {
namespace {

roads::ChargingStation at(const char* id, double lat) {
  return {.id = id, .name = id, .lat = lat, .lon = -46};
}

TEST(JoinedStations, AMapsStationBesideAListedOneIsThatOne) {
  std::vector<roads::ChargingStation> listed = {at("A", -23), at("B", -23.0012), at("C", -24)};
  listed[0].sockets = {{.type = "CCS2", .current = "DC", .power_kw = 90}};
  std::vector<roads::ChargingStation> mapped = {at("osm:node/1", -23.0005), at("osm:node/2", -23.0009),
                                                at("osm:node/3", -24.0011)};
  mapped[0].opening_hours = "24/7";
  mapped[0].sockets = {{.type = "Type2", .current = "AC", .power_kw = 22}};
  mapped[1].sockets = {{.type = "CCS2", .current = "DC", .power_kw = 50}};
  const auto joined = joined_stations(listed, mapped);
  ASSERT_EQ(joined.size(), 4U);
  EXPECT_EQ(joined[0].id, "A");
  EXPECT_EQ(joined[0].opening_hours, "24/7") << "the map knows the hours";
  EXPECT_EQ(joined[0].sockets.at(0).type, "CCS2") << "the list knows the sockets";
  EXPECT_EQ(joined[1].sockets.at(0).power_kw, 50) << "nothing is known of B but what the map says";
  EXPECT_EQ(joined[3].id, "osm:node/3") << "more than 100 m away";
}

}  // namespace
}  // namespace evc::routing
