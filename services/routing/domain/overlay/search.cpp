#include "services/routing/domain/overlay/search.hpp"

#include <algorithm>
#include <cmath>

#include "services/routing/domain/overlay/relevant.hpp"

namespace evc::routing {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr std::size_t kGiveUpCheckEvery = 32;

bool later(const std::pair<double, std::uint32_t>& a, const std::pair<double, std::uint32_t>& b) {
  return a.first > b.first;
}

}  // namespace

OverlaySearch::OverlaySearch(const Problem& problem) : problem_(problem), graph_(*problem.graph) {
  for (const double share : {0.4, 0.0}) rates_.push_back(least_rates(problem, share));
  rates_.push_back({.stop_share = 1, .price_per_wh = 0});
  std::uint32_t count = 0;
  for (const auto& here : problem.options) {
    first_option_.push_back(count);
    count += static_cast<std::uint32_t>(here.size());
    double& least = least_stop_.emplace_back(kInfinity);
    for (const ChargeOption& option : here) least = std::min(least, option.fixed);
  }
  first_option_.push_back(count);
}

void OverlaySearch::prepare(const std::vector<std::vector<char>>& relevant) {
  potentials_.clear();
  for (const Potential::Rates& rates : rates_) potentials_.emplace_back(problem_, rates, relevant);
  std::ranges::sort(potentials_, std::greater<>{}, [&](const Potential& potential) {
    return potential.with_energy(potential.from_terminal(0), problem_.start_wh);
  });
  const std::size_t sites = problem_.options.size();
  entry_.assign(sites * graph_.stages(), kInfinity);
  for (std::size_t stage = 0; stage < graph_.stages(); ++stage) {
    for (std::uint32_t site = 0; site < sites; ++site) {
      entry_[stage * sites + site] =
          potentials_[0].stop_share() * least_stop_[site] + potentials_[0].from_site(stage, site);
    }
  }
  onward_.assign(entry_.size(), {});
  labels_before_ += labels_.size();
  labels_.clear();
  passes_.clear();
  open_.clear();
  expanded_.clear();
  heads_.assign((first_option_.back() + Stay::kMostOptions) * graph_.stages(), kNone);
  best_ = kInfinity;
}

double OverlaySearch::bound(const Place& place, double fixed, double energy) const {
  double most = 0;
  for (const Potential& potential : potentials_) {
    most = std::max(
        most, potential.with_energy(potential.from_site(place.stage, place.vertex), energy) - potential.credit(fixed));
  }
  return most;
}

void OverlaySearch::stand_at(std::uint32_t index) {
  standing_ = {.index = index, .label = labels_[index], .most = labels_[index].energy};
  const Label& label = standing_.label;
  standing_.so_far = label.value - potentials_[0].price_per_wh() * (label.energy - problem_.arrival_wh);
  if (label.option == kNone) return;
  if (label.vertex < graph_.overlay().sites()) {
    standing_.charge = &problem_.options[label.vertex][label.option];
    standing_.cost_here = standing_.charge->cost.cost_from_empty(label.energy);
    standing_.so_far -= potentials_[0].credit(standing_.charge->fixed);
  } else {
    standing_.parked = &problem_.stays[label.stage - 1].options[label.option];
    standing_.cost_here = standing_.parked->seconds.cost_from_empty(label.energy);
    // The stay, and what charging during it may save at most.
    standing_.so_far += potentials_[0].from_terminal(label.stage) - potentials_[0].leaving_terminal(label.stage);
  }
  standing_.most = std::max(label.energy, problem_.most_wh);
}

double OverlaySearch::charging_cost(double departed) const {
  const double gained = departed - standing_.label.energy;
  if (standing_.charge != nullptr)
    return gained <= 0 ? 0 : standing_.charge->cost.cost_from_empty(departed) - standing_.cost_here;
  if (standing_.parked == nullptr) return 0;
  const ParkedOption& option = *standing_.parked;
  const double stay = problem_.stays[standing_.label.stage - 1].seconds;
  if (gained <= 0) return problem_.time_weight * stay;
  const double charging = option.ready_after + option.seconds.cost_from_empty(departed) - standing_.cost_here;
  return problem_.time_weight * std::max(stay, charging) + option.fixed_price + option.price_per_wh * gained;
}

