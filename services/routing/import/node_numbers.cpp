#include "services/routing/import/node_numbers.hpp"

#include <algorithm>

namespace evc::routing {
namespace {

constexpr std::int64_t kBuckets = std::int64_t{1} << 22;

}  // namespace

NodeNumbers::NodeNumbers(std::vector<std::int64_t> ids) : ids_(std::move(ids)) {
  std::ranges::sort(ids_);
  ids_.erase(std::ranges::unique(ids_).begin(), ids_.end());
  ids_.shrink_to_fit();
  if (ids_.empty()) return;
  while (((ids_.back() - ids_.front()) >> shift_) >= kBuckets) ++shift_;
  first_.assign(static_cast<std::size_t>(((ids_.back() - ids_.front()) >> shift_) + 2), 0);
  for (const std::int64_t id : ids_) ++first_[static_cast<std::size_t>((id - ids_.front()) >> shift_) + 1];
  for (std::size_t bucket = 0; bucket + 1 < first_.size(); ++bucket) first_[bucket + 1] += first_[bucket];
}

std::optional<std::uint32_t> NodeNumbers::find(std::int64_t id) const {
  if (ids_.empty() || id < ids_.front() || id > ids_.back()) return std::nullopt;
  const auto bucket = static_cast<std::size_t>((id - ids_.front()) >> shift_);
  const auto begin = ids_.begin() + first_[bucket], end = ids_.begin() + first_[bucket + 1];
  const auto found = std::lower_bound(begin, end, id);
  if (found == end || *found != id) return std::nullopt;
  return static_cast<std::uint32_t>(found - ids_.begin());
}

}  // namespace evc::routing
