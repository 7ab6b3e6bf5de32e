#include "services/routing/domain/roads/place_names.hpp"

namespace evc::routing::roads {
namespace {

std::int64_t usual_population(PlaceKind kind) {
  switch (kind) {
    case PlaceKind::kCity:
      return 100'000;
    case PlaceKind::kTown:
      return 10'000;
    case PlaceKind::kSuburb:
      return 3'000;
    case PlaceKind::kVillage:
      return 1'000;
    case PlaceKind::kHamlet:
      return 100;
  }
  return 0;
}

}  // namespace

std::vector<PlaceIndex::Named> place_names(const RoadNetwork& network) {
  std::vector<PlaceIndex::Named> names;
  for (const NamedPlace& place : network.places) {
    names.push_back({.name = network.name(place.name),
                     .region = network.name(place.region),
                     .importance = place.population > 0 ? place.population : usual_population(place.kind)});
  }
  return names;
}

}  // namespace evc::routing::roads
