// The automaton of forbidden sequences of lanes (Aho and Corasick): what must be remembered of the way so far is its
// longest end that begins a forbidden sequence. States are numbered as sequences are added; filled, finished, then only
// read.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "services/routing/domain/roads/network.hpp"

namespace evc::routing::roads {

class LaneSequences {
 public:
  using State = std::uint32_t;
  static constexpr State kStart = 0;

  LaneSequences() : lanes_{kNone} {}
  void add(const std::vector<LaneId>& sequence);  // at least two lanes
  void finish();

  State size() const { return static_cast<State>(lanes_.size()); }
  LaneId last_lane(State state) const { return lanes_[state]; }
  // The state after driving one lane more; nothing when that is forbidden.
  std::optional<State> after(State state, LaneId lane) const;

 private:
  std::optional<State> child(State state, LaneId lane) const;

  std::map<std::pair<State, LaneId>, State> children_;
  std::set<std::pair<State, LaneId>> forbidden_;
  std::vector<LaneId> lanes_;  // by state: the last one
  std::vector<State> parents_ = {kStart};
  std::vector<State> shorter_;  // by state: the longest shorter end that is a state
};

}  // namespace evc::routing::roads
