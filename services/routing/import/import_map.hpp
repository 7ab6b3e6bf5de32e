// The whole import: a map file, and perhaps elevation tiles and a list of sites, into a folder of network files. When
// anything is wrong the folder stays as it was.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "kit/base/result.hpp"

namespace evc::routing {

struct ImportOptions {
  std::string map;
  std::string elevation;  // folder of tiles; empty: the land is flat
  std::string stations;   // file; empty: those of the map alone
  std::string out;
  std::function<void(std::string_view)> progress = [](std::string_view) {};
};

struct ImportSummary {
  std::size_t segments = 0;
  std::size_t nodes = 0;
  std::size_t arcs = 0;
  std::size_t edges = 0;  // of the hierarchy
  std::size_t restrictions = 0;
  std::size_t restrictions_left_out = 0;
  std::size_t tiny_segments = 0;
  std::size_t stations = 0;
  std::size_t stations_off_road = 0;
  std::size_t places = 0;
  std::size_t pois = 0;
};

Result<ImportSummary> import_map(const ImportOptions& options);

}  // namespace evc::routing
