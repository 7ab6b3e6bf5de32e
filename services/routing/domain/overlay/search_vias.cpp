// OverlaySearch over vias: the way from a label over one or more vias to the next stop or to the end is one EnergyMap,
// so that a departure can still be chosen for what comes after them.
#include <algorithm>

#include "services/routing/domain/overlay/search.hpp"

namespace evc::routing {

// Energies with which the standing car may leave over a map: its limits, its kinks, where charging gets steeper here,
// and what arrives with one of the `wanted` energies.
const std::vector<double>& OverlaySearch::departures(const EnergyMap& map, std::span<const double> wanted) {
  departures_.clear();
  const double least = std::max(standing_.label.energy, map.least()), most = std::min(standing_.most, map.most());
  if (least > most) return departures_;
  const auto consider = [&](double energy) {
    if (energy > least && energy < most) departures_.push_back(energy);
  };
  departures_.push_back(least);
  departures_.push_back(most);
  for (const EnergyMap::Point& point : map.points()) consider(point.left);
  if (standing_.charge != nullptr) {
    for (const double energy : standing_.charge->cost.steeper()) consider(energy);
  }
  if (standing_.parked != nullptr) {
    for (const double energy : standing_.parked->seconds.steeper()) consider(energy);
    consider(after_stay(*standing_.parked, problem_.stays[standing_.label.stage - 1].seconds, problem_.most_wh,
                        standing_.label.energy));
  }
  for (const double energy : wanted) {
    if (const auto left = map.left_for(energy)) consider(*left);
  }
  std::ranges::sort(departures_);
  departures_.erase(std::ranges::unique(departures_).begin(), departures_.end());
  return departures_;
}

void OverlaySearch::reach_via(const Leg& leg) {
  const double needed = leg.seconds > 0 ? problem_.reserve_wh : 0;
  const double cost = problem_.time_weight * leg.seconds + leg.fixed;
  const Chain chain{.map = EnergyMap::identity(problem_.capacity_wh).then(leg.profile, needed),
                    .cost = cost,
                    .weight = cost + potentials_[0].price_per_wh() * leg.profile.cost,
                    .pass = leg.pass,
                    .drive = leg.drive};
  if (!chain.map.empty()) leave_via(chain, standing_.label.stage + 1);
}

// The chain has come to a via: it is passed, or its plugs are used while the car stands there.
void OverlaySearch::leave_via(const Chain& chain, std::uint32_t terminal) {
  const Stay& stay = problem_.stays[terminal - 1];
  const Potential& potential = potentials_[0];
  if (standing_.so_far + chain.weight + potential.from_terminal(terminal) > limit()) return;
  stop_at_via(chain, terminal);
  for (std::uint32_t parked = kNone; parked == kNone || parked < stay.options.size(); ++parked) {
    const auto pass = static_cast<std::uint32_t>(passes_.size());
    passes_.push_back(
        {.before = chain.pass, .vertex = graph_.terminal(terminal), .drive = chain.drive, .parked = parked});
    const Chain stayed{
        .map =
            parked == kNone ? chain.map : chain.map.then_parked(stay.options[parked], stay.seconds, problem_.most_wh),
        .cost = chain.cost + problem_.time_weight * stay.seconds,
        .weight = chain.weight + potential.from_terminal(terminal) - potential.leaving_terminal(terminal),
        .pass = pass};
    go_on(stayed, terminal, graph_.terminal(terminal), 0);
  }
}

// From a via, or from a site passed behind it, to the next stop or over the next via.
void OverlaySearch::go_on(const Chain& chain, std::uint32_t stage, std::uint32_t vertex, int passed) {
  const bool at_site = vertex < graph_.overlay().sites(), last = stage + 1 == graph_.stages();
  const Potential& potential = potentials_[0];
  const auto onward = [&](const Drive& drive, double needed) {
    return Chain{.map = chain.map.then(drive.profile, needed),
                 .cost = chain.cost + problem_.time_weight * drive.seconds,
                 .weight = chain.weight + potential.weight(drive, problem_.time_weight),
                 .pass = chain.pass,
                 .drive = &drive};
  };
  const auto reserve = [&](const Drive& drive) { return drive.seconds > 0 ? problem_.reserve_wh : 0; };
  for (const Drive& drive : at_site ? graph_.to_target(stage, vertex) : graph_.straight(stage)) {
    const Chain next = onward(drive, last ? problem_.arrival_wh : reserve(drive));
    if (next.map.empty()) continue;
    if (last) {
      finish_over(next);
    } else {
      leave_via(next, stage + 1);
    }
  }
  for (const Link& link : at_site ? graph_.overlay().leaving(vertex) : graph_.leaving(stage)) {
    const double entry = entry_[stage * problem_.options.size() + link.to];
    if (standing_.so_far + chain.weight + least_weight(link) + entry > limit()) continue;
    for (const Drive& drive : at_site ? graph_.overlay().drives(link) : graph_.drives(link)) {
      const double estimate = standing_.so_far + chain.weight + potential.weight(drive, problem_.time_weight) + entry;
      if (estimate > limit()) continue;
      Chain next = onward(drive, reserve(drive));
      if (next.map.empty()) continue;
      const auto& options = problem_.options[link.to];
      for (std::uint32_t option = 0; option < options.size(); ++option)
        visit_over(next, {.stage = stage, .vertex = link.to, .option = option}, options[option]);
      if (!passing_ || passed == kMostPassed) continue;
      next.cost += least_stop_[link.to];
      next.weight += least_stop_[link.to];
      next.pass = static_cast<std::uint32_t>(passes_.size());
      passes_.push_back({.before = chain.pass, .vertex = link.to, .drive = &drive});
      go_on(next, stage, link.to, passed + 1);
    }
  }
}

// The car charges at the via beyond its stay, or less than the stay would allow.
void OverlaySearch::stop_at_via(const Chain& chain, std::uint32_t terminal) {
  const Stay& stay = problem_.stays[terminal - 1];
  for (std::uint32_t option = 0; option < stay.options.size(); ++option) {
    const ParkedOption& parked = stay.options[option];
    wanted_.assign(parked.seconds.flatter().begin(), parked.seconds.flatter().end());
    for (const EnergyMap::Point& point :
         EnergyMap::identity(problem_.capacity_wh).then_parked(parked, stay.seconds, problem_.most_wh).points())
      wanted_.push_back(point.left);
    for (const double departed : departures(chain.map, wanted_)) {
      const EnergyMap::Point arrival = chain.map.at(departed);
      if (arrival.arrived >= problem_.most_wh) continue;
      Label label{.value = standing_.label.value + charging_cost(departed) + chain.cost + arrival.cost,
                  .energy = arrival.arrived,
                  .departed = departed,
                  .drive = chain.drive,
                  .vertex = graph_.terminal(terminal),
                  .stage = terminal,
                  .option = option,
                  .parent = standing_.index,
                  .pass = chain.pass};
      double left = 0;
      for (const Potential& potential : potentials_)
        left = std::max(left, potential.with_energy(potential.from_terminal(terminal), label.energy));
      admit(label, label.value + left);
    }
  }
}

void OverlaySearch::visit_over(const Chain& chain, const Place& place, const ChargeOption& option) {
  for (const double departed : departures(chain.map, option.cost.flatter())) {
    const EnergyMap::Point arrival = chain.map.at(departed);
    if (arrival.arrived > problem_.most_wh) continue;
    const Label label{
        .value = standing_.label.value + charging_cost(departed) + chain.cost + arrival.cost + option.fixed,
        .energy = arrival.arrived,
        .departed = departed,
        .drive = chain.drive,
        .vertex = place.vertex,
        .stage = place.stage,
        .option = place.option,
        .parent = standing_.index,
        .pass = chain.pass};
    admit(label, label.value + bound(place, option.fixed, label.energy));
  }
}

void OverlaySearch::finish_over(const Chain& chain) {
  for (const double departed : departures(chain.map, {})) {
    offer(standing_.label.value + charging_cost(departed) + chain.cost + chain.map.at(departed).cost,
          {.parent = standing_.index, .pass = chain.pass, .drive = chain.drive, .departed = departed});
  }
}

}  // namespace evc::routing
