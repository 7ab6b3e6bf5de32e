// Place search by name over the shipped network; place_index.hpp says what is found and in which order. Built once from
// the network, then read-only.
#pragma once

#include <string_view>
#include <vector>

#include "services/routing/domain/network.hpp"
#include "services/routing/domain/place_index.hpp"

namespace evc::routing {

class PlaceSearch {
 public:
  explicit PlaceSearch(const Network& network);
  // At most `limit` places, best match first.
  std::vector<NodeId> find(std::string_view query, std::size_t limit) const { return index_.find(query, limit); }

 private:
  PlaceIndex index_;
};

}  // namespace evc::routing
