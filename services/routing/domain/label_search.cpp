#include "services/routing/domain/label_search.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <tuple>

namespace evc::routing {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr std::uint16_t kNoOption = 0xFFFF;
constexpr std::uint32_t kNoParent = 0xFFFF'FFFF;
constexpr double kTinyWh = 1e-6;
constexpr double kTinyValue = 1e-7;
constexpr std::size_t kGiveUpCheckEvery = 64;
// Weight of the bounds in the first pass.
constexpr double kHaste = 1.3;

bool later(const std::pair<double, std::uint32_t>& a, const std::pair<double, std::uint32_t>& b) {
  return a.first > b.first;
}

}  // namespace

LabelSearch::LabelSearch(const RoadGraph& graph, const ChargingOptions& options, const TripRequest& request,
                         NodeId start, std::vector<NodeId> targets)
    : graph_(graph),
      options_(options),
      request_(request),
      start_(start),
      targets_(std::move(targets)),
      capacity_wh_(graph.model().capacity_wh()),
      reserve_wh_(request.min_stop_soc * capacity_wh_),
      most_wh_(request.max_charge_soc * capacity_wh_),
      arrival_wh_(request.min_arrival_soc * capacity_wh_),
      legs_(targets_.size(), std::vector<std::optional<std::vector<Leg>>>(graph.size())) {}

double LabelSearch::dwell(std::size_t stage) const {
  return stage < request_.via.size() ? request_.via[stage].dwell_seconds : 0;
}

bool LabelSearch::may_stop(std::size_t stage, NodeId from, const Leg& leg) const {
  if (leg.to != targets_[stage]) return true;
  return last(stage) && leg.to != from && options_.any(leg.to);
}

double LabelSearch::needed_on_arrival_wh(std::size_t stage, Purpose purpose) const {
  return last(stage) && purpose == Purpose::kFinish ? arrival_wh_ : reserve_wh_;
}

double LabelSearch::most_on_leaving_wh(NodeId node, double arrived_wh) const {
  return options_.any(node) ? std::max(arrived_wh, most_wh_) : arrived_wh;
}

// Legs to sites and to the stage's target; of several ways to one node only those that are best in time or in energy.
const std::vector<Leg>& LabelSearch::legs(std::size_t stage, NodeId from) const {
  auto& known = legs_[stage][from];
  if (known) return *known;
  // The car never leaves a node with more, but for what it brings from a descent.
  const double limit_wh = std::max(most_wh_, request_.soc * capacity_wh_);
  std::vector<Leg> all;
  for (std::uint32_t policy = 0; policy < graph_.policies().size(); ++policy) {
    for (const Leg& leg : graph_.legs_from(from, policy, limit_wh)) {
      if (!options_.any(leg.to) && leg.to != targets_[stage]) continue;
      all.push_back(leg);
    }
  }
  std::ranges::sort(all, [](const Leg& a, const Leg& b) {
    return std::tuple(a.to, a.seconds, a.profile.cost) < std::tuple(b.to, b.seconds, b.profile.cost);
  });
  std::vector<Leg> kept;
  for (const Leg& leg : all) {
    const bool worse = !kept.empty() && kept.back().to == leg.to && kept.back().profile.cost <= leg.profile.cost + 1 &&
                       kept.back().profile.in <= leg.profile.in + 1;
    if (!worse) kept.push_back(leg);
  }
  // Standing at the target already.
  if (from == targets_[stage]) kept.push_back({.to = from, .profile = {.in = 0, .cost = 0, .out = capacity_wh_}});
  known = std::move(kept);
  return *known;
}

