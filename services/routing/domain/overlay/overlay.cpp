#include "services/routing/domain/overlay/overlay.hpp"

#include <algorithm>
#include <tuple>

#include "kit/base/assert.hpp"

namespace evc::routing {

std::vector<Drive> best_drives(std::vector<Drive> drives) {
  std::erase_if(drives, [](const Drive& drive) { return !drive.profile.passable(); });
  std::ranges::sort(drives, [](const Drive& a, const Drive& b) {
    return std::tie(a.seconds, a.profile.cost, a.way) < std::tie(b.seconds, b.profile.cost, b.way);
  });
  std::size_t kept = 0;
  for (const Drive& drive : drives) {
    const bool beaten =
        std::any_of(drives.begin(), drives.begin() + static_cast<std::ptrdiff_t>(kept), [&](const Drive& other) {
          return other.profile.cost <= drive.profile.cost && other.profile.in <= drive.profile.in &&
                 other.profile.out >= drive.profile.out;
        });
    if (!beaten) drives[kept++] = drive;
  }
  drives.resize(kept);
  return drives;
}

namespace {

// Of drives sorted by time.
double least_cost(std::span<const Drive> drives) {
  double least = drives.empty() ? 0 : drives.front().profile.cost;
  for (const Drive& drive : drives) least = std::min(least, drive.profile.cost);
  return least;
}

}  // namespace

Overlay::Overlay(std::size_t sites) {
  for (std::size_t site = 0; site < sites; ++site) {
    leaving_.push_back(std::make_shared<std::vector<Link>>());
    arriving_.push_back(std::make_shared<std::vector<LinkInto>>());
  }
}

void Overlay::connect(std::uint32_t from, std::uint32_t to, std::span<const Drive> drives) {
  std::vector<Link>& leaving = *leaving_[from];
  EVC_ASSERT(drives_.use_count() == 1 && (leaving.empty() || leaving.back().to < to));
  // One list serves all pairs: there are tens of thousands of them for every vehicle.
  scratch_.assign(drives.begin(), drives.end());
  scratch_ = best_drives(std::move(scratch_));
  const std::vector<Drive>& best = scratch_;
  if (best.empty()) return;
  const auto first = static_cast<std::uint32_t>(built_), count = static_cast<std::uint32_t>(best.size());
  const double seconds = best.front().seconds, cost = least_cost(best);
  drives_->insert(drives_->end(), best.begin(), best.end());
  built_ = drives_->size();
  leaving.push_back({to, first, count, seconds, cost});
  arriving_[to]->push_back({from, first, count, seconds, cost});
}

void Overlay::replace(std::uint32_t from, std::uint32_t to, std::vector<Drive> drives) {
  leaving_[from] = std::make_shared<std::vector<Link>>(*leaving_[from]);
  arriving_[to] = std::make_shared<std::vector<LinkInto>>(*arriving_[to]);
  const auto link = std::ranges::lower_bound(*leaving_[from], to, {}, &Link::to);
  const auto back = std::ranges::find(*arriving_[to], from, &LinkInto::from);
  EVC_ASSERT(link != leaving_[from]->end() && link->to == to && back != arriving_[to]->end());
  const std::vector<Drive> best = best_drives(std::move(drives));
  if (best.empty()) {
    leaving_[from]->erase(link);
    arriving_[to]->erase(back);
    return;
  }
  link->first = back->first = static_cast<std::uint32_t>(built_ + replaced_.size());
  link->count = back->count = static_cast<std::uint32_t>(best.size());
  link->least_seconds = back->least_seconds = best.front().seconds;
  link->least_cost = back->least_cost = least_cost(best);
  replaced_.insert(replaced_.end(), best.begin(), best.end());
}

std::span<const Drive> Overlay::between(std::uint32_t from, std::uint32_t to) const {
  const auto link = std::ranges::lower_bound(*leaving_[from], to, {}, &Link::to);
  if (link == leaving_[from]->end() || link->to != to) return {};
  return drives(*link);
}

TripGraph::TripGraph(const Overlay& overlay, std::size_t stages)
    : overlay_(&overlay), leaving_(stages), arriving_(stages, std::vector<Link>(overlay.sites())), straight_(stages) {}

Link TripGraph::store(std::uint32_t to, std::vector<Drive> drives) {
  const std::vector<Drive> best = best_drives(std::move(drives));
  const Link link{to, static_cast<std::uint32_t>(drives_.size()), static_cast<std::uint32_t>(best.size()),
                  best.empty() ? 0 : best.front().seconds, least_cost(best)};
  drives_.insert(drives_.end(), best.begin(), best.end());
  return link;
}

void TripGraph::leave(std::size_t stage, std::uint32_t site, std::vector<Drive> drives) {
  const Link link = store(site, std::move(drives));
  if (link.count > 0) leaving_[stage].push_back(link);
}

std::span<const Drive> TripGraph::from_terminal(std::size_t stage, std::uint32_t site) const {
  const auto link = std::ranges::find(leaving_[stage], site, &Link::to);
  return link == leaving_[stage].end() ? std::span<const Drive>() : drives(*link);
}

void TripGraph::arrive(std::size_t stage, std::uint32_t site, std::vector<Drive> drives) {
  arriving_[stage][site] = store(terminal(stage + 1), std::move(drives));
}

void TripGraph::go_straight(std::size_t stage, std::vector<Drive> drives) {
  straight_[stage] = store(terminal(stage + 1), std::move(drives));
}

}  // namespace evc::routing
