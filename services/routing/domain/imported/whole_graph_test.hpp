// The other way to the optimum, for tests: the ways between sites found by a search with function labels on the whole
// graph instead of a few courses, and a lower bound from each pair's own least time and least energy. A label is time
// and energy profile; one that another beats in all of its numbers, or misses by less than half a second and a
// watt-hour, goes.
#pragma once

#include <algorithm>
#include <limits>
#include <memory>
#include <queue>

#include "services/routing/domain/imported/imported_roads.hpp"
#include "services/routing/domain/overlay/search.hpp"
#include "services/routing/domain/prepared_trip.hpp"

namespace evc::routing::imported {
namespace whole_graph {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kSameSeconds = 0.5, kSameWh = 1;

struct Label {
  double seconds;
  ev::Profile profile;
  roads::Node node;
  bool operator>(const Label& other) const { return seconds > other.seconds; }
};

inline bool beats(const Label& one, const Label& other) {
  return one.seconds <= other.seconds + kSameSeconds && one.profile.in <= other.profile.in + kSameWh &&
         one.profile.cost <= other.profile.cost + kSameWh && one.profile.out >= other.profile.out - kSameWh;
}

// All ways from one spot at one speed cap.
class Spread {
 public:
  Spread(const roads::RoadNetwork& network, const ev::EnergyModel& model, double cap_kmh)
      : network_(network), model_(model), driving_(network, model, {}, cap_kmh), kept_(network.node_count()) {
    for (roads::LaneId lane = 0; lane < network.lane_count(); ++lane)
      costs_.push_back(network.open(lane) ? driving_.rates().cost(network, lane) : roads::LaneCost{});
  }

  void run(const Spot& from) {
    for (auto& labels : kept_) labels.clear();
    const roads::LaneCost access = driving_.access_cost(access_m(from));
    start_ = {access.seconds, model_.profile_of(access.battery_wh), 0};
    for (const roads::LaneId lane : lanes_at(from)) {
      Label label = after(start_, lane, 1 - share_along(from, lane));
      label.node = network_.arc_head[network_.arcs_of_lane(lane).front()];
      push(label);
    }
    while (!queue_.empty()) {
      const Label label = queue_.top();
      queue_.pop();
      auto& known = kept_[label.node];
      if (std::ranges::any_of(known, [&](const Label& one) { return beats(one, label); })) continue;
      known.push_back(label);
      for (roads::ArcId arc = network_.first_arc[label.node]; arc < network_.first_arc[label.node + 1]; ++arc) {
        Label next = after(label, network_.arc_lane[arc], 1);
        next.node = network_.arc_head[arc];
        push(next);
      }
    }
  }

  std::vector<Drive> to(const Spot& from, const Spot& target) const {
    std::vector<Label> labels;
    for (const roads::LaneId lane : lanes_at(target)) {
      for (const roads::ArcId arc : network_.arcs_of_lane(lane)) {
        const auto next = std::ranges::upper_bound(network_.first_arc, arc);
        const auto node = static_cast<roads::Node>(next - network_.first_arc.begin() - 1);
        for (const Label& label : kept_[node]) labels.push_back(after(label, lane, share_along(target, lane)));
      }
      const double begin = share_along(from, lane), end = share_along(target, lane);
      if (from.place.segment == target.place.segment && begin <= end)
        labels.push_back(after(start_, lane, end - begin));
    }
    const roads::LaneCost access = driving_.access_cost(access_m(target));
    std::vector<Drive> drives;
    for (const Label& label : labels) {
      const ev::Profile whole =
          label.profile.passable() ? label.profile.then(model_.profile_of(access.battery_wh)) : label.profile;
      if (whole.passable()) drives.push_back({.seconds = label.seconds + access.seconds, .profile = whole});
    }
    return drives;
  }

 private:
  static double share_along(const Spot& spot, roads::LaneId lane) {
    return roads::is_against(lane) ? 1 - spot.place.share : spot.place.share;
  }
  std::vector<roads::LaneId> lanes_at(const Spot& spot) const {
    std::vector<roads::LaneId> lanes;
    for (const roads::LaneId lane :
         {roads::lane_along(spot.place.segment), roads::reversed(roads::lane_along(spot.place.segment))}) {
      if (network_.open(lane)) lanes.push_back(lane);
    }
    return lanes;
  }
  Label after(const Label& label, roads::LaneId lane, double share) const {
    Label next = label;
    next.seconds += costs_[lane].seconds * share;
    if (next.profile.passable()) next.profile = next.profile.then(model_.profile_of(costs_[lane].battery_wh * share));
    return next;
  }
  void push(const Label& label) {
    if (label.profile.passable()) queue_.push(label);
  }

