#include "services/routing/domain/frvcp/solver.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <string>

namespace evc::routing::frvcp {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr std::uint32_t kNone = 0xFFFF'FFFF;

bool later(const std::pair<double, std::uint32_t>& a, const std::pair<double, std::uint32_t>& b) {
  return a.first > b.first;
}

}  // namespace

void Solver::add_step(const Step& step) {
  // A later mark at no less weight helps nobody; one at a smaller mark and less weight makes this one useless.
  auto at = steps_.end();
  while (at != steps_.begin() && (at - 1)->mark < step.mark) --at;
  if (at != steps_.end() && at->weight <= step.weight) return;
  auto first = at;
  while (first != steps_.begin() && (first - 1)->weight >= step.weight) --first;
  steps_.insert(steps_.erase(first, at), step);
}

// The least weights from the stations of one gap: the next stop lies on the rest of the route, or in the same gap.
void Solver::weigh_gap(std::uint32_t position) {
  const std::uint32_t next = route_[position + 1];
  const double rate = instance_.best_rate();
  const auto& stations = instance_.stations();
  double* hops = &hops_[position * stations.size()];
  for (std::size_t s = 0; s < stations.size(); ++s) {
    const std::uint32_t node = stations[s].node;
    const double away = instance_.energy(node, next);
    const double farthest = instance_.capacity() + energy_at_[position + 1] - away + 1e-9 * instance_.capacity();
    auto step = std::ranges::partition_point(steps_, [&](const Step& one) { return one.mark > farthest; });
    hops[s] = step == steps_.end() ? kInfinity
                                   : instance_.time(node, next) + rate * away - weight_at_[position + 1] + step->weight;
  }
  for (bool again = true; again;) {
    again = false;
    for (std::size_t s = 0; s < stations.size(); ++s) {
      for (std::size_t other = 0; other < stations.size(); ++other) {
        const std::uint32_t node = stations[s].node, there = stations[other].node;
        if (instance_.energy(node, there) + limits_.reserve > instance_.capacity()) continue;
        const double weight = instance_.weight(node, there) + instance_.process(there) + hops[other];
        if (weight < hops[s]) {
          hops[s] = weight;
          again = true;
        }
      }
    }
  }
  for (std::size_t s = 0; s < stations.size(); ++s) {
    const std::uint32_t node = stations[s].node;
    const double weight =
        weight_at_[position] + instance_.weight(route_[position], node) + instance_.process(node) + hops[s];
    entry_[position * stations.size() + s] = weight;
    add_step(
        {.mark = energy_at_[position] + instance_.energy(route_[position], node) + limits_.reserve, .weight = weight});
  }
}

// From the end backwards: what is left from each station, if every unit of energy costs the best rate and no hop takes
// more than a full battery. Stops that the battery enforces are counted with their ways.
void Solver::weigh_hops() {
  const std::size_t last = route_.size() - 1;
  weight_at_.assign(route_.size(), 0);
  energy_at_.assign(route_.size(), 0);
  for (std::size_t i = 1; i <= last; ++i) {
    weight_at_[i] = weight_at_[i - 1] + instance_.weight(route_[i - 1], route_[i]) + instance_.process(route_[i]);
    energy_at_[i] = energy_at_[i - 1] + instance_.energy(route_[i - 1], route_[i]);
  }
  hops_.assign(route_.size() * instance_.stations().size(), 0);
  entry_.assign(hops_.size(), 0);
  steps_.assign(1, {.mark = energy_at_[last] + limits_.final_reserve, .weight = weight_at_[last]});
  for (std::size_t i = last; i-- > 0;) weigh_gap(static_cast<std::uint32_t>(i));
}

double Solver::bound(std::uint32_t position, std::uint32_t station, double energy) const {
  const std::uint32_t node = instance_.stations()[station].node, next = route_[position + 1];
  const double weight = instance_.has_shortcuts() ? instance_.least_weight(node, next) + weight_left_[position + 1]
                                                  : hops_[position * instance_.stations().size() + station];
  return std::max(weight - instance_.best_rate() * (energy - limits_.final_reserve),
                  instance_.least_time(node, next) + time_left_[position + 1]);
}

