// The best feasible trip over the overlay: which sites to stop at and how far to charge, exact on those drives. Label
// setting over (stage, site, energy on arrival); a departure is one of the finite candidates at which a sum of
// piecewise-linear charging functions can be least, so nothing is rounded. A stop without charging is allowed, where
// two drives in a row beat every single one; it costs as much as any stop. A* by the Potentials; a dive along the least
// estimate gives a first answer that keeps most labels from being made. Vias are passed by EnergyMap, and a stay with a
// plug is charged through. Past the label limit the best answer so far stands with a true lower bound. One per solve.
#pragma once

#include <cstdint>
#include <limits>
#include <vector>

#include "services/routing/domain/overlay/energy_map.hpp"
#include "services/routing/domain/overlay/potential.hpp"
#include "services/routing/domain/overlay/problem.hpp"

namespace evc::routing {

class OverlaySearch {
 public:
  explicit OverlaySearch(const Problem& problem);
  OverlayOutcome run();

 private:
  static constexpr std::uint32_t kNone = 0xFFFF'FFFF;
  // A via passed on the way from a label, or a site where nothing is charged: how it was reached, and which of the
  // via's plugs was used.
  struct Pass {
    std::uint32_t before = kNone;
    std::uint32_t vertex = 0;
    const Drive* drive = nullptr;
    std::uint32_t parked = kNone;
  };
  struct Label {
    double value = 0;
    double energy = 0;    // on arrival
    double settled = 0;   // value − cost of charging to here: what counts once the car has charged beyond this energy
    double departed = 0;  // energy on leaving the parent
    const Drive* drive = nullptr;
    std::uint32_t vertex = 0;
    std::uint32_t stage = 0;
    std::uint32_t option = kNone;  // at this vertex; kNone: the start
    std::uint32_t parent = kNone;
    std::uint32_t pass = kNone;  // the last vertex passed since the parent
    std::uint32_t next = kNone;  // of the same state
    bool dead = false;
  };
  // The label that is being expanded, with what every departure from it needs.
  struct Standing {
    std::uint32_t index = 0;
    Label label;
    const ChargeOption* charge = nullptr;
    const ParkedOption* parked = nullptr;
    double cost_here = 0;  // τ(energy on arrival)
    double most = 0;       // energy on leaving
    double so_far = 0;     // its estimate without what is left
  };
  // One drive, or several with sites passed in between.
  struct Leg {
    const Drive* drive = nullptr;  // the last one
    double seconds = 0;
    ev::Profile profile;
    double fixed = 0;  // of the sites passed
    std::uint32_t pass = kNone;
  };
  // Where a drive leads: a site's option, or a via's plug (site kNone).
  struct Place {
    std::uint32_t stage = 0, vertex = 0, option = 0;
  };
  // A way over vias.
  struct Chain {
    EnergyMap map;
    double cost = 0;    // of time, and of fixed prices
    double weight = 0;  // the same with the energy at the potential's price, gifts taken off
    std::uint32_t pass = kNone;
    const Drive* drive = nullptr;
  };
  struct End {
    std::uint32_t parent = kNone, pass = kNone;
    const Drive* drive = nullptr;
    double departed = 0;
  };

  void prepare(const std::vector<std::vector<char>>& relevant);
  void search();
  void stand_at(std::uint32_t index);
  double charging_cost(double departed) const;
  // Not more than any of the link's drives weighs.
  double least_weight(const Link& link) const {
    return problem_.time_weight * link.least_seconds + potentials_[0].price_per_wh() * link.least_cost;
  }
  double limit() const { return diving_ ? std::min(best_, dive_estimate_) : best_; }
  double bound(const Place& place, double fixed, double energy) const;
  void expand(std::uint32_t index);
  void cross(const Link& link, std::span<const Drive> drives);
  void visit(const Place& place, const ChargeOption& option, const Leg& leg);
  void arrive(const Place& place, const ChargeOption& option, const Leg& leg, double departed);
  void admit(Label label, double estimate);
  bool keep(const Label& label);
  std::uint32_t& head(const Label& label);
  void finish(const Leg& leg);
  void offer(double value, const End& end);
  void dive();
  bool expand_open();

  // Sites passed without charging (search_passes.cpp).
  static constexpr int kMostPassed = 3;
  void pass_sites();
  void pass_all(const Link& link, std::span<const Drive> drives);
  void pass(const Leg& leg, std::uint32_t site, int depth);
  bool beaten(const Leg& leg, std::uint32_t site) const;
  // Links from a site, the most promising first, each with the least that it and what follows can weigh.
  struct Onward {
    double weight = 0;
    const Link* link = nullptr;
  };
  const std::vector<Onward>& onward(std::uint32_t stage, std::uint32_t site);

  // Over vias (search_vias.cpp).
  void reach_via(const Leg& leg);
  void leave_via(const Chain& chain, std::uint32_t terminal);
  void go_on(const Chain& chain, std::uint32_t stage, std::uint32_t vertex, int passed);
  void stop_at_via(const Chain& chain, std::uint32_t terminal);
  void visit_over(const Chain& chain, const Place& place, const ChargeOption& option);
  void finish_over(const Chain& chain);
  const std::vector<double>& departures(const EnergyMap& map, std::span<const double> wanted);

  // The answer (search_outcome.cpp).
  OverlayOutcome outcome() const;
  void add_steps(std::vector<OverlayStep>& steps, std::uint32_t from, const End& end, std::uint32_t to) const;

  const Problem& problem_;
  const TripGraph& graph_;
  std::vector<Potential::Rates> rates_;
  std::vector<Potential> potentials_;  // the first with the greatest bound at the start
  std::vector<std::uint32_t> first_option_;
  std::vector<double> entry_;       // per stage and site: the first potential, with its share of the stop there
  std::vector<double> least_stop_;  // per site: least fixed cost
  std::vector<Label> labels_;
  std::vector<Pass> passes_;
  std::vector<std::uint32_t> heads_;
  std::vector<std::pair<double, std::uint32_t>> open_;
  std::vector<std::vector<Onward>> onward_;  // per stage and site, made when asked for
  std::vector<std::uint32_t> expanded_;      // from which no site has been passed yet
  OverlayOutcome::Status stopped_ = OverlayOutcome::Status::kInfeasible;
  std::size_t labels_before_ = 0;  // of earlier guesses
  Standing standing_;
  std::vector<double> departures_, wanted_;
  bool diving_ = false, passing_ = false;
  double dive_estimate_ = 0;
  Label dive_label_;
  double best_ = std::numeric_limits<double>::infinity();
  End best_end_;
};

}  // namespace evc::routing
