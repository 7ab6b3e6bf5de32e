#include "services/routing/domain/overlay/grid_test.hpp"

#include <cmath>
#include <limits>
#include <queue>
#include <tuple>

namespace evc::routing {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

// State: stage, vertex, level, and whether the car has charged or stayed here already.
class Grid {
 public:
  Grid(const Problem& problem, int levels, Rounding rounding)
      : problem_(problem), graph_(*problem.graph), levels_(levels), friendly_(rounding == Rounding::kForTheCar) {
    vertices_ = graph_.overlay().sites() + graph_.stages() + 1;
    best_.assign(graph_.stages() * vertices_ * static_cast<std::size_t>(levels_ + 1) * 2, kInfinity);
  }

  double run() {
    relax(0, {0, graph_.terminal(0), level(problem_.start_wh), true});
    while (!queue_.empty()) {
      const auto [value, stage, vertex, at, ready] = queue_.top();
      queue_.pop();
      const State state{stage, vertex, at, ready};
      if (value > best_[index(state)]) continue;
      if (!ready) {
        charge(value, state);
      } else {
        drive(value, state);
      }
    }
    return finished_;
  }

 private:
  struct State {
    std::size_t stage;
    std::uint32_t vertex;
    int level;
    bool ready;  // to drive on
  };
  std::size_t index(const State& state) const {
    return ((state.stage * vertices_ + state.vertex) * static_cast<std::size_t>(levels_ + 1) +
            static_cast<std::size_t>(state.level)) *
               2 +
           (state.ready ? 1 : 0);
  }
  int level(double wh) const {
    const double exact = wh / problem_.capacity_wh * levels_;
    return std::min(levels_, static_cast<int>(friendly_ ? std::ceil(exact - 1e-9) : std::floor(exact + 1e-9)));
  }
  double wh(int at) const { return problem_.capacity_wh * at / levels_; }

  void relax(double value, const State& state) {
    if (state.level < 0 || value >= best_[index(state)]) return;
    best_[index(state)] = value;
    queue_.emplace(value, state.stage, state.vertex, state.level, state.ready);
  }

  void drive(double value, const State& state) {
    const bool site = state.vertex < graph_.overlay().sites(), last = state.stage + 1 == graph_.stages();
    for (const Drive& drive : site ? graph_.to_target(state.stage, state.vertex) : graph_.straight(state.stage)) {
      const double needed = last ? problem_.arrival_wh : drive.seconds > 0 ? problem_.reserve_wh : 0;
      const int arrived = pass(drive, state.level, needed);
      if (arrived < 0) continue;
      const double there = value + problem_.time_weight * drive.seconds;
      if (last) {
        finished_ = std::min(finished_, there);
      } else {
        relax(there, {state.stage + 1, graph_.terminal(state.stage + 1), arrived, false});
      }
    }
    const auto go = [&](const Link& link, std::span<const Drive> drives) {
      for (const Drive& drive : drives) {
        const int arrived = pass(drive, state.level, drive.seconds > 0 ? problem_.reserve_wh : 0);
        if (arrived >= 0) relax(value + problem_.time_weight * drive.seconds, {state.stage, link.to, arrived, false});
      }
    };
    if (site) {
      for (const Link& link : graph_.overlay().leaving(state.vertex)) go(link, graph_.overlay().drives(link));
    } else {
      for (const Link& link : graph_.leaving(state.stage)) go(link, graph_.drives(link));
    }
  }

  // The level on arrival, negative when the drive cannot be made.
  int pass(const Drive& drive, int at, double needed) const {
    if (wh(at) < drive.profile.in - 1e-9) return -1;
    const double arrived = std::min(drive.profile.out, wh(at) - drive.profile.cost);
    return arrived < needed - 1e-9 ? -1 : level(arrived);
  }

  // In the car's favour a charge up to a level gives the next one too, and a car with more than it may charge to can be
  // at a site.
  void charge(double value, const State& state) {
    const bool site = state.vertex < graph_.overlay().sites();
    if (!site) relax(value + problem_.time_weight * problem_.stays[state.stage - 1].seconds, ready(state, state.level));
    const int most = level(problem_.most_wh);
    const std::size_t options =
        site ? problem_.options[state.vertex].size() : problem_.stays[state.stage - 1].options.size();
    for (std::size_t option = 0; option < options; ++option) {
      if (site && (friendly_ || state.level <= most))
        relax(value + problem_.options[state.vertex][option].fixed, ready(state, state.level));
      for (int to = state.level; to <= most; ++to) {
        const double cost = site ? stop_cost(problem_.options[state.vertex][option], state.level, to)
                                 : stay_cost(state.stage, option, state.level, to);
        relax(value + cost, ready(state, friendly_ ? std::min(levels_, to + 1) : to));
      }
    }
  }
  static State ready(const State& state, int at) { return {state.stage, state.vertex, at, true}; }
  double stop_cost(const ChargeOption& option, int from, int to) const {
    return option.fixed + option.cost.cost(wh(from), wh(to));
  }
  double stay_cost(std::size_t stage, std::size_t option, int from, int to) const {
    const Stay& stay = problem_.stays[stage - 1];
    const ParkedOption& plug = stay.options[option];
    const double charging = plug.ready_after + plug.seconds.cost(wh(from), wh(to));
    return problem_.time_weight * std::max(stay.seconds, charging) + plug.fixed_price +
           plug.price_per_wh * (wh(to) - wh(from));
  }

  const Problem& problem_;
  const TripGraph& graph_;
  int levels_;
  bool friendly_;
  std::size_t vertices_;
  std::vector<double> best_;
  double finished_ = kInfinity;
  using Item = std::tuple<double, std::size_t, std::uint32_t, int, bool>;
  std::priority_queue<Item, std::vector<Item>, std::greater<>> queue_;
};

}  // namespace

double grid_optimum(const Problem& problem, int levels, Rounding rounding) {
  return Grid(problem, levels, rounding).run();
}

}  // namespace evc::routing
