// Place search by name: accents and case folded, a word prefix suffices, larger towns first. Built once from the
// network, then read-only.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "services/routing/domain/network.hpp"

namespace evc::routing {

// Lower case, Latin accents removed, other characters than letters and digits become single spaces. Input is UTF-8;
// what is no Latin letter is dropped.
std::string fold(std::string_view text);

class PlaceSearch {
 public:
  explicit PlaceSearch(const Network& network);
  // At most `limit` places; a query may end with the state ("santos sp"). Best match first: whole name, then prefix of
  // the name, then of a word.
  std::vector<NodeId> find(std::string_view query, std::size_t limit) const;

 private:
  struct Entry {
    std::string name;   // folded
    std::string state;  // folded
    std::int64_t population;
    NodeId node;
  };
  std::vector<Entry> entries_;
};

}  // namespace evc::routing