std::uint32_t& OverlaySearch::head(const Label& label) {
  const std::size_t stages = graph_.stages(), options = first_option_.back();
  if (label.vertex < graph_.overlay().sites())
    return heads_[label.stage * options + first_option_[label.vertex] + label.option];
  return heads_[stages * options + label.stage * Stay::kMostOptions + label.option];
}

// Whether no label of the same state is as good: earlier with as much energy, or so early with less that charging up
// to this energy costs no more.
bool OverlaySearch::keep(const Label& label) {
  const bool site = label.vertex < graph_.overlay().sites();
  std::uint32_t* link = &head(label);
  while (*link != kNone) {
    Label& other = labels_[*link];
    if (other.energy >= label.energy) {
      if (other.value <= label.value) return false;
    } else if (site && label.energy <= problem_.most_wh && other.settled <= label.settled) {
      return false;
    }
    const bool worse = label.energy >= other.energy
                           ? label.value <= other.value
                           : site && other.energy <= problem_.most_wh && label.settled <= other.settled;
    if (worse) {
      other.dead = true;
      *link = other.next;
    } else {
      link = &other.next;
    }
  }
  return true;
}

void OverlaySearch::admit(Label label, double estimate) {
  if (estimate >= best_ || estimate > limit()) return;
  if (diving_) {
    // Of equal estimates the last is taken: it leaves with the most energy.
    dive_estimate_ = estimate;
    dive_label_ = label;
    return;
  }
  if (label.vertex < graph_.overlay().sites())
    label.settled = label.value - problem_.options[label.vertex][label.option].cost.cost_from_empty(label.energy);
  if (!keep(label)) return;
  std::uint32_t& first = head(label);
  label.next = first;
  first = static_cast<std::uint32_t>(labels_.size());
  open_.emplace_back(estimate, first);
  std::ranges::push_heap(open_, later);
  labels_.push_back(label);
}

void OverlaySearch::arrive(const Place& place, const ChargeOption& option, const Leg& leg, double departed) {
  const Label label{.value = standing_.label.value + charging_cost(departed) + problem_.time_weight * leg.seconds +
                             leg.fixed + option.fixed,
                    .energy = std::min(leg.profile.out, departed - leg.profile.cost),
                    .departed = departed,
                    .drive = leg.drive,
                    .vertex = place.vertex,
                    .stage = place.stage,
                    .option = place.option,
                    .parent = standing_.index,
                    .pass = leg.pass};
  // A stop begins below where charging ends.
  if (label.energy > problem_.most_wh) return;
  admit(label, label.value + bound(place, option.fixed, label.energy));
}

void OverlaySearch::visit(const Place& place, const ChargeOption& option, const Leg& leg) {
  const ev::Profile& profile = leg.profile;
  const double arrived = standing_.label.energy;
  // Who stands there already needs no reserve to get there.
  const double needed = leg.seconds > 0 ? problem_.reserve_wh : 0;
  const double least = std::max({arrived, profile.in, needed + profile.cost});
  if (least > standing_.most || profile.out < needed) return;
  arrive(place, option, leg, least);
  if (standing_.most <= least) return;
  const auto consider = [&](double energy) {
    if (energy > least && energy < standing_.most) arrive(place, option, leg, energy);
  };
  if (standing_.charge != nullptr) {
    for (const double energy : standing_.charge->cost.steeper()) consider(energy);
  }
  if (standing_.parked != nullptr) {
    consider(
        after_stay(*standing_.parked, problem_.stays[standing_.label.stage - 1].seconds, problem_.most_wh, arrived));
    for (const double energy : standing_.parked->seconds.steeper()) consider(energy);
  }
  for (const double energy : option.cost.flatter()) consider(energy + profile.cost);
  consider(profile.out + profile.cost);
  arrive(place, option, leg, standing_.most);
}

void OverlaySearch::offer(double value, const End& end) {
  if (value >= best_) return;
  best_ = value;
  best_end_ = end;
}

void OverlaySearch::finish(const Leg& leg) {
  const ev::Profile& profile = leg.profile;
  const double departed = std::max({standing_.label.energy, profile.in, problem_.arrival_wh + profile.cost});
  if (departed > standing_.most || profile.out < problem_.arrival_wh) return;
  offer(standing_.label.value + charging_cost(departed) + problem_.time_weight * leg.seconds + leg.fixed,
        {.parent = standing_.index, .pass = leg.pass, .drive = leg.drive, .departed = departed});
}

