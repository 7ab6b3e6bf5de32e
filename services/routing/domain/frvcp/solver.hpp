// The fastest way to drive a fixed route: where to charge between its nodes, and how much. Exact for any piecewise
// linear charging function: label setting over (position in the route, station), where a label is one energy on arrival
// and departures are taken from the finite candidates of ChargeFunction, by A* with the least time per unit of energy
// as the price of what is missing. Any number of stations may follow each other; where that saves time or energy they
// are passed without charging too. One per thread; its memory is reused between solves.
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <vector>

#include "services/routing/domain/frvcp/instance.hpp"

namespace evc::routing::frvcp {

struct Limits {
  double start = std::numeric_limits<double>::infinity();  // energy at the first node; at most the capacity
  double reserve = 0;                                      // on arrival anywhere
  double final_reserve = 0;                                // on arrival at the last node
};

// A visit to a station; nothing is charged where it is only on the way.
struct Charge {
  std::size_t after = 0;  // position in the route of the node that was left before
  std::uint32_t node = 0;
  double arrived = 0, departed = 0;  // energy
  double time = 0;                   // spent charging
};

struct Solution {
  double duration = 0;
  double arrived = 0;  // energy at the last node
  std::vector<Charge> charges;
};

struct Answer {
  std::optional<Solution> solution;  // empty: no charging makes the route possible
  std::size_t labels = 0;
};

class Solver {
 public:
  static constexpr std::size_t kLongestRoute = 10'000;

  explicit Solver(const Instance& instance) : instance_(instance) {}
  // `route`: nodes in order, at least one. validation-failed with the pointer when a node or a limit makes no sense.
  Result<Answer> solve(std::span<const std::uint32_t> route, const Limits& limits);

 private:
  struct Label {
    double time = 0;     // on arrival, its process time included
    double energy = 0;   // on arrival
    double settled = 0;  // time − τ(energy): what counts once the car has charged beyond this energy
    std::uint32_t position = 0;
    std::uint32_t station = 0;  // kNone: the route's first node
    std::uint32_t parent = 0;
    std::uint32_t next = 0;  // of the same state
    std::uint32_t pass = 0;  // the last station passed since the parent
    double departed = 0;     // energy on leaving the parent
    bool dead = false;
  };
  // A station passed without charging on the way from a label.
  struct Pass {
    std::uint32_t before = 0;
    std::uint32_t position = 0, station = 0;
    double energy = 0;  // used on the way so far
  };
  // How far one has come since a label's station.
  struct Way {
    std::uint32_t node = 0;
    std::uint32_t pass = 0;
    double time = 0, energy = 0;
  };
  // Left behind by all hops that begin further along: reaching energy mark `mark` costs `weight` to the end from there.
  struct Step {
    double mark = 0, weight = 0;
  };
  Result<void> begin(std::span<const std::uint32_t> route, const Limits& limits);
  void expand(std::uint32_t index);
  void cross(std::uint32_t position, const Way& way, std::uint32_t origin);
  void reach(const Way& way);
  double limit() const { return dive_.under_way ? std::min(best_, dive_.estimate) : best_; }
  bool passed(std::uint32_t pass, std::uint32_t position, std::uint32_t station) const;
  void visit(std::uint32_t position, std::uint32_t station, const Way& way);
  void finish(const Way& way);
  bool arrive(std::uint32_t position, std::uint32_t station, const Way& way, double departed);
  void dive();
  void weigh_hops();
  void weigh_gap(std::uint32_t position);
  void add_step(const Step& step);
  double bound(std::uint32_t position, std::uint32_t station, double energy) const;
  void stand_at(std::uint32_t index);
  double charging_time(double departed) const;
  bool keep(const Label& label);
  void add_passes(std::vector<Charge>& charges, std::uint32_t pass, double departed) const;
  Solution solution() const;

  const Instance& instance_;
  std::span<const std::uint32_t> route_;
  Limits limits_;
  std::vector<double> weight_left_, time_left_;  // from each position to the end
  std::vector<double> weight_at_, energy_at_;    // from the route's begin to each position
  std::vector<Step> steps_;                      // marks falling, weights rising
  // Per (position, station): the least weight to the end by hops that a full battery can make, from the station, and
  // from the route's first node by way of it.
  std::vector<double> hops_, entry_;
  std::vector<Label> labels_;
  std::vector<Pass> passes_;
  std::vector<Way> here_, next_;      // ways to the current and to the next node of the route
  std::vector<std::uint32_t> heads_;  // per (position, station)
  std::vector<std::pair<double, std::uint32_t>> open_;
  // The label that is being expanded, with what every departure from it needs.
  struct Standing {
    std::uint32_t index = 0;
    Label label;
    const ChargeFunction* function = nullptr;  // none at the route's first node
    double cost_here = 0;                      // τ(energy on arrival)
    double most = 0;                           // energy on leaving
  } standing_;
  struct Dive {
    bool under_way = false;
    double estimate = 0;
    Label label;
  } dive_;
  double best_ = 0;  // duration of the best complete route
  std::uint32_t best_parent_ = 0, best_pass_ = 0;
  double best_departed_ = 0, best_arrived_ = 0;
};

}  // namespace evc::routing::frvcp
