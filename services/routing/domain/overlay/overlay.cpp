#include "services/routing/domain/overlay/overlay.hpp"

#include <algorithm>
#include <tuple>

namespace evc::routing {

std::vector<Drive> best_drives(std::vector<Drive> drives) {
  std::erase_if(drives, [](const Drive& drive) { return !drive.profile.passable(); });
  std::ranges::sort(drives, [](const Drive& a, const Drive& b) {
    return std::tie(a.seconds, a.profile.cost, a.way) < std::tie(b.seconds, b.profile.cost, b.way);
  });
  std::vector<Drive> kept;
  for (const Drive& drive : drives) {
    const bool beaten = std::ranges::any_of(kept, [&](const Drive& other) {
      return other.profile.cost <= drive.profile.cost && other.profile.in <= drive.profile.in &&
             other.profile.out >= drive.profile.out;
    });
    if (!beaten) kept.push_back(drive);
  }
  return kept;
}

void Overlay::connect(std::uint32_t from, std::uint32_t to, std::vector<Drive> drives) {
  const std::vector<Drive> best = best_drives(std::move(drives));
  if (best.empty()) return;
  const auto first = static_cast<std::uint32_t>(drives_.size()), count = static_cast<std::uint32_t>(best.size());
  drives_.insert(drives_.end(), best.begin(), best.end());
  leaving_[from].push_back({to, first, count});
  arriving_[to].push_back({from, first, count});
}

TripGraph::TripGraph(const Overlay& overlay, std::size_t stages)
    : overlay_(&overlay), leaving_(stages), arriving_(stages, std::vector<Link>(overlay.sites())), straight_(stages) {}

Link TripGraph::store(std::uint32_t to, std::vector<Drive> drives) {
  const std::vector<Drive> best = best_drives(std::move(drives));
  const Link link{to, static_cast<std::uint32_t>(drives_.size()), static_cast<std::uint32_t>(best.size())};
  drives_.insert(drives_.end(), best.begin(), best.end());
  return link;
}

void TripGraph::leave(std::size_t stage, std::uint32_t site, std::vector<Drive> drives) {
  const Link link = store(site, std::move(drives));
  if (link.count > 0) leaving_[stage].push_back(link);
}

void TripGraph::arrive(std::size_t stage, std::uint32_t site, std::vector<Drive> drives) {
  arriving_[stage][site] = store(terminal(stage + 1), std::move(drives));
}

void TripGraph::go_straight(std::size_t stage, std::vector<Drive> drives) {
  straight_[stage] = store(terminal(stage + 1), std::move(drives));
}

}  // namespace evc::routing
