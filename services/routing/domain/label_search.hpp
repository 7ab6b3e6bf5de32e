// Label setting over (stage, node, stored energy): the fastest or cheapest feasible sequence of drives and charges on
// the overlay of sites. Departure energy is taken from finite candidates, which suffice because charging time is
// piecewise linear: the least that reaches the next node, the greatest allowed, the breakpoints of this curve, and
// those of the next curve moved by the leg's energy. Driving on without charging is always possible, so that one leg
// may be put together from several. A* by three lower bounds. One per solve; not thread-safe.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "services/routing/domain/charging_options.hpp"
#include "services/routing/domain/road_graph.hpp"
#include "services/routing/domain/trip.hpp"

namespace evc::routing {

struct SearchStep {
  NodeId from = 0, to = 0;
  std::uint32_t policy = 0;
  double arrived_wh = 0;  // at `from`, before charging
  double departed_wh = 0;
  std::optional<ChargingOption> charge;  // at `from`; none: driven on
  bool stage_begins = false;             // `from` is a via (or the start): dwell happened there
};

struct SearchOutcome {
  enum class Status { kFound, kInfeasible, kLimit, kCancelled } status = Status::kInfeasible;
  std::vector<SearchStep> steps;
  double arrived_wh = 0;
  double objective = 0;
  double lower_bound = 0;
  std::size_t labels = 0;
};

class LabelSearch {
 public:
  // `targets`: graph nodes of the vias in order and the destination last; `start` is the origin's node.
  LabelSearch(const RoadGraph& graph, const ChargingOptions& options, const TripRequest& request, NodeId start,
              std::vector<NodeId> targets);

  // First a hasty pass whose answer bounds the exact one from above; at the label limit that answer stands, with the
  // lower bound reached.
  SearchOutcome run();

  // Energy reachable at every node of a stage when time does not matter: the first, cheap answer to "is it possible at
  // all".
  struct Reach {
    std::vector<std::vector<double>> best_wh;  // [stage][node], negative: not reached
    bool feasible = false;
  };
  Reach reach() const;
  // Energy with which the car may leave a node when it came with `arrived_wh`.
  double most_on_leaving_wh(NodeId node, double arrived_wh) const;
  enum class Purpose {
    kStop,
    kFinish
  };  // on arriving: to charge or drive on, or because the stage's target is reached
  double needed_on_arrival_wh(std::size_t stage, Purpose purpose) const;

 private:
  struct Label {
    NodeId node = 0;
    std::uint16_t stage = 0;
    std::uint16_t option = 0;  // at the parent's node, kNoOption: driven on
    std::uint32_t parent = 0;
    std::uint32_t policy = 0;
    double stored_wh = 0;
    double departed_wh = 0;
    double value = 0;
    bool dead = false;
  };
  struct Frontier {
    std::vector<std::uint32_t> labels;  // value rising, stored energy rising: a staircase
  };
  const std::vector<Leg>& legs(std::size_t stage, NodeId from) const;
  double bound(std::size_t stage, NodeId node, double stored_wh) const;
  void expand(std::uint32_t index);
  void go(std::uint32_t index, const Leg& leg, Purpose purpose);
  void charge_and_go(std::uint32_t index, const Leg& leg, std::uint16_t option, Purpose purpose);
  void arrive(std::uint32_t parent, const Leg& leg, std::uint16_t option, double departed_wh, Purpose purpose);
  bool last(std::size_t stage) const { return stage + 1 == targets_.size(); }
  // A leg to the last target may also be a stop before it: the driver charges there to arrive with enough.
  bool may_stop(std::size_t stage, NodeId from, const Leg& leg) const;
  void set_bounds();
  SearchOutcome pass(double haste, double known);
  bool hopeless(const Label& label, const Leg& leg, Purpose purpose) const;
  void push(const Label& label);
  double dwell(std::size_t stage) const;
  SearchOutcome outcome(std::uint32_t last) const;

  const RoadGraph& graph_;
  const ChargingOptions& options_;
  const TripRequest& request_;
  NodeId start_;
  std::vector<NodeId> targets_;
  double capacity_wh_, reserve_wh_, most_wh_, arrival_wh_;
  double per_wh_ = 0, stop_value_ = 0;
  double haste_ = 1;  // weight of the bounds: above 1 an answer comes sooner and may be worse
  double known_ = 0;  // value of the best answer so far
  struct StageBounds {
    std::vector<double> time, energy, mixed;
    double after_time = 0, after_energy = 0, after_mixed = 0;  // of all later stages
  };
  std::vector<StageBounds> bounds_;
  mutable std::vector<std::vector<std::optional<std::vector<Leg>>>> legs_;
  std::vector<std::vector<Frontier>> frontiers_;
  std::vector<Label> labels_;
  std::vector<std::pair<double, std::uint32_t>> open_;
  std::vector<double> candidates_;
};

}  // namespace evc::routing
