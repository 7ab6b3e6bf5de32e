#include "services/routing/domain/roads/lane_sequences.hpp"

#include <algorithm>
#include <numeric>

namespace evc::routing::roads {

void LaneSequences::add(const std::vector<LaneId>& sequence) {
  State state = kStart;
  for (std::size_t i = 0; i + 1 < sequence.size(); ++i) {
    const auto [found, fresh] = children_.emplace(std::pair(state, sequence[i]), size());
    if (fresh) {
      lanes_.push_back(sequence[i]);
      parents_.push_back(state);
    }
    state = found->second;
  }
  forbidden_.emplace(std::pair(state, sequence.back()));
}

std::optional<LaneSequences::State> LaneSequences::child(State state, LaneId lane) const {
  const auto found = children_.find({state, lane});
  if (found == children_.end()) return std::nullopt;
  return found->second;
}

void LaneSequences::finish() {
  shorter_.assign(size(), kStart);
  // Shorter states first: a state's own shorter one hangs on its parent's.
  std::vector<std::uint32_t> depth(size(), 0);
  for (State state = 1; state < size(); ++state) depth[state] = depth[parents_[state]] + 1;
  std::vector<State> order(size() - 1);
  std::iota(order.begin(), order.end(), State{1});
  std::ranges::sort(order, {}, [&](State state) { return std::pair(depth[state], state); });
  for (const State state : order) {
    if (parents_[state] == kStart) continue;
    for (State end = shorter_[parents_[state]];; end = shorter_[end]) {
      if (const auto next = child(end, lanes_[state])) {
        shorter_[state] = *next;
        break;
      }
      if (end == kStart) break;
    }
  }
}

std::optional<LaneSequences::State> LaneSequences::after(State state, LaneId lane) const {
  std::optional<State> next;
  for (State end = state;; end = shorter_[end]) {
    if (forbidden_.contains({end, lane})) return std::nullopt;
    if (!next) next = child(end, lane);
    if (end == kStart) return next.value_or(kStart);
  }
}

}  // namespace evc::routing::roads
