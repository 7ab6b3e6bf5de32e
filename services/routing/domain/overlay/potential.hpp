// Lower bounds for what is left of a trip, from every site and stage: backward over the overlay, every drive at its
// time plus a price for its energy, every stop at its fixed cost, no hop longer than the fullest battery can make.
// The price is the least that a Wh costs anywhere, so that (weight − price · energy at hand) is never too much.
#pragma once

#include <vector>

#include "services/routing/domain/overlay/problem.hpp"

namespace evc::routing {

class Potential {
 public:
  // `price_per_wh` is at most what any option asks for any Wh.
  Potential(const Problem& problem, double price_per_wh);

  double price_per_wh() const { return price_; }
  // To the end from a site in a stage; infinite where there is no way.
  double from_site(std::size_t stage, std::uint32_t site) const { return from_site_[stage][site]; }
  // Least fixed cost of a stop; infinite where nobody stops.
  double stop_cost(std::uint32_t site) const { return stop_[site]; }
  // From a terminal, its stay included.
  double from_terminal(std::size_t terminal) const { return from_terminal_[terminal]; }
  // From a via once its stay is over.
  double leaving_terminal(std::size_t terminal) const { return leaving_terminal_[terminal]; }
  // A bound for a car at such a place with `energy`.
  double with_energy(double potential, double energy) const { return potential - price_ * (energy - arrival_); }
  double weight(const Drive& drive, double time_weight) const {
    return time_weight * drive.seconds + price_ * drive.profile.cost;
  }

 private:
  void spread(const Problem& problem, std::size_t stage);
  double leave(const Problem& problem, std::size_t stage) const;
  double gift(const Problem& problem, std::size_t terminal) const;

  double price_, arrival_;
  std::vector<double> stop_;  // per site: least fixed cost of stopping; infinite where nobody stops
  std::vector<std::vector<double>> from_site_;
  std::vector<double> from_terminal_, leaving_terminal_;
};

// The least that any option asks for a Wh that can be charged on this trip; 0 without options.
double least_price_per_wh(const Problem& problem);

}  // namespace evc::routing
