// A road network on disk: one folder with a file per array, stations.json, and manifest.json, which names the format,
// its version, where the data is from, and the size and SHA-256 of every file. Written beside the old folder and
// exchanged with it by a rename, so that who looks sees the old network or the new one. Opened by mapping the files
// into memory, after their checksums have been compared.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "kit/base/result.hpp"
#include "services/routing/domain/roads/charging_station.hpp"
#include "services/routing/domain/roads/network.hpp"

namespace evc::routing {

struct RoadSource {
  std::string name;  // of the map's file
  std::int64_t bytes = 0;
  std::string timestamp;  // of the data, where the file says one
  std::string elevation;  // what heights were taken from; empty: none
};
BOOST_DESCRIBE_STRUCT(RoadSource, (), (name, bytes, timestamp, elevation))

// Errors say in `detail` what is wrong with which file.
Result<void> write_roads(const std::string& folder, const roads::RoadNetworkData& network,
                         const std::vector<roads::ChargingStation>& stations, const RoadSource& source);

class RoadFiles {
 public:
  static Result<RoadFiles> open(const std::string& folder);

  const roads::RoadNetwork& network() const { return network_; }  // lives as long as this object
  const std::vector<roads::ChargingStation>& stations() const { return stations_; }
  const RoadSource& source() const { return source_; }
  std::size_t bytes() const { return bytes_; }

 private:
  RoadFiles() = default;
  std::vector<std::shared_ptr<const void>> mappings_;
  roads::RoadNetwork network_;
  std::vector<roads::ChargingStation> stations_;
  RoadSource source_;
  std::size_t bytes_ = 0;
};

}  // namespace evc::routing
