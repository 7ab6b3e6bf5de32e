#include "services/routing/import/point_tags.hpp"

#include <charconv>

namespace evc::routing {
namespace {

// "12 345", "12.345" and "12345" are the same number to those who write them.
std::uint32_t population_of(std::string_view text) {
  std::uint64_t value = 0;
  for (const char c : text) {
    if (c == ' ' || c == '.' || c == ',') continue;
    if (c < '0' || c > '9' || value > 100'000'000) break;
    value = 10 * value + static_cast<std::uint64_t>(c - '0');
  }
  return value > 100'000'000 ? 0 : static_cast<std::uint32_t>(value);
}

}  // namespace

std::optional<roads::PoiKind> poi_kind(const Tags& tags) {
  const std::string_view amenity = tags["amenity"], highway = tags["highway"];
  if (highway == "rest_area" || highway == "services") return roads::PoiKind::kRestArea;
  if (amenity == "toilets") return roads::PoiKind::kToilet;
  if (amenity == "restaurant" || amenity == "fast_food" || amenity == "cafe") return roads::PoiKind::kFood;
  return std::nullopt;
}

std::optional<PlaceTags> place_tags(const Tags& tags) {
  const std::string_view place = tags["place"];
  PlaceTags found{.name = tags["name"], .population = population_of(tags["population"])};
  if (found.name.empty()) return std::nullopt;
  if (place == "city") {
    found.kind = roads::PlaceKind::kCity;
  } else if (place == "town") {
    found.kind = roads::PlaceKind::kTown;
  } else if (place == "suburb" || place == "borough" || place == "quarter") {
    found.kind = roads::PlaceKind::kSuburb;
  } else if (place == "village") {
    found.kind = roads::PlaceKind::kVillage;
  } else if (place == "hamlet") {
    found.kind = roads::PlaceKind::kHamlet;
  } else {
    return std::nullopt;
  }
  for (const char* key : {"is_in:state_code", "addr:state", "is_in:state"}) {
    if (found.region.empty()) found.region = tags[key];
  }
  return found;
}

}  // namespace evc::routing
