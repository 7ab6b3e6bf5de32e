#include "services/routing/domain/frvcp/enumeration_test.hpp"

#include <glpk.h>

#include <algorithm>
#include <memory>

namespace evc::routing::frvcp {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

// One stop of a sequence: how much energy the way to it takes, and what charging costs there.
struct Stop {
  double energy_before = 0;
  std::uint32_t station = 0;
};

// A stretch of a charging function as a line: cost = base + slope · energy on [low, high]. Passing by is a line too.
struct Line {
  double low = 0, high = 0, base = 0, slope = 0;
};

struct Pair {
  Line arrive, depart;
  bool passes = false;  // departure = arrival, at no cost
};

class Enumeration {
 public:
  Enumeration(const Instance& instance, std::span<const std::uint32_t> route, const Limits& limits)
      : instance_(instance), route_(route), limits_(limits) {
    limits_.start = std::min(limits.start, instance.capacity());
    limits_.final_reserve = std::max(limits.reserve, limits.final_reserve);
  }

  Enumerated run(std::size_t deepest) {
    // Deeper until no sequence that could be better was cut short; without any solution `deepest` stops are enough to
    // tell.
    for (depth_ = 0, cut_ = true; cut_ && (depth_ <= deepest || best_ < kInfinity); ++depth_) {
      cut_ = false;
      extend(0, route_[0], instance_.process(route_[0]), 0);
    }
    if (best_ > instance_.longest()) best_ = kInfinity;
    return {best_, programs_};
  }

 private:
  // From `node` in the gap after route position `position`: drive on, or to any station.
  void extend(std::size_t position, std::uint32_t node, double time, double energy_since) {
    if (position + 1 == route_.size()) {
      if (stops_.size() == depth_) solve(time, energy_since);
      return;
    }
    if (time + driving_left(position, node) >= best_ - 1e-12) return;
    const double missing = used_ + energy_left(position, node) + limits_.final_reserve - limits_.start;
    if (time + driving_left(position, node) + instance_.best_rate() * missing >= best_ - 1e-12) return;
    const std::uint32_t next = route_[position + 1];
    used_ += instance_.energy(node, next);
    extend(position + 1, next, time + instance_.time(node, next) + instance_.process(next),
           energy_since + instance_.energy(node, next));
    used_ -= instance_.energy(node, next);
    if (stops_.size() == depth_) {
      cut_ = true;
      return;
    }
    for (std::uint32_t s = 0; s < instance_.stations().size(); ++s) {
      const std::uint32_t there = instance_.stations()[s].node;
      if (there == node) continue;
      if (instance_.energy(node, there) + energy_since + limits_.reserve > instance_.capacity()) continue;
      stops_.push_back({energy_since + instance_.energy(node, there), s});
      used_ += instance_.energy(node, there);
      extend(position, there, time + instance_.time(node, there) + instance_.process(there), 0);
      stops_.pop_back();
      used_ -= instance_.energy(node, there);
    }
  }

  // No way between two nodes takes less than the straight one where triangles hold; elsewhere nothing is assumed.
  double energy_left(std::size_t position, std::uint32_t node) const {
    if (instance_.has_shortcuts()) return 0;
    double least = instance_.energy(node, route_[position + 1]);
    for (std::size_t i = position + 1; i + 1 < route_.size(); ++i) least += instance_.energy(route_[i], route_[i + 1]);
    return least;
  }

  double driving_left(std::size_t position, std::uint32_t node) const {
    double least = instance_.least_time(node, route_[position + 1]);
    for (std::size_t i = position + 1; i + 1 < route_.size(); ++i)
      least += instance_.least_time(route_[i], route_[i + 1]);
    return least;
  }

  void solve(double driving, double energy_at_end) {
    energy_at_end_ = energy_at_end;
    driving_ = driving;
    chosen_.clear();
    choose(0, limits_.start, limits_.start);
  }