void Solver::stand_at(std::uint32_t index) {
  standing_ = {.index = index, .label = labels_[index], .most = labels_[index].energy};
  if (standing_.label.station == kNone) return;
  standing_.function = &instance_.function(instance_.stations()[standing_.label.station]);
  standing_.cost_here = standing_.function->cost_from_empty(standing_.label.energy);
  standing_.most = std::max(standing_.most, std::min(instance_.capacity(), standing_.function->most()));
}

double Solver::charging_time(double departed) const {
  if (standing_.function == nullptr || departed <= standing_.label.energy) return 0;
  return standing_.function->cost_from_empty(departed) - standing_.cost_here;
}

// Whether no label of the same state is as good: earlier with as much energy, or so early with less that charging up
// to this energy takes no longer.
bool Solver::keep(const Label& label) {
  const std::size_t state = label.position * instance_.stations().size() + label.station;
  const double most = std::min(instance_.capacity(), instance_.function(instance_.stations()[label.station]).most());
  std::uint32_t* link = &heads_[state];
  while (*link != kNone) {
    Label& other = labels_[*link];
    if (other.energy >= label.energy) {
      if (other.time <= label.time) return false;
    } else if (label.energy <= most && other.settled <= label.settled) {
      return false;
    }
    const bool worse = label.energy >= other.energy ? label.time <= other.time
                                                    : other.energy <= most && label.settled <= other.settled;
    if (worse) {
      other.dead = true;
      *link = other.next;
    } else {
      link = &other.next;
    }
  }
  return true;
}

// False when this departure, and so every one with more energy, leads to nothing better than what is known.
bool Solver::arrive(std::uint32_t position, std::uint32_t station, const Way& way, double departed) {
  Label label{.time = standing_.label.time + charging_time(departed) + way.time,
              .energy = departed - way.energy,
              .position = position,
              .station = station,
              .parent = standing_.index,
              .pass = way.pass,
              .departed = departed};
  const double estimate = label.time + bound(position, station, label.energy);
  if (estimate >= best_ || estimate > limit()) return false;
  if (dive_.under_way) {
    // Of equal estimates the last is taken: it leaves with the most energy.
    dive_ = {.under_way = true, .estimate = estimate, .label = label};
    return true;
  }
  label.settled = label.time - instance_.function(instance_.stations()[station]).cost_from_empty(label.energy);
  if (!keep(label)) return true;
  std::uint32_t& head = heads_[position * instance_.stations().size() + station];
  label.next = head;
  head = static_cast<std::uint32_t>(labels_.size());
  open_.emplace_back(estimate, head);
  std::ranges::push_heap(open_, later);
  labels_.push_back(label);
  return true;
}

void Solver::visit(std::uint32_t position, std::uint32_t station, const Way& way) {
  const double arrived = standing_.label.energy;
  const double least = std::max(arrived, way.energy + limits_.reserve);
  if (least > standing_.most) return;
  // Every unit costs at least what the bound counts for it, so no departure has a lower estimate than this.
  const double estimate = standing_.label.time + instance_.best_rate() * (least - arrived) + way.time +
                          bound(position, station, least - way.energy);
  if (estimate >= best_ || estimate > limit()) return;
  if (!arrive(position, station, way, least)) return;
  if (standing_.function == nullptr || standing_.most <= least) return;
  for (const double energy : standing_.function->steeper()) {
    if (energy > least && energy < standing_.most && !arrive(position, station, way, energy)) break;
  }
  for (const double energy : instance_.function(instance_.stations()[station]).flatter()) {
    const double departed = energy + way.energy;
    if (departed > least && departed < standing_.most && !arrive(position, station, way, departed)) break;
  }
  arrive(position, station, way, standing_.most);
}

