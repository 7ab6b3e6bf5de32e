// A map file (any that libosmium reads: .osm.pbf, .osm, .osm.gz, .osm.bz2 …) as raw roads, stations, places and points
// of interest. Read in two passes: ways and restrictions first, then the nodes that they use. The same file gives the
// same content. A file that is broken, cut off or no map is an error with the reason.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "kit/base/result.hpp"
#include "services/routing/domain/roads/charging_station.hpp"
#include "services/routing/domain/roads/raw_roads.hpp"

namespace evc::routing {

struct OsmMap {
  roads::RawRoads roads;
  std::vector<roads::ChargingStation> stations;
  std::vector<roads::NamedPlace> places;  // names are offsets in roads.names
  std::vector<roads::Poi> pois;
  std::string timestamp;  // of the data, where the file says it
  std::size_t missing_nodes = 0;
  std::size_t restrictions_left_out = 0;  // incomplete, or their roads are not for cars or not in the file
};

Result<OsmMap> read_osm(const std::string& path, const std::function<void(std::string_view)>& progress);

}  // namespace evc::routing