void OverlaySearch::cross(const Link& link, std::span<const Drive> drives) {
  const std::uint32_t stage = standing_.label.stage;
  const double entry = entry_[stage * problem_.options.size() + link.to];
  if (entry == kInfinity) return;
  const double ahead = standing_.so_far + entry;
  if (ahead + least_weight(link) > limit()) return;
  for (const Drive& drive : drives) {
    if (ahead + potentials_[0].weight(drive, problem_.time_weight) > limit()) continue;
    const auto& options = problem_.options[link.to];
    for (std::uint32_t option = 0; option < options.size(); ++option)
      visit({.stage = stage, .vertex = link.to, .option = option}, options[option],
            {.drive = &drive, .seconds = drive.seconds, .profile = drive.profile});
  }
}

void OverlaySearch::expand(std::uint32_t index) {
  stand_at(index);
  const std::uint32_t stage = standing_.label.stage, vertex = standing_.label.vertex;
  const bool site = vertex < graph_.overlay().sites(), last = stage + 1 == graph_.stages();
  for (const Drive& drive : site ? graph_.to_target(stage, vertex) : graph_.straight(stage)) {
    if (last) {
      finish({.drive = &drive, .seconds = drive.seconds, .profile = drive.profile});
    } else {
      reach_via({.drive = &drive, .seconds = drive.seconds, .profile = drive.profile});
    }
  }
  if (site) {
    for (const Link& link : graph_.overlay().leaving(vertex)) cross(link, graph_.overlay().drives(link));
  } else {
    for (const Link& link : graph_.leaving(stage)) cross(link, graph_.drives(link));
  }
}

// Follows the least estimate from stop to stop, for a first answer.
void OverlaySearch::dive() {
  constexpr int kDeepest = 60;
  diving_ = true;
  std::uint32_t at = 0;
  for (int depth = 0; depth < kDeepest && best_ == kInfinity; ++depth) {
    dive_estimate_ = kInfinity;
    expand(at);
    if (dive_estimate_ == kInfinity) break;
    at = static_cast<std::uint32_t>(labels_.size());
    labels_.push_back(dive_label_);
  }
  diving_ = false;
}

// Until nothing open can be better than the best answer; false when it was stopped before.
bool OverlaySearch::expand_open() {
  std::size_t count = 0;
  while (!open_.empty() && open_.front().first < best_) {
    const bool given_up = ++count % kGiveUpCheckEvery == 0 && problem_.give_up && problem_.give_up();
    if (given_up || labels_before_ + labels_.size() >= problem_.label_limit) {
      stopped_ = given_up ? OverlayOutcome::Status::kCancelled : OverlayOutcome::Status::kLimit;
      return false;
    }
    const std::uint32_t index = open_.front().second;
    std::ranges::pop_heap(open_, later);
    open_.pop_back();
    if (labels_[index].dead) continue;
    expand(index);
    expanded_.push_back(index);
  }
  return true;
}

void OverlaySearch::search() {
  labels_.push_back({.energy = problem_.start_wh, .vertex = graph_.terminal(0)});
  const double first = potentials_[0].with_energy(potentials_[0].from_terminal(0), problem_.start_wh);
  if (first == kInfinity) return;
  dive();
  open_.emplace_back(first, 0);
  // With the best answer known, few sites are worth passing.
  while (expand_open() && !expanded_.empty()) pass_sites();
}

OverlayOutcome OverlaySearch::run() {
  const RelevantSites sites(problem_, rates_[1]);
  if (sites.least() == kInfinity) return {};
  // What is found within a guess is the best there is; else the guess was too low.
  const double base = std::max(sites.least(), 0.0);
  double guess = 0;
  for (const double wider : {1.1, 2.0, kInfinity}) {
    guess = wider * (base + 1'500 * problem_.time_weight);
    if (guess > sites.told_apart()) guess = kInfinity;
    prepare(sites.within(guess));
    search();
    if (stopped_ != OverlayOutcome::Status::kInfeasible || best_ <= guess) break;
  }
  const bool cut_short = stopped_ != OverlayOutcome::Status::kInfeasible;
  OverlayOutcome found{.status = stopped_};
  if (best_ < kInfinity) found = outcome();
  found.lower_bound = cut_short ? std::min({best_, guess, open_.front().first}) : best_;
  found.labels = labels_before_ + labels_.size();
  return found;
}

}  // namespace evc::routing