void Solver::finish(const Way& way) {
  const double departed = std::max(standing_.label.energy, way.energy + limits_.final_reserve);
  if (departed > standing_.most) return;
  const double duration = standing_.label.time + charging_time(departed) + way.time;
  if (duration >= best_) return;
  best_ = duration;
  best_parent_ = standing_.index;
  best_pass_ = way.pass;
  best_departed_ = departed;
  best_arrived_ = departed - way.energy;
}

bool Solver::passed(std::uint32_t pass, std::uint32_t position, std::uint32_t station) const {
  for (; pass != kNone && passes_[pass].position == position; pass = passes_[pass].before) {
    if (passes_[pass].station == station) return true;
  }
  return false;
}

// Keeps what no other way to the next node beats in both time and energy.
void Solver::reach(const Way& way) {
  for (const Way& other : next_) {
    if (other.time <= way.time && other.energy <= way.energy) return;
  }
  std::erase_if(next_, [&](const Way& other) { return way.time <= other.time && way.energy <= other.energy; });
  next_.push_back(way);
}

// From where the way has come to: every station of this gap, and the route's next node. `origin` is the node before a
// station that is being passed: going straight from there must not be as good.
void Solver::cross(std::uint32_t position, const Way& way, std::uint32_t origin) {
  const auto useful = [&](std::uint32_t to) { return origin == kNone || instance_.saves(origin, way.node, to); };
  const auto onward = [&](std::uint32_t to) {
    return Way{.node = to,
               .pass = way.pass,
               .time = way.time + instance_.time(way.node, to) + instance_.process(to),
               .energy = way.energy + instance_.energy(way.node, to)};
  };
  // From a node of the route most stations are ruled out by what entry_ says.
  const bool on_route = way.node == route_[position] && !instance_.has_shortcuts();
  const double so_far = standing_.label.time + way.time - weight_at_[position] +
                        instance_.best_rate() * (way.energy + limits_.final_reserve - standing_.label.energy);
  const auto stations = static_cast<std::uint32_t>(instance_.stations().size());
  const double* entry = &entry_[position * stations];
  for (std::uint32_t station = 0; station < stations; ++station) {
    if (on_route && so_far + entry[station] > limit()) continue;
    const std::uint32_t there = instance_.stations()[station].node;
    if (there == way.node || !useful(there)) continue;
    Way visiting = onward(there);
    if (visiting.energy + limits_.reserve > standing_.most) continue;
    visit(position, station, visiting);
    if (!instance_.has_shortcuts() || passed(way.pass, position, station)) continue;
    passes_.push_back({.before = way.pass, .position = position, .station = station, .energy = visiting.energy});
    visiting.pass = static_cast<std::uint32_t>(passes_.size() - 1);
    cross(position, visiting, way.node);
  }
  const std::uint32_t next = route_[position + 1];
  if (!useful(next)) return;
  if (const Way there = onward(next); there.energy + limits_.reserve <= standing_.most) reach(there);
}

void Solver::expand(std::uint32_t index) {
  stand_at(index);
  const Label& label = standing_.label;
  const std::uint32_t node = label.station == kNone ? route_[0] : instance_.stations()[label.station].node;
  here_.assign(1, {.node = node, .pass = kNone});
  for (std::uint32_t position = label.position; position + 1 < route_.size() && !here_.empty(); ++position) {
    next_.clear();
    for (const Way& way : here_) cross(position, way, kNone);
    std::swap(here_, next_);
  }
  for (const Way& way : here_) finish(way);
}

