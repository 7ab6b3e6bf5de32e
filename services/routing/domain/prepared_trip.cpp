#include "services/routing/domain/prepared_trip.hpp"

#include <algorithm>
#include <cmath>

namespace evc::routing {
namespace {

ChargeFunction over_wh(const ev::ChargingCurve& curve, double capacity_wh) {
  std::vector<ChargeFunction::Point> points;
  for (const auto& point : curve.breakpoints()) points.push_back({point.soc * capacity_wh, point.seconds});
  // A checked vehicle's curve rises from 0 to 1.
  return ChargeFunction::make(std::move(points)).value();
}

}  // namespace

Result<std::unique_ptr<PreparedTrip>> PreparedTrip::make(const TripNetwork& network, const TripRequest& request) {
  EVC_CHECK(request.vehicle.check());
  auto trip = std::make_unique<PreparedTrip>();
  trip->network_ = &network;
  trip->request_ = request;
  trip->model_ = std::make_shared<const ev::EnergyModel>(request.vehicle, request.conditions);
  EVC_TRY(roads, network.roads(request, *trip->model_));
  trip->roads_ = std::move(roads);
  trip->options_ = std::make_shared<const ChargingOptions>(network, request);
  trip->overlay_ = trip->roads_->overlay();
  auto drives = std::make_shared<std::vector<StageDrives>>();
  for (std::size_t stage = 0; stage < trip->stages(); ++stage) drives->push_back(trip->roads_->stage(stage));
  trip->stage_drives_ = std::move(drives);
  trip->connect_terminals();
  trip->add_stops();
  return trip;
}

Result<std::unique_ptr<PreparedTrip>> PreparedTrip::with(const TripRequest& request) const {
  const auto same_place = [](const Location& a, const Location& b) {
    return a.place == b.place && a.position == b.position;
  };
  const ev::Vehicle &now = request.vehicle, &then = request_.vehicle;
  const bool same_points = same_place(request.from, request_.from) && same_place(request.to, request_.to) &&
                           std::ranges::equal(request.via, request_.via, [&](const Via& a, const Via& b) {
                             return same_place(a.location, b.location);
                           });
  const bool same_drive = now.id == then.id && now.usable_kwh == then.usable_kwh && now.mass_kg == then.mass_kg &&
                          request.max_speed_kmh == request_.max_speed_kmh &&
                          request.conditions == request_.conditions && request.wind == request_.wind;
  if (!same_points || !same_drive) return make(*network_, request);
  auto trip = std::make_unique<PreparedTrip>(*this);
  trip->request_ = request;
  trip->options_ = std::make_shared<const ChargingOptions>(*network_, request);
  trip->add_stops();
  return trip;
}

std::unique_ptr<PreparedTrip> PreparedTrip::corrected(const std::vector<OverlayStep>& steps) const {
  constexpr double kWhTolerance = 0.3;
  std::vector<PairDrives> pairs;
  for (const OverlayStep& step : steps) {
    if (step.from >= stands() || step.to >= stands() || exact_.contains({step.from, step.to})) continue;
    auto exact = roads_->exact_drives(step.from, step.to);
    if (!exact) continue;
    const auto same = std::ranges::find(*exact, step.way, &Drive::way);
    if (same != exact->end()) {
      const double reached = std::min(same->profile.out, step.departed_wh - same->profile.cost);
      const bool enough = step.departed_wh >= same->profile.in - kWhTolerance;
      if (enough && std::abs(reached - step.reached_wh) <= kWhTolerance) continue;
    }
    pairs.push_back({step.from, step.to, std::move(*exact)});
  }
  return pairs.empty() ? nullptr : with_drives(pairs);
}

std::unique_ptr<PreparedTrip> PreparedTrip::ideal() const {
  auto overlay = roads_->ideal_overlay();
  if (!overlay) return nullptr;
  auto trip = std::make_unique<PreparedTrip>(*this);
  trip->overlay_ = std::move(overlay);
  auto drives = std::make_shared<std::vector<StageDrives>>(*stage_drives_);
  for (StageDrives& stage : *drives) {
    for (auto* side : {&stage.leaving, &stage.arriving}) {
      for (auto& of_stand : *side) of_stand = roads_->ideal(of_stand);
    }
    stage.straight = roads_->ideal(stage.straight);
  }
  trip->stage_drives_ = std::move(drives);
  trip->connect_terminals();
  trip->add_stops();
  return trip;
}

std::unique_ptr<PreparedTrip> PreparedTrip::with_drives(const std::vector<PairDrives>& pairs) const {
  auto overlay = std::make_shared<Overlay>(*overlay_);
  auto stages = std::make_shared<std::vector<StageDrives>>(*stage_drives_);
  auto trip = std::make_unique<PreparedTrip>(*this);
  for (const PairDrives& pair : pairs) {
    if (pair.from < stands() && pair.to < stands()) {
      if (trip->exact_.emplace(pair.from, pair.to).second) overlay->replace(pair.from, pair.to, pair.drives);
      continue;
    }
    // A stage lies before its second point.
    StageDrives& stage = (*stages)[pair.from >= stands() ? pair.from - stands() : pair.to - stands() - 1];
    auto& drives = pair.to < stands()     ? stage.leaving[pair.to]
                   : pair.from < stands() ? stage.arriving[pair.from]
                                          : stage.straight;
    drives = pair.drives;
  }
  trip->overlay_ = std::move(overlay);
  trip->stage_drives_ = std::move(stages);
  trip->connect_terminals();
  trip->add_stops();
  return trip;
}

std::optional<Vertex> PreparedTrip::stand_at(Vertex vertex) const {
  return vertex < stands() ? std::optional(vertex) : roads_->stand_at(vertex - stands());
}

bool PreparedTrip::same_spot(Vertex a, Vertex b) const {
  if (a == b) return true;
  const auto stand = stand_at(a);
  if (stand && stand == stand_at(b)) return true;
  const auto location = [&](Vertex vertex) -> const Location* {
    if (vertex < stands()) return nullptr;
    const std::size_t index = vertex - stands();
    return index == 0 ? &request_.from : index == stages() ? &request_.to : &request_.via[index - 1].location;
  };
  const Location *here = location(a), *there = location(b);
  return here != nullptr && there != nullptr && here->place && here->place == there->place;
}

// The drives between the trip's own points, and between them and the stands, around the overlay.
void PreparedTrip::connect_terminals() {
  const auto built = std::make_shared<TripGraph>(*overlay_, stages());
  for (std::size_t stage = 0; stage < stages(); ++stage) {
    const StageDrives& drives = (*stage_drives_)[stage];
    for (Vertex stand = 0; stand < stands(); ++stand) {
      built->leave(stage, stand, drives.leaving[stand]);
      built->arrive(stage, stand, drives.arriving[stand]);
    }
    built->go_straight(stage, drives.straight);
  }
  trip_graph_ = built;
}

void PreparedTrip::add_stops() {
  const Objective& objective = request_.objective;
  const double capacity = model_->capacity_wh();
  const auto price = [&](const ChargingOption& option) {
    return objective.money_weight * option.minor_per_wh * option.curve->plug_wh(0, 1) / capacity;
  };
  problem_ = {.graph = trip_graph_.get(),
              .capacity_wh = capacity,
              .start_wh = request_.soc * capacity,
              .reserve_wh = request_.min_stop_soc * capacity,
              .most_wh = request_.max_charge_soc * capacity,
              .arrival_wh = request_.min_arrival_soc * capacity,
              .time_weight = objective.time_weight,
              .label_limit = request_.label_limit,
              .give_up = request_.give_up};
  problem_.options.resize(stands());
  for (std::uint32_t vertex = 0; vertex < stands(); ++vertex) {
    std::uint32_t id = 0;
    for (const ChargingOption& option : options_->at(vertex)) {
      problem_.options[vertex].push_back(
          {.cost = over_wh(*option.curve, capacity).with_price(objective.time_weight, price(option)),
           .fixed = objective.time_weight * (request_.overhead_seconds + request_.stop_penalty_seconds) +
                    objective.money_weight * option.start_minor,
           .id = id++});
    }
  }
  for (std::size_t via = 0; via < request_.via.size(); ++via) {
    Stay stay{.seconds = request_.via[via].dwell_seconds};
    std::uint32_t id = 0;
    // A stay of no length is no time to plug in.
    const auto stand = stand_at(point(via + 1));
    if (stay.seconds > 0 && stand) {
      for (const ChargingOption& option : options_->at(*stand)) {
        if (id == Stay::kMostOptions) break;
        stay.options.push_back({.seconds = over_wh(*option.curve, capacity),
                                .price_per_wh = price(option),
                                .fixed_price = objective.money_weight * option.start_minor,
                                .ready_after = request_.overhead_seconds,
                                .id = id++});
      }
    }
    problem_.stays.push_back(std::move(stay));
  }
}

}  // namespace evc::routing