  // Picks lines for stop `k`, which the car leaves its predecessor for with an energy in [low, high].
  void choose(std::size_t k, double low, double high) {
    const double needed = k == stops_.size() ? limits_.final_reserve : limits_.reserve;
    const double way = k == stops_.size() ? energy_at_end_ : stops_[k].energy_before;
    if (high - way < needed - 1e-12) return;
    low = std::max(low - way, needed);
    high -= way;
    if (k == stops_.size()) {
      program();
      return;
    }
    const ChargeFunction& function = instance_.function(instance_.stations()[stops_[k].station]);
    const auto points = function.points();
    std::vector<Line> lines;
    for (std::size_t i = 1; i < points.size(); ++i) {
      const double slope = (points[i].cost - points[i - 1].cost) / (points[i].energy - points[i - 1].energy);
      lines.push_back({points[i - 1].energy, std::min(points[i].energy, instance_.capacity()),
                       points[i - 1].cost - slope * points[i - 1].energy, slope});
    }
    for (std::size_t a = 0; a < lines.size(); ++a) {
      if (lines[a].low > high || lines[a].high < low) continue;
      for (std::size_t d = a; d < lines.size(); ++d) {
        if (lines[d].low >= lines[d].high) continue;
        chosen_.push_back({lines[a], lines[d], false});
        choose(k + 1, std::max(lines[d].low, low), lines[d].high);
        chosen_.pop_back();
      }
    }
    const Line anywhere{0, instance_.capacity(), 0, 0};
    chosen_.push_back({anywhere, anywhere, true});
    choose(k + 1, low, high);
    chosen_.pop_back();
  }

  // Columns: arrival and departure per stop.
  void program() {
    ++programs_;
    if (stops_.empty()) {
      best_ = std::min(best_, driving_);
      return;
    }
    const std::unique_ptr<glp_prob, void (*)(glp_prob*)> lp(glp_create_prob(), glp_delete_prob);
    const int stops = static_cast<int>(stops_.size());
    glp_set_obj_dir(lp.get(), GLP_MIN);
    glp_add_cols(lp.get(), 2 * stops);
    glp_add_rows(lp.get(), 2 * stops + 1);
    double constant = 0;
    const auto bounds = [](double low, double high) { return low < high ? GLP_DB : GLP_FX; };
    for (int k = 0; k < stops; ++k) {
      const Pair& pair = chosen_[static_cast<std::size_t>(k)];
      const int arrival = 2 * k + 1, departure = 2 * k + 2;
      const double low = std::max(pair.arrive.low, limits_.reserve);
      if (low > pair.arrive.high) return;
      glp_set_col_bnds(lp.get(), arrival, bounds(low, pair.arrive.high), low, pair.arrive.high);
      glp_set_col_bnds(lp.get(), departure, bounds(pair.depart.low, pair.depart.high), pair.depart.low,
                       pair.depart.high);
      glp_set_obj_coef(lp.get(), arrival, -pair.arrive.slope);
      glp_set_obj_coef(lp.get(), departure, pair.depart.slope);
      constant += pair.depart.base - pair.arrive.base;
      // departure ≥ arrival, or equal; and what came before, less the way, is the arrival.
      const int columns[] = {0, arrival, departure};
      const double signs[] = {0, -1, 1};
      glp_set_mat_row(lp.get(), 2 * k + 1, 2, columns, signs);
      glp_set_row_bnds(lp.get(), 2 * k + 1, pair.passes ? GLP_FX : GLP_LO, 0, 0);
      const double way = stops_[static_cast<std::size_t>(k)].energy_before;
      const int before[] = {0, arrival, departure - 2};
      const double link[] = {0, 1, -1};
      const double value = k == 0 ? limits_.start - way : -way;
      glp_set_mat_row(lp.get(), 2 * k + 2, k == 0 ? 1 : 2, before, link);
      glp_set_row_bnds(lp.get(), 2 * k + 2, GLP_FX, value, value);
    }
    const int last[] = {0, 2 * stops};
    const double one[] = {0, 1};
    glp_set_mat_row(lp.get(), 2 * stops + 1, 1, last, one);
    glp_set_row_bnds(lp.get(), 2 * stops + 1, GLP_LO, limits_.final_reserve + energy_at_end_, 0);
    glp_smcp settings;
    glp_init_smcp(&settings);
    settings.msg_lev = GLP_MSG_OFF;
    if (glp_simplex(lp.get(), &settings) != 0 || glp_get_status(lp.get()) != GLP_OPT) return;
    best_ = std::min(best_, driving_ + constant + glp_get_obj_val(lp.get()));
  }

  const Instance& instance_;
  std::span<const std::uint32_t> route_;
  Limits limits_;
  std::vector<Stop> stops_;
  std::vector<Pair> chosen_;
  double energy_at_end_ = 0, driving_ = 0;
  double used_ = 0;  // energy of the sequence so far
  double best_ = kInfinity;
  std::size_t programs_ = 0;
  std::size_t depth_ = 0;  // stops of the sequences that are tried
  bool cut_ = false;
};

}  // namespace

Enumerated enumerate(const Instance& instance, std::span<const std::uint32_t> route, const Limits& limits,
                     std::size_t deepest) {
  return Enumeration(instance, route, limits).run(deepest);
}

}  // namespace evc::routing::frvcp
