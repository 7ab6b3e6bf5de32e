#include "services/routing/domain/site_trees.hpp"

#include <algorithm>
#include <limits>
#include <queue>

namespace evc::routing {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

// Roads are chosen for a middle-class car in mild weather; how much a given car then uses is computed exactly.
ev::Vehicle usual_car() {
  ev::Vehicle car{.usable_kwh = 60, .mass_kg = 1'600, .cda_m2 = 0.68, .crr = 0.0095, .ac_kw = 7, .dc_kw = 80};
  car.curve = {{0, 60}, {1, 60}};
  return car;
}

}  // namespace

const std::vector<DrivingManner>& driving_manners() {
  // A Wh counts what charging it at 60 kW takes.
  static const std::vector<DrivingManner> manners{{130, 0}, {100, 0}, {90, 0}, {80, 0}, {90, 3600.0 / 60'000}};
  return manners;
}

std::vector<std::uint32_t> manners_below(double max_speed_kmh) {
  std::vector<std::uint32_t> kept{0};
  for (std::uint32_t manner = 1; manner < driving_manners().size(); ++manner) {
    const DrivingManner& one = driving_manners()[manner];
    if (one.seconds_per_wh > 0 || one.cap_kmh < max_speed_kmh) kept.push_back(manner);
  }
  return kept;
}

SiteTrees::SiteTrees(const Network& network) : network_(&network) {
  for (const Site& site : network.sites()) nodes_.push_back(site.node);
  std::ranges::sort(nodes_);
  nodes_.erase(std::ranges::unique(nodes_).begin(), nodes_.end());
  std::vector<std::uint32_t> vertex_of(network.places().size(), kNone);
  for (std::uint32_t vertex = 0; vertex < nodes_.size(); ++vertex) vertex_of[nodes_[vertex]] = vertex;
  const ev::Vehicle car = usual_car();
  const ev::EnergyModel model(car, {});
  std::vector<std::vector<double>> weights;
  for (const DrivingManner& manner : driving_manners()) {
    auto& of_manner = weights.emplace_back();
    for (const Arc& arc : network.arcs()) {
      const ArcCost cost = arc_cost(network, arc, model, {}, manner.cap_kmh / 3.6);
      of_manner.push_back(std::max(0.05 * cost.seconds, cost.seconds + manner.seconds_per_wh * cost.battery_wh));
    }
  }
  for (const NodeId node : nodes_) {
    for (const auto& of_manner : weights) trees_.push_back(grow(node, of_manner, vertex_of));
  }
}

SiteTrees::Tree SiteTrees::grow(NodeId root, const std::vector<double>& weights,
                                const std::vector<std::uint32_t>& vertex_of) const {
  const std::size_t places = network_->places().size();
  std::vector<double> best(places, kInfinity), metres(places, 0);
  std::vector<std::uint32_t> by(places, kNone), step_of(places, kNone);
  std::vector<NodeId> settled;
  using Item = std::pair<double, NodeId>;
  std::priority_queue<Item, std::vector<Item>, std::greater<>> queue;
  best[root] = 0;
  queue.emplace(0, root);
  while (!queue.empty()) {
    const auto [value, node] = queue.top();
    queue.pop();
    if (value > best[node]) continue;
    settled.push_back(node);
    for (const Arc& arc : network_->arcs_from(node)) {
      const auto index = static_cast<std::uint32_t>(&arc - network_->arcs().data());
      const double there = value + weights[index], far = metres[node] + arc.length_m;
      if (there >= best[arc.to] || far > kFurthestM) continue;
      best[arc.to] = there;
      metres[arc.to] = far;
      by[arc.to] = index;
      queue.emplace(there, arc.to);
    }
  }
  // Only what leads to a site is kept.
  std::vector<char> wanted(places, 0);
  for (auto node = settled.rbegin(); node != settled.rend(); ++node) {
    if (vertex_of[*node] != kNone) wanted[*node] = 1;
    if (wanted[*node] != 0 && by[*node] != kNone) wanted[network_->arcs()[by[*node]].from] = 1;
  }
  Tree tree;
  for (const NodeId node : settled) {
    if (wanted[node] == 0 || node == root) continue;
    step_of[node] = static_cast<std::uint32_t>(tree.steps.size());
    tree.steps.push_back({by[node], step_of[network_->arcs()[by[node]].from]});
    if (vertex_of[node] != kNone) tree.targets.push_back({vertex_of[node], step_of[node]});
  }
  std::ranges::sort(tree.targets, {}, &Tree::Target::vertex);
  return tree;
}

Overlay SiteTrees::overlay(const ev::EnergyModel& model, const Wind& wind, double max_speed_kmh) const {
  const std::vector<std::uint32_t> manners = manners_below(max_speed_kmh);
  std::vector<std::vector<Drive>> of_arc;  // per manner
  for (const std::uint32_t manner : manners) {
    auto& drives = of_arc.emplace_back();
    const double cap = std::min(driving_manners()[manner].cap_kmh, max_speed_kmh) / 3.6;
    for (const Arc& arc : network_->arcs()) {
      const ArcCost cost = arc_cost(*network_, arc, model, wind, cap);
      drives.push_back({.seconds = cost.seconds, .profile = model.profile_of(cost.battery_wh)});
    }
  }
  Overlay overlay(size());
  std::vector<std::vector<Drive>> to(size());
  std::vector<Drive> reached;
  for (std::uint32_t from = 0; from < size(); ++from) {
    for (auto& drives : to) drives.clear();
    for (std::size_t m = 0; m < manners.size(); ++m) {
      const Tree& grown = tree(from, manners[m]);
      reached.clear();
      for (const Step& step : grown.steps) {
        const Drive& arc = of_arc[m][step.arc];
        Drive drive = arc;
        if (step.before != kNone) {
          const Drive& before = reached[step.before];
          drive.seconds += before.seconds;
          drive.profile = before.profile.passable() ? before.profile.then(arc.profile) : before.profile;
        }
        drive.way = manners[m];
        reached.push_back(drive);
      }
      for (const Tree::Target& target : grown.targets) {
        if (reached[target.step].profile.passable()) to[target.vertex].push_back(reached[target.step]);
      }
    }
    for (std::uint32_t target = 0; target < size(); ++target) {
      if (target != from && !to[target].empty()) overlay.connect(from, target, to[target]);
    }
  }
  return overlay;
}

std::optional<std::uint32_t> SiteTrees::vertex(NodeId node) const {
  const auto found = std::ranges::lower_bound(nodes_, node);
  if (found == nodes_.end() || *found != node) return std::nullopt;
  return static_cast<std::uint32_t>(found - nodes_.begin());
}

std::vector<std::uint32_t> SiteTrees::arcs(std::uint32_t from, std::uint32_t to, std::uint32_t manner) const {
  const Tree& grown = tree(from, manner);
  std::vector<std::uint32_t> arcs;
  const auto target = std::ranges::lower_bound(grown.targets, to, {}, &Tree::Target::vertex);
  if (target == grown.targets.end() || target->vertex != to) return arcs;
  for (std::uint32_t step = target->step; step != kNone; step = grown.steps[step].before)
    arcs.push_back(grown.steps[step].arc);
  std::ranges::reverse(arcs);
  return arcs;
}

}  // namespace evc::routing