double LabelSearch::bound(std::size_t stage, NodeId node, double stored_wh) const {
  const StageBounds& b = bounds_[stage];
  if (b.time[node] == kInfinity) return kInfinity;
  const double spare_wh = stored_wh - arrival_wh_;
  const double missing_wh = b.energy[node] + b.after_energy - spare_wh;
  const double driving = request_.objective.time_weight * (b.time[node] + b.after_time);
  if (missing_wh <= 0) return std::max(driving, b.mixed[node] + b.after_mixed - per_wh_ * spare_wh);
  if (options_.empty()) return kInfinity;
  // A stop begins with the reserve at least, except one at the very start.
  const double lowest_wh = std::min({reserve_wh_, request_.soc * capacity_wh_, most_wh_});
  const double stops = std::ceil(missing_wh / std::max(1.0, most_wh_ - lowest_wh) - 1e-9);
  return stop_value_ * stops +
         std::max(driving + per_wh_ * missing_wh, b.mixed[node] + b.after_mixed - per_wh_ * spare_wh);
}

void LabelSearch::push(const Label& label) {
  const double remaining = bound(label.stage, label.node, label.stored_wh);
  if (label.value + remaining > known_) return;
  auto& staircase = frontiers_[label.stage][label.node].labels;
  // First label that costs more; everything before it costs no more, and the last of those holds the most energy.
  const auto at = std::ranges::upper_bound(staircase, label.value + kTinyValue, {},
                                           [&](std::uint32_t i) { return labels_[i].value; });
  if (at != staircase.begin() && labels_[*(at - 1)].stored_wh >= label.stored_wh - kTinyWh) return;
  auto end = at;
  while (end != staircase.end() && labels_[*end].stored_wh <= label.stored_wh) labels_[*end++].dead = true;
  const auto index = static_cast<std::uint32_t>(labels_.size());
  staircase.insert(staircase.erase(at, end), index);
  labels_.push_back(label);
  open_.emplace_back(label.value + haste_ * remaining, index);
  std::ranges::push_heap(open_, later);
}

// Even with the most energy that the car can bring along and without any charging time, this leg leads to nothing
// better than what is known.
bool LabelSearch::hopeless(const Label& label, const Leg& leg, Purpose purpose) const {
  const double leaving = most_on_leaving_wh(label.node, label.stored_wh);
  const double stored = std::min(leg.profile.out, leaving - leg.profile.cost);
  if (leaving < leg.profile.in || stored < needed_on_arrival_wh(label.stage, purpose) - kTinyWh) return true;
  const double value = label.value + request_.objective.time_weight * leg.seconds;
  if (value + bound(label.stage, leg.to, stored) > known_) return true;
  if (purpose == Purpose::kFinish) return false;
  const auto& staircase = frontiers_[label.stage][leg.to].labels;
  const auto at = std::ranges::upper_bound(staircase, value, {}, [&](std::uint32_t i) { return labels_[i].value; });
  return at != staircase.begin() && labels_[*(at - 1)].stored_wh >= stored;
}

void LabelSearch::arrive(std::uint32_t parent, const Leg& leg, std::uint16_t option, double departed_wh,
                         Purpose purpose) {
  const Label& from = labels_[parent];
  if (departed_wh < leg.profile.in - kTinyWh) return;
  const double stored = std::min(leg.profile.out, departed_wh - leg.profile.cost);
  if (stored < needed_on_arrival_wh(from.stage, purpose) - kTinyWh) return;
  double value = from.value + request_.objective.time_weight * leg.seconds;
  if (option != kNoOption) {
    const ChargingOption& charge = options_.at(from.node)[option];
    const double soc0 = from.stored_wh / capacity_wh_, soc1 = departed_wh / capacity_wh_;
    value += request_.objective.time_weight * (request_.overhead_seconds + charge.curve->seconds(soc0, soc1)) +
             request_.objective.money_weight *
                 (charge.start_minor + charge.minor_per_wh * charge.curve->plug_wh(soc0, soc1));
  }
  Label label{.node = leg.to,
              .stage = from.stage,
              .option = option,
              .parent = parent,
              .policy = leg.policy,
              .stored_wh = stored,
              .departed_wh = departed_wh,
              .value = value};
  if (purpose == Purpose::kFinish) {
    // A via opens the next stage at the same node; the destination opens the last, empty one.
    label.value += request_.objective.time_weight * dwell(from.stage);
    ++label.stage;
  }
  push(label);
}

