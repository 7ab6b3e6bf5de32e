#include "services/routing/domain/overlay/potential.hpp"

#include <algorithm>
#include <limits>
#include <queue>

#include "services/routing/domain/overlay/energy_map.hpp"

namespace evc::routing {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

bool can_drive(const Drive& drive, double leaving, double needed) {
  return drive.profile.in <= leaving && std::min(drive.profile.out, leaving - drive.profile.cost) >= needed - 1e-6;
}

// Charges begin and end anywhere between two energies; the least average is found between breakpoints.
double least_average(const ChargeFunction& function, double fixed, double lowest, double most) {
  std::vector<double> ends{lowest, most};
  for (const auto& point : function.points()) {
    if (point.energy > lowest && point.energy < most) ends.push_back(point.energy);
  }
  double least = kInfinity;
  for (const double from : ends) {
    for (const double to : ends) {
      if (to > from) least = std::min(least, (fixed + function.cost(from, to)) / (to - from));
    }
  }
  return least;
}

}  // namespace

Potential::Rates least_rates(const Problem& problem, double stop_share) {
  const double lowest = std::min({problem.reserve_wh, problem.start_wh, problem.most_wh});
  double least = kInfinity;
  for (const auto& here : problem.options) {
    for (const ChargeOption& option : here) {
      const double rest = (1 - stop_share) * option.fixed;
      // Most sites charge like another one that has been looked at; a quick look tells when this one cannot be less.
      if (option.cost.least_slope(lowest, problem.most_wh) >= least) continue;
      least = std::min(least, least_average(option.cost, rest, lowest, problem.most_wh));
    }
  }
  for (const Stay& stay : problem.stays) {
    for (const ParkedOption& option : stay.options)
      least =
          std::min(least, problem.time_weight * option.seconds.least_slope(0, problem.most_wh) + option.price_per_wh);
  }
  return {.stop_share = stop_share, .price_per_wh = least == kInfinity ? 0 : least};
}

Potential::Potential(const Problem& problem, const Rates& rates, const std::vector<std::vector<char>>& relevant)
    : share_(rates.stop_share),
      price_(rates.price_per_wh),
      arrival_(problem.arrival_wh),
      stop_(problem.options.size(), kInfinity) {
  for (std::size_t site = 0; site < stop_.size(); ++site) {
    for (const ChargeOption& option : problem.options[site]) stop_[site] = std::min(stop_[site], share_ * option.fixed);
  }
  const std::size_t stages = problem.graph->stages();
  from_site_.assign(stages, std::vector<double>(stop_.size(), kInfinity));
  from_terminal_.assign(stages + 1, 0);
  leaving_terminal_.assign(stages + 1, 0);
  for (std::size_t stage = stages; stage-- > 0;) {
    spread(problem, stage, relevant[stage]);
    from_terminal_[stage] = leaving_terminal_[stage] = leave(problem, stage);
    if (stage == 0) continue;
    from_terminal_[stage] += problem.time_weight * problem.stays[stage - 1].seconds - stay_gift(problem, stage, price_);
  }
}

// What charging during a stay may save at most: its gain is piecewise linear in the energy on arrival, so it is
// greatest where one of its pieces ends.
double stay_gift(const Problem& problem, std::size_t terminal, double price_per_wh) {
  double most = 0;
  const Stay& stay = problem.stays[terminal - 1];
  for (const ParkedOption& option : stay.options) {
    for (const EnergyMap::Point& point :
         EnergyMap::identity(problem.capacity_wh).then_parked(option, stay.seconds, problem.most_wh).points())
      most = std::max(most, point.arrived - point.left);
  }
  return price_per_wh * most;
}

void Potential::spread(const Problem& problem, std::size_t stage, const std::vector<char>& relevant) {
  const TripGraph& graph = *problem.graph;
  const Overlay& overlay = graph.overlay();
  const bool last = stage + 1 == graph.stages();
  std::vector<double>& best = from_site_[stage];
  using Item = std::pair<double, std::uint32_t>;
  std::priority_queue<Item, std::vector<Item>, std::greater<>> queue;
  for (std::uint32_t site = 0; site < best.size(); ++site) {
    if (stop_[site] == kInfinity || relevant[site] == 0) continue;
    for (const Drive& drive : graph.to_target(stage, site)) {
      if (!can_drive(drive, problem.most_wh, last ? problem.arrival_wh : drive.seconds > 0 ? problem.reserve_wh : 0))
        continue;
      best[site] = std::min(best[site], weight(drive, problem.time_weight) + from_terminal_[stage + 1]);
    }
    if (best[site] < kInfinity) queue.emplace(best[site], site);
  }
  while (!queue.empty()) {
    const auto [value, site] = queue.top();
    queue.pop();
    // A descent may weigh less than nothing, so a site may come up again; cycles never gain.
    if (value > best[site]) continue;
    const double onward = value + stop_[site];
    for (const Overlay::LinkInto& link : overlay.arriving(site)) {
      if (stop_[link.from] == kInfinity || relevant[link.from] == 0) continue;
      double least = best[link.from];
      // Most links bring nothing new, whichever drive is taken.
      if (onward + problem.time_weight * link.least_seconds + price_ * link.least_cost >= least) continue;
      for (const Drive& drive : overlay.drives(link)) {
        const double total = weight(drive, problem.time_weight) + onward;
        if (total < least - 1e-9 && can_drive(drive, problem.most_wh, problem.reserve_wh)) least = total;
      }
      if (least < best[link.from]) {
        best[link.from] = least;
        queue.emplace(least, link.from);
      }
    }
  }
}

double Potential::leave(const Problem& problem, std::size_t stage) const {
  const TripGraph& graph = *problem.graph;
  double least = kInfinity;
  for (const Drive& drive : graph.straight(stage))
    least = std::min(least, weight(drive, problem.time_weight) + from_terminal_[stage + 1]);
  for (const Link& link : graph.leaving(stage)) {
    if (stop_[link.to] == kInfinity) continue;
    for (const Drive& drive : graph.drives(link))
      least = std::min(least, weight(drive, problem.time_weight) + stop_[link.to] + from_site_[stage][link.to]);
  }
  return least;
}

}  // namespace evc::routing
