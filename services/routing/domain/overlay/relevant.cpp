#include "services/routing/domain/overlay/relevant.hpp"

#include <algorithm>
#include <limits>
#include <queue>

namespace evc::routing {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

using Item = std::pair<double, std::uint32_t>;
using Queue = std::priority_queue<Item, std::vector<Item>, std::greater<>>;

void improve(std::vector<double>& best, Queue& queue, std::uint32_t site, double value) {
  if (value >= best[site] - 1e-9) return;
  best[site] = value;
  queue.emplace(value, site);
}

}  // namespace

// To the stage's target from a site, the stop there not counted.
std::vector<double> RelevantSites::spread_back(const Problem& problem, std::size_t stage) const {
  const TripGraph& graph = *problem.graph;
  std::vector<double> best(stop_.size(), kInfinity);
  Queue queue;
  for (std::uint32_t site = 0; site < best.size(); ++site) {
    if (stop_[site] == kInfinity) continue;
    for (const Drive& drive : graph.to_target(stage, site))
      improve(best, queue, site, weight(drive.seconds, drive.profile.cost));
  }
  while (!queue.empty()) {
    const auto [value, site] = queue.top();
    queue.pop();
    if (value > best[site]) continue;
    const double onward = value + stop_[site];
    for (const Overlay::LinkInto& link : graph.overlay().arriving(site)) {
      if (stop_[link.from] < kInfinity)
        improve(best, queue, link.from, onward + weight(link.least_seconds, link.least_cost));
    }
  }
  return best;
}

// To a site from the stage's first terminal, the stop there counted.
std::vector<double> RelevantSites::spread_on(const Problem& problem, std::size_t stage, const std::vector<double>& back,
                                             double enough) const {
  const TripGraph& graph = *problem.graph;
  std::vector<double> best(stop_.size(), kInfinity);
  Queue queue;
  for (const Link& link : graph.leaving(stage))
    improve(best, queue, link.to, stop_[link.to] + weight(link.least_seconds, link.least_cost));
  while (!queue.empty()) {
    const auto [value, site] = queue.top();
    queue.pop();
    if (value > best[site] || value + back[site] > enough) continue;
    for (const Link& link : graph.overlay().leaving(site))
      improve(best, queue, link.to, value + stop_[link.to] + weight(link.least_seconds, link.least_cost));
  }
  return best;
}

RelevantSites::RelevantSites(const Problem& problem, const Potential::Rates& rates)
    : rates_(rates), time_weight_(problem.time_weight) {
  for (const auto& here : problem.options) {
    double& least = stop_.emplace_back(kInfinity);
    for (const ChargeOption& option : here) least = std::min(least, rates.stop_share * option.fixed);
  }
  const std::size_t stages = problem.graph->stages();
  std::vector<double> of_stage, slack;
  least_ = -rates.price_per_wh * (problem.start_wh - problem.arrival_wh);
  for (std::size_t stage = 0; stage < stages; ++stage) {
    const std::vector<double> back = spread_back(problem, stage);
    double least = kInfinity;
    for (const Drive& drive : problem.graph->straight(stage))
      least = std::min(least, weight(drive.seconds, drive.profile.cost));
    for (const Link& link : problem.graph->leaving(stage))
      least = std::min(least, stop_[link.to] + weight(link.least_seconds, link.least_cost) + back[link.to]);
    of_stage.push_back(least);
    slack.push_back(1.5 * std::max(least, 0.0));
    through_.push_back(spread_on(problem, stage, back, least + slack.back()));
    for (std::size_t site = 0; site < stop_.size(); ++site) through_[stage][site] += back[site];
    least_ += least;
    if (stage > 0)
      least_ += problem.time_weight * problem.stays[stage - 1].seconds - stay_gift(problem, stage, rates.price_per_wh);
  }
  for (std::size_t stage = 0; stage < stages; ++stage) {
    told_apart_ = std::min(told_apart_, least_ + slack[stage]);
    for (double& cost : through_[stage]) cost += least_ - of_stage[stage];
  }
}

std::vector<std::vector<char>> RelevantSites::within(double cost) const {
  std::vector<std::vector<char>> sites;
  for (const auto& of_stage : through_) {
    auto& marks = sites.emplace_back();
    for (const double least : of_stage) marks.push_back(least <= cost || cost > told_apart() ? 1 : 0);
  }
  return sites;
}

}  // namespace evc::routing
