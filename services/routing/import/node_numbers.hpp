// The nodes that ways use: from their ids in the map to dense numbers in the order of the ids, 9 bytes a node.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

namespace evc::routing {

class NodeNumbers {
 public:
  explicit NodeNumbers(std::vector<std::int64_t> ids);  // any order, any number of times

  std::size_t size() const { return ids_.size(); }
  std::optional<std::uint32_t> find(std::int64_t id) const;

 private:
  std::vector<std::int64_t> ids_;     // rising
  std::vector<std::uint32_t> first_;  // by the upper bits of an id
  int shift_ = 0;
};

}  // namespace evc::routing