void LabelSearch::charge_and_go(std::uint32_t index, const Leg& leg, std::uint16_t option, Purpose purpose) {
  const Label& label = labels_[index];
  const double arrived = label.stored_wh;
  const double least =
      std::max({arrived, leg.profile.in, needed_on_arrival_wh(label.stage, purpose) + leg.profile.cost});
  if (least > most_wh_ + kTinyWh) return;
  const ev::ChargingCurve& here = *options_.at(label.node)[option].curve;
  candidates_.clear();
  const auto consider = [&](double wh) {
    if (wh > arrived + kTinyWh && wh >= least - kTinyWh && wh <= most_wh_ + kTinyWh)
      candidates_.push_back(std::clamp(wh, least, most_wh_));
  };
  consider(least);
  // At the destination's door more energy has no use.
  if (purpose == Purpose::kStop || !last(label.stage)) {
    consider(most_wh_);
    consider(leg.profile.out + leg.profile.cost);
    for (const auto& point : here.breakpoints()) consider(point.soc * capacity_wh_);
    for (const ChargingOption& next : options_.at(leg.to)) {
      for (const auto& point : next.curve->breakpoints()) consider(point.soc * capacity_wh_ + leg.profile.cost);
    }
  }
  std::ranges::sort(candidates_);
  double before = -1;
  for (const double wh : candidates_) {
    if (wh - before > kTinyWh) arrive(index, leg, option, wh, purpose);
    before = wh;
  }
}

void LabelSearch::go(std::uint32_t index, const Leg& leg, Purpose purpose) {
  if (hopeless(labels_[index], leg, purpose)) return;
  const NodeId node = labels_[index].node;
  arrive(index, leg, kNoOption, labels_[index].stored_wh, purpose);
  const auto options = static_cast<std::uint16_t>(options_.at(node).size());
  for (std::uint16_t option = 0; option < options; ++option) charge_and_go(index, leg, option, purpose);
}

void LabelSearch::expand(std::uint32_t index) {
  // Copies: arrive() may move the labels.
  const NodeId node = labels_[index].node;
  const std::size_t stage = labels_[index].stage;
  for (const Leg& leg : legs(stage, node)) {
    if (leg.to == targets_[stage]) go(index, leg, Purpose::kFinish);
    if (may_stop(stage, node, leg)) go(index, leg, Purpose::kStop);
  }
}

SearchOutcome LabelSearch::outcome(std::uint32_t last) const {
  SearchOutcome result{.status = SearchOutcome::Status::kFound,
                       .arrived_wh = labels_[last].stored_wh,
                       .objective = labels_[last].value,
                       .labels = labels_.size()};
  for (std::uint32_t at = last; labels_[at].parent != kNoParent; at = labels_[at].parent) {
    const Label &label = labels_[at], &from = labels_[label.parent];
    SearchStep step{.from = from.node,
                    .to = label.node,
                    .policy = label.policy,
                    .arrived_wh = from.stored_wh,
                    .departed_wh = label.departed_wh};
    if (label.option != kNoOption) step.charge = options_.at(from.node)[label.option];
    step.stage_begins = from.parent == kNoParent || labels_[from.parent].stage != from.stage;
    result.steps.push_back(std::move(step));
  }
  std::ranges::reverse(result.steps);
  return result;
}

void LabelSearch::set_bounds() {
  const Objective& objective = request_.objective;
  per_wh_ = options_.least_objective_per_wh(objective, request_.vehicle);
  stop_value_ = objective.time_weight * request_.overhead_seconds;
  bounds_.assign(targets_.size() + 1, {});
  // The last, empty stage holds finished trips only.
  const std::vector<double> nothing(graph_.size(), 0);
  bounds_.back() = {.time = nothing, .energy = nothing, .mixed = nothing};
  for (std::size_t stage = targets_.size(); stage-- > 0;) {
    StageBounds& b = bounds_[stage];
    b.time = graph_.lower_bounds_to(targets_[stage], 1, 0);
    b.energy = graph_.lower_bounds_to(targets_[stage], 0, 1);
    b.mixed = graph_.lower_bounds_to(targets_[stage], objective.time_weight, per_wh_);
    if (stage + 1 == targets_.size()) continue;
    const StageBounds& next = bounds_[stage + 1];
    const NodeId here = targets_[stage];
    b.after_time = next.time[here] + next.after_time + dwell(stage);
    b.after_energy = next.energy[here] + next.after_energy;
    b.after_mixed = next.mixed[here] + next.after_mixed + objective.time_weight * dwell(stage);
  }
}

