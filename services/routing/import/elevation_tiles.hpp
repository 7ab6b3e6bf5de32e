// Heights from SRTM tiles (N42E001.hgt or N42E001.hgt.zip; 1,201 or 3,601 points a side), between their points by
// bilinear interpolation; tiles of one arc second are smoothed over their neighbours first, for they are noisy. Tiles
// are read when they are first asked for; a few stay in memory. A missing tile is sea or unknown: no height.
#pragma once

#include <cstdint>
#include <list>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "kit/base/result.hpp"
#include "services/routing/domain/roads/segments.hpp"

namespace evc::routing {

class ElevationTiles : public roads::Elevation {
 public:
  static Result<ElevationTiles> open(const std::string& folder);

  std::optional<double> metres_at(Position position) const override;
  // A tile that was asked for and could not be read.
  const std::optional<Error>& broken() const { return broken_; }
  std::size_t tile_count() const { return files_.size(); }

 private:
  using Name = std::pair<int, int>;  // of the south-west corner: degrees north, degrees east
  struct Tile {
    Name name;
    int side = 0;
    std::vector<std::int16_t> heights;  // rows from north to south
  };

  static Result<Tile> read(const Name& name, const std::string& path);
  const Tile* tile(const Name& name) const;
  static std::optional<double> sample(const Tile& tile, double row, double column);

  std::map<Name, std::string> files_;
  mutable std::optional<Error> broken_;
  mutable std::list<Tile> recent_;  // the last used one first
};

}  // namespace evc::routing
