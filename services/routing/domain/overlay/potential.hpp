// Lower bounds for what is left of a trip, from every site and stage: backward over the overlay, every drive at its
// time plus a price for its energy, every stop at a share of its fixed cost, no hop longer than the fullest battery can
// make. The price is such that no charge costs less than the rest of the fixed cost and the price of its energy: with
// the whole fixed cost it is the least price of a Wh anywhere, with none of it the least average over a charge. Each
// share gives a bound; the greatest counts.
#pragma once

#include <vector>

#include "services/routing/domain/overlay/problem.hpp"

namespace evc::routing {

class Potential {
 public:
  struct Rates {
    double stop_share = 1;  // of the fixed cost of a stop, 0 to 1
    double price_per_wh = 0;
  };
  // The rates must be those of least_rates, or lower. Sites that are not marked in `relevant` ([stage][site]) are left
  // out: nothing leads there.
  Potential(const Problem& problem, const Rates& rates, const std::vector<std::vector<char>>& relevant);

  double price_per_wh() const { return price_; }
  double stop_share() const { return share_; }
  // To the end from a site in a stage; infinite where there is no way.
  double from_site(std::size_t stage, std::uint32_t site) const { return from_site_[stage][site]; }
  // From a terminal, its stay included.
  double from_terminal(std::size_t terminal) const { return from_terminal_[terminal]; }
  // From a via once its stay is over.
  double leaving_terminal(std::size_t terminal) const { return leaving_terminal_[terminal]; }
  // A bound for a car at such a place with `energy`; one that has paid a stop there may still have that to its credit:
  // credit(fixed cost) is to be taken off.
  double credit(double fixed) const { return (1 - share_) * fixed; }
  double with_energy(double potential, double energy) const { return potential - price_ * (energy - arrival_); }
  double weight(const Drive& drive, double time_weight) const {
    return time_weight * drive.seconds + price_ * drive.profile.cost;
  }

 private:
  void spread(const Problem& problem, std::size_t stage, const std::vector<char>& relevant);
  double leave(const Problem& problem, std::size_t stage) const;

  double share_, price_, arrival_;
  std::vector<double> stop_;  // per site: least share of a fixed cost; infinite where nobody stops
  std::vector<std::vector<double>> from_site_;
  std::vector<double> from_terminal_, leaving_terminal_;
};

// What charging during a stay may save at most, when a Wh is worth `price_per_wh`.
double stay_gift(const Problem& problem, std::size_t terminal, double price_per_wh);

// The highest price that, with this share of the fixed cost, undercuts every charge that this trip can make.
Potential::Rates least_rates(const Problem& problem, double stop_share);

}  // namespace evc::routing