  const roads::RoadNetwork& network_;
  const ev::EnergyModel& model_;
  Driving driving_;
  std::vector<roads::LaneCost> costs_;
  std::vector<std::vector<Label>> kept_;
  std::priority_queue<Label, std::vector<Label>, std::greater<>> queue_;
  Label start_{};
};

// The search over these drives; the problem is the prepared trip's.
inline double value_of(const PreparedTrip& trip, const Overlay& overlay, const StageDrives& drives) {
  TripGraph graph(overlay, 1);
  for (Vertex stand = 0; stand < trip.stands(); ++stand) {
    graph.leave(0, stand, drives.leaving[stand]);
    graph.arrive(0, stand, drives.arriving[stand]);
  }
  graph.go_straight(0, drives.straight);
  Problem problem = trip.problem();
  problem.graph = &graph;
  const OverlayOutcome outcome = OverlaySearch(problem).run();
  return outcome.status == OverlayOutcome::Status::kFound ? outcome.value : kInfinity;
}

// Of some drives one that is as fast as the fastest and as thrifty as the thriftiest.
inline std::vector<Drive> least_of(const std::vector<Drive>& drives) {
  if (drives.empty()) return {};
  Drive least = drives.front();
  for (const Drive& one : drives) {
    least.seconds = std::min(least.seconds, one.seconds);
    least.profile.in = std::min(least.profile.in, one.profile.in);
    least.profile.cost = std::min(least.profile.cost, one.profile.cost);
    least.profile.out = std::max(least.profile.out, one.profile.out);
  }
  return {least};
}

}  // namespace whole_graph

// Every drive that matters from a spot to others, by target.
inline std::vector<std::vector<Drive>> whole_graph_drives(const roads::RoadNetwork& network,
                                                          const ev::EnergyModel& model, const Spot& from,
                                                          std::span<const Spot> targets,
                                                          std::span<const double> caps_kmh) {
  std::vector<std::vector<Drive>> drives(targets.size());
  for (const double cap : caps_kmh) {
    whole_graph::Spread spread(network, model, cap);
    spread.run(from);
    for (std::size_t target = 0; target < targets.size(); ++target) {
      for (const Drive& one : spread.to(from, targets[target])) drives[target].push_back(one);
    }
  }
  for (auto& one : drives) one = best_drives(std::move(one));
  return drives;
}

inline std::vector<double> caps_of(const TripRequest& request) {
  std::vector<double> caps;
  for (const std::uint32_t cap : caps_below(request.max_speed_kmh))
    caps.push_back(std::min(kCapsKmh[cap], request.max_speed_kmh));
  return caps;
}

// A trip that begins or ends at a station has rules of its own: no reserve is needed to get there.
inline bool at_a_stand(const ImportedNetwork& network, const TripRequest& request) {
  return std::ranges::any_of(network.spots(), [&](const Spot& stand) {
    return great_circle_m(stand.position, request.from.position) <= ImportedRoads::kAtStationM ||
           great_circle_m(stand.position, request.to.position) <= ImportedRoads::kAtStationM;
  });
}

struct WholeGraphValue {
  double best = 0;   // infinite: no trip
  double bound = 0;  // from least times and least energies
};

// Trips of one car in one weather without wind, each of two points.
class WholeGraph {
 public:
  WholeGraph(const ImportedNetwork& network, std::span<const TripRequest> requests)
      : network_(network), requests_(requests), stands_(static_cast<Vertex>(network.stands())) {
    const TripRequest& any = requests.front();
    const ev::EnergyModel model(any.vehicle, any.conditions);
    spots_.assign(network.spots().begin(), network.spots().end());
    for (const TripRequest& request : requests) spots_.push_back(spot_at(request.to.position));
    const std::vector<double> caps = caps_of(any);
    for (Vertex stand = 0; stand < stands_; ++stand)
      from_stand_.push_back(whole_graph_drives(network.network(), model, spots_[stand], spots_, caps));
    for (const TripRequest& request : requests) {
      from_start_.push_back(whole_graph_drives(network.network(), model, spot_at(request.from.position), spots_, caps));
    }
  }

  WholeGraphValue value(std::size_t number) const {
    const auto trip = PreparedTrip::make(network_, requests_[number]);
    if (!trip) return {whole_graph::kInfinity, whole_graph::kInfinity};
    const auto all = [](const std::vector<Drive>& drives) { return drives; };
    return {.best = value_over(**trip, number, all), .bound = value_over(**trip, number, whole_graph::least_of)};
  }
  const std::vector<Drive>& between(Vertex from, Vertex to) const { return from_stand_[from][to]; }

 private:
  Spot spot_at(const Position& position) const {
    const auto place = roads::nearest_road(network_.network(), position, roads::Snapping::kWellConnected, 1e5);
    return {.place = *place, .position = position, .off_road_m = place->distance_m};
  }
  template <class Chosen>
  double value_over(const PreparedTrip& trip, std::size_t number, Chosen&& chosen) const {
    const std::size_t end = stands_ + number;
    Overlay overlay(stands_);
    StageDrives ends{std::vector<std::vector<Drive>>(stands_), std::vector<std::vector<Drive>>(stands_), {}};
    for (Vertex from = 0; from < stands_; ++from) {
      for (Vertex to = 0; to < stands_; ++to) {
        if (from != to) overlay.connect(from, to, chosen(from_stand_[from][to]));
      }
      ends.leaving[from] = chosen(from_start_[number][from]);
      ends.arriving[from] = chosen(from_stand_[from][end]);
    }
    ends.straight = chosen(from_start_[number][end]);
    return whole_graph::value_of(trip, overlay, ends);
  }

  const ImportedNetwork& network_;
  std::span<const TripRequest> requests_;
  Vertex stands_;
  std::vector<Spot> spots_;  // stands, then the ends of the trips
  std::vector<std::vector<std::vector<Drive>>> from_stand_, from_start_;
};

}  // namespace evc::routing::imported
