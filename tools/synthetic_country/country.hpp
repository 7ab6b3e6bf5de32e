// A made-up country as a map: towns of street grids with gaps, bends, dead ends and one-way streets, roads between
// neighbouring towns, motorways between the large ones, charging stations, a few turn restrictions. Its towns' sizes
// fall off like those of real countries; nothing else about it is real. The same seed gives the same country.
#pragma once

#include <cstdint>
#include <string>

namespace evc::synthetic {

struct CountryOptions {
  std::uint64_t seed = 1;
  std::uint64_t nodes = 5'000'000;  // about
  std::uint64_t stations = 1'500;
};

struct CountrySize {
  std::uint64_t nodes = 0, ways = 0, towns = 0, stations = 0, restrictions = 0;
};

// Writes the map file; its ending says the format (.osm.pbf). Throws when it cannot be written.
CountrySize write_country(const std::string& path, const CountryOptions& options);

}  // namespace evc::synthetic
