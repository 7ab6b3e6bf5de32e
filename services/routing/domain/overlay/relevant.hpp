// Which sites can lie on a trip that costs no more than a guess: least costs from the trip's begin and to its end by
// the quickest and the thriftiest numbers of every link. The exact bounds then look at those sites alone.
#pragma once

#include <limits>
#include <vector>

#include "services/routing/domain/overlay/potential.hpp"
#include "services/routing/domain/overlay/problem.hpp"

namespace evc::routing {

class RelevantSites {
 public:
  // `rates` as for Potential.
  RelevantSites(const Problem& problem, const Potential::Rates& rates);

  // No trip costs less; infinite when there is none.
  double least() const { return least_; }
  // [stage][site]: whether a trip of at most `cost` may stop there. Costs are told apart up to `told_apart()`; beyond
  // it every site counts.
  double told_apart() const { return told_apart_; }
  std::vector<std::vector<char>> within(double cost) const;

 private:
  static constexpr double kTimes = 2.5;
  std::vector<double> spread_back(const Problem& problem, std::size_t stage) const;
  std::vector<double> spread_on(const Problem& problem, std::size_t stage, const std::vector<double>& back,
                                double enough) const;
  double weight(double seconds, double cost) const { return time_weight_ * seconds + rates_.price_per_wh * cost; }

  Potential::Rates rates_;
  double time_weight_;
  double least_ = 0, told_apart_ = std::numeric_limits<double>::infinity();
  std::vector<double> stop_;
  std::vector<std::vector<double>> through_;  // [stage][site]: least cost of a whole trip that stops there
};

}  // namespace evc::routing