Result<void> Solver::begin(std::span<const std::uint32_t> route, const Limits& limits) {
  if (route.empty() || route.size() > kLongestRoute) return fail_field("/route", "1 to 10000 nodes");
  for (std::size_t i = 0; i < route.size(); ++i) {
    if (route[i] >= instance_.nodes()) return fail_field("/route/" + std::to_string(i), "is no node of the instance");
  }
  limits_ = limits;
  limits_.start = std::min(limits.start, instance_.capacity());
  limits_.final_reserve = std::max(limits.reserve, limits.final_reserve);
  if (!(limits_.start >= 0)) return fail_field("/start", "must not be negative");
  if (!(limits.reserve >= 0 && limits_.final_reserve <= instance_.capacity()))
    return fail_field("/reserve", "must be between 0 and the capacity");
  route_ = route;
  const std::size_t last = route.size() - 1;
  weight_left_.assign(route.size(), 0);
  time_left_.assign(route.size(), 0);
  weight_left_[last] = time_left_[last] = instance_.process(route[last]);
  for (std::size_t i = last; i-- > 0;) {
    const double stay = instance_.process(route[i]);
    weight_left_[i] = stay + instance_.least_weight(route[i], route[i + 1]) + weight_left_[i + 1];
    time_left_[i] = stay + instance_.least_time(route[i], route[i + 1]) + time_left_[i + 1];
  }
  weigh_hops();
  labels_.clear();
  passes_.clear();
  open_.clear();
  heads_.assign(route.size() * instance_.stations().size(), kNone);
  best_ = kInfinity;
  best_parent_ = kNone;
  return {};
}

void Solver::add_passes(std::vector<Charge>& charges, std::uint32_t pass, double departed) const {
  for (; pass != kNone; pass = passes_[pass].before) {
    const double energy = departed - passes_[pass].energy;
    charges.push_back({.after = passes_[pass].position,
                       .node = instance_.stations()[passes_[pass].station].node,
                       .arrived = energy,
                       .departed = energy});
  }
}

Solution Solver::solution() const {
  Solution found{.duration = best_, .arrived = best_arrived_};
  double departed = best_departed_;
  add_passes(found.charges, best_pass_, departed);
  for (std::uint32_t at = best_parent_; labels_[at].station != kNone; at = labels_[at].parent) {
    const Label& label = labels_[at];
    found.charges.push_back(
        {.after = label.position,
         .node = instance_.stations()[label.station].node,
         .arrived = label.energy,
         .departed = departed,
         .time = instance_.function(instance_.stations()[label.station]).cost(label.energy, departed)});
    departed = label.departed;
    add_passes(found.charges, label.pass, departed);
  }
  std::ranges::reverse(found.charges);
  return found;
}

// Follows the least estimate from stop to stop, for a complete route early on: most labels are then never made.
void Solver::dive() {
  // Twice the stops that full batteries would need; a dive that goes on longer has lost its way.
  const int deepest = 4 + static_cast<int>(std::min(1e4, 2 * energy_at_.back() / instance_.capacity()));
  dive_.under_way = true;
  std::uint32_t at = 0;
  for (int depth = 0; depth < deepest && best_parent_ == kNone; ++depth) {
    dive_.estimate = kInfinity;
    expand(at);
    if (dive_.estimate == kInfinity) break;
    at = static_cast<std::uint32_t>(labels_.size());
    labels_.push_back(dive_.label);
  }
  dive_.under_way = false;
}

Result<Answer> Solver::solve(std::span<const std::uint32_t> route, const Limits& limits) {
  EVC_CHECK(begin(route, limits));
  labels_.push_back(
      {.time = instance_.process(route[0]), .energy = limits_.start, .position = 0, .station = kNone, .parent = kNone});
  // A route of one node is driven by standing there.
  if (route.size() == 1) {
    stand_at(0);
    if (limits_.start >= limits_.final_reserve) finish({.node = route[0], .pass = kNone});
  } else {
    dive();
    open_.emplace_back(0, 0);
  }
  while (!open_.empty() && open_.front().first < best_) {
    const std::uint32_t index = open_.front().second;
    std::ranges::pop_heap(open_, later);
    open_.pop_back();
    if (!labels_[index].dead) expand(index);
  }
  Answer answer{.labels = labels_.size()};
  if (best_parent_ != kNone && best_ <= instance_.longest()) answer.solution = solution();
  return answer;
}

}  // namespace evc::routing::frvcp