SearchOutcome LabelSearch::pass(double haste, double known) {
  haste_ = haste;
  // A little above, so that an equal answer is found again.
  known_ = known * (1 + 1e-9) + kTinyValue;
  frontiers_.assign(targets_.size() + 1, std::vector<Frontier>(graph_.size()));
  labels_.clear();
  open_.clear();
  push({.node = start_, .parent = kNoParent, .stored_wh = request_.soc * capacity_wh_});
  SearchOutcome failed;
  std::size_t expanded = 0;
  while (!open_.empty()) {
    std::ranges::pop_heap(open_, later);
    const auto [estimate, index] = open_.back();
    open_.pop_back();
    if (labels_[index].dead) continue;
    if (labels_[index].stage == targets_.size()) return outcome(index);
    failed.lower_bound = estimate;
    const bool given_up = ++expanded % kGiveUpCheckEvery == 0 && request_.give_up && request_.give_up();
    if (given_up || labels_.size() >= request_.label_limit) {
      failed.status = given_up ? SearchOutcome::Status::kCancelled : SearchOutcome::Status::kLimit;
      break;
    }
    expand(index);
  }
  failed.labels = labels_.size();
  return failed;
}

SearchOutcome LabelSearch::run() {
  set_bounds();
  SearchOutcome hasty = pass(kHaste, kInfinity);
  if (hasty.status == SearchOutcome::Status::kInfeasible || hasty.status == SearchOutcome::Status::kCancelled)
    return hasty;
  const bool found = hasty.status == SearchOutcome::Status::kFound;
  SearchOutcome exact = pass(1, found ? hasty.objective : kInfinity);
  const std::size_t labels = hasty.labels + exact.labels;
  if (exact.status == SearchOutcome::Status::kFound) {
    exact.lower_bound = exact.objective;
  } else if (exact.status != SearchOutcome::Status::kInfeasible && found) {
    // Out of labels or of time: the hasty answer stands, and the certificate says how far off it may be.
    hasty.lower_bound = exact.lower_bound;
    exact = std::move(hasty);
  }
  exact.labels = labels;
  return exact;
}

LabelSearch::Reach LabelSearch::reach() const {
  Reach result{.best_wh =
                   std::vector<std::vector<double>>(targets_.size() + 1, std::vector<double>(graph_.size(), -1))};
  std::vector<std::pair<std::size_t, NodeId>> work{{0, start_}};
  result.best_wh[0][start_] = request_.soc * capacity_wh_;
  while (!work.empty()) {
    const auto [stage, node] = work.back();
    work.pop_back();
    const double leaving = most_on_leaving_wh(node, result.best_wh[stage][node]);
    for (const Leg& leg : legs(stage, node)) {
      if (leaving < leg.profile.in) continue;
      const double stored = std::min(leg.profile.out, leaving - leg.profile.cost);
      const auto visit = [&](std::size_t next, Purpose purpose) {
        if (stored < needed_on_arrival_wh(stage, purpose)) return;
        double& best = result.best_wh[next][leg.to];
        // A site already reached lets the car leave with the same energy however it came, unless it comes with more
        // than it may charge to.
        const bool news = best < 0 || most_on_leaving_wh(leg.to, stored) > most_on_leaving_wh(leg.to, best) + 0.01;
        best = std::max(best, stored);
        if (next == targets_.size()) result.feasible = true;
        if (news && next < targets_.size()) work.emplace_back(next, leg.to);
      };
      if (leg.to == targets_[stage]) visit(stage + 1, Purpose::kFinish);
      if (may_stop(stage, node, leg)) visit(stage, Purpose::kStop);
    }
  }
  return result;
}

}  // namespace evc::routing
