// A charging station beside the road network, as the map or a file of sites says it, with its place on the roads.
// Values; written to stations.json as they are.
#pragma once

#include <boost/describe.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "kit/tariff/tariff.hpp"

namespace evc::routing::roads {

struct StationSocket {
  std::string type;     // CCS2, CCS1, CHAdeMO, Type2, Type1, NACS
  std::string current;  // AC or DC
  double power_kw = 0;
  bool power_estimated = false;  // the source says none; what is usual for the type
  std::int64_t count = 1;
};
BOOST_DESCRIBE_STRUCT(StationSocket, (), (type, current, power_kw, power_estimated, count))

struct ChargingStation {
  std::string id;  // of the file of sites, or osm:node/… and osm:way/…
  std::string name;
  std::string network;  // who runs it
  double lat = 0;
  double lon = 0;
  std::vector<StationSocket> sockets;  // empty: the source names none
  std::optional<bool> fee;
  std::optional<std::string> opening_hours;
  std::optional<tariff::Tariff> tariff;
  // On the network; left out where no road is near.
  std::optional<std::int64_t> segment;
  std::optional<double> share;
  std::optional<double> off_road_m;
};
BOOST_DESCRIBE_STRUCT(ChargingStation, (),
                      (id, name, network, lat, lon, sockets, fee, opening_hours, tariff, segment, share, off_road_m))

}  // namespace evc::routing::roads
