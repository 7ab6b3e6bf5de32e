// Places and points of interest out of the map's tags. Pure.
#pragma once

#include <optional>

#include "services/routing/domain/roads/network.hpp"
#include "services/routing/import/tags.hpp"

namespace evc::routing {

std::optional<roads::PoiKind> poi_kind(const Tags& tags);

struct PlaceTags {
  roads::PlaceKind kind = roads::PlaceKind::kHamlet;
  std::string_view name;
  std::string_view region;  // empty: the map does not say it
  std::uint32_t population = 0;
};
// Nothing without a name.
std::optional<PlaceTags> place_tags(const Tags& tags);

}  // namespace evc::routing
