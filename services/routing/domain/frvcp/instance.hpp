// An instance of the fixed-route vehicle-charging problem (Montoya, Guéret, Mendoza, Villegas 2017; Froger, Mendoza,
// Jabali, Laporte 2019): nodes with times and energies between them, some of them stations with a charging function by
// type. Read from the JSON in which such instances are published (members max_q, t_max, css, process_times,
// breakpoints_by_type, energy_matrix, time_matrix). Units are the instance's own. Immutable, shared between solves.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "kit/base/result.hpp"
#include "services/routing/domain/charging/charge_function.hpp"

namespace evc::routing::frvcp {

struct Station {
  std::uint32_t node = 0;
  std::uint32_t type = 0;  // index into Parts::functions
};

struct Parts {
  std::size_t nodes = 0;
  std::vector<double> time, energy;  // nodes × nodes, row by row, not negative
  std::vector<double> process;       // per node: spent at each visit, at stations too
  std::vector<Station> stations;
  std::vector<ChargeFunction> functions;
  double capacity = 0;
  double longest = 0;  // limit of a route's duration
};

class Instance {
 public:
  static constexpr std::size_t kMostNodes = 2'000;

  // validation-failed with the pointer to what is wrong.
  static Result<Instance> make(Parts parts);
  static Result<Instance> read(std::string_view json_text);

  std::size_t nodes() const { return parts_.nodes; }
  double time(std::uint32_t from, std::uint32_t to) const { return parts_.time[from * parts_.nodes + to]; }
  double energy(std::uint32_t from, std::uint32_t to) const { return parts_.energy[from * parts_.nodes + to]; }
  double process(std::uint32_t node) const { return parts_.process[node]; }
  const std::vector<Station>& stations() const { return parts_.stations; }
  const ChargeFunction& function(const Station& station) const { return parts_.functions[station.type]; }
  double capacity() const { return parts_.capacity; }
  double longest() const { return parts_.longest; }
  // Least time per unit of energy at any station.
  double best_rate() const { return best_rate_; }
  // time + best_rate() · energy of the straight way.
  double weight(std::uint32_t from, std::uint32_t to) const { return straight_[from * parts_.nodes + to]; }
  // Least time + best_rate() · energy, and least time, from a node to another through any stations: lower bounds.
  double least_weight(std::uint32_t from, std::uint32_t to) const { return weight_[from * parts_.nodes + to]; }
  double least_time(std::uint32_t from, std::uint32_t to) const { return quickest_[from * parts_.nodes + to]; }
  // Whether going by way of a node, without charging there, can be better than going straight in time or in energy.
  bool saves(std::uint32_t from, std::uint32_t by, std::uint32_t to) const {
    return time(from, by) + process(by) + time(by, to) < time(from, to) ||
           energy(from, by) + energy(by, to) < energy(from, to);
  }
  // Whether that holds for any station: false where triangles hold.
  bool has_shortcuts() const { return has_shortcuts_; }

 private:
  explicit Instance(Parts parts);
  std::vector<double> closure(double rate) const;

  Parts parts_;
  double best_rate_ = 0;
  bool has_shortcuts_ = false;
  std::vector<double> straight_, weight_, quickest_;
};

}  // namespace evc::routing::frvcp
