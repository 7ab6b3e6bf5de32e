#include "services/routing/domain/place_search.hpp"

namespace evc::routing {
namespace {

std::vector<PlaceIndex::Named> names_of(const Network& network) {
  std::vector<PlaceIndex::Named> names;
  for (const Place& place : network.places())
    names.push_back({.name = place.name, .region = place.state, .importance = place.population});
  return names;
}

}  // namespace

// A place's number in the index is its node.
PlaceSearch::PlaceSearch(const Network& network) : index_(names_of(network)) {}

}  // namespace evc::routing
