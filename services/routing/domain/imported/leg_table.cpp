#include "services/routing/domain/imported/leg_table.hpp"

#include <algorithm>
#include <map>

#include "services/routing/domain/imported/ideal_drives.hpp"
#include "services/routing/domain/roads/many_to_many.hpp"

namespace evc::routing::imported {
namespace {

constexpr double kUnseenSwingWh = 30;
// 600 km at 60 km/h, in milliseconds.
constexpr roads::Weight kFurthestWeight = 36'000'000;

// The steps before which the sum turns round by more than the swing: 0, the turning points, the number of steps.
std::vector<std::size_t> turning_points(const std::vector<double>& sums) {
  std::vector<std::size_t> cuts = {0};
  std::size_t low = 0, high = 0;
  enum class Trend { kOpen, kRising, kFalling } trend = Trend::kOpen;
  for (std::size_t i = 1; i < sums.size(); ++i) {
    if (sums[i] > sums[high]) high = i;
    if (sums[i] < sums[low]) low = i;
    if (trend != Trend::kFalling && sums[i] < sums[high] - kUnseenSwingWh) {
      if (high != cuts.back()) cuts.push_back(high);
      trend = Trend::kFalling;
      low = high = i;
    } else if (trend != Trend::kRising && sums[i] > sums[low] + kUnseenSwingWh) {
      if (low != cuts.back()) cuts.push_back(low);
      trend = Trend::kRising;
      low = high = i;
    }
  }
  if (cuts.back() != sums.size() - 1) cuts.push_back(sums.size() - 1);
  return cuts;
}

}  // namespace

LegTable::LegTable(const roads::RoadNetwork& network, const std::vector<roads::Metric>& metrics,
                   const std::vector<Spot>& stands, const std::function<bool()>& give_up)
    : network_(network) {
  std::vector<roads::RoadPlace> places;
  for (const Spot& stand : stands) places.push_back(stand.place);
  roads::TargetBuckets buckets(network, metrics[kFastest], places, kFurthestWeight);
  const ev::Vehicle car = usual_car();
  const ev::EnergyModel model(car, {});
  const Driving usual(network, model, {}, kCapsKmh.front());
  roads::RouteQuery query(network, metrics.front());
  for (Vertex from = 0; from < stands.size(); ++from) {
    first_leg_.push_back(legs_.size());
    complete_ = complete_ && !(give_up && give_up());
    if (!complete_) continue;
    const std::vector<roads::Weight> row = buckets.row(places[from]);
    for (Vertex to = 0; to < stands.size(); ++to) {
      if (to == from || great_circle_m(stands[from].position, stands[to].position) > kFurthestM) continue;
      if (row[to] >= roads::kInfinite) continue;
      const auto run = [&](std::uint32_t course) {
        query.use(metrics[course]);
        return query.run(places[from], places[to]);
      };
      each_course(run, [&](std::uint32_t course, const roads::Route& route) {
        add(to, course, {route, stands[from], stands[to]}, usual);
      });
    }
  }
  first_leg_.push_back(legs_.size());
  legs_.push_back({.first_piece = static_cast<std::uint32_t>(pieces_.size())});
  pieces_.push_back({.first_entry = static_cast<std::uint32_t>(keys_.size())});
}

void LegTable::add(Vertex to, std::uint32_t course, const Way& way, const Driving& usual) {
  double metres = 0;
  std::vector<double> sums = {0};
  for (const roads::RouteStep& step : way.route.steps) {
    const double share = step.to - step.from;
    metres += network_.lanes[step.lane].length_dm / 10.0 * share;
    sums.push_back(sums.back() + usual.rates().cost(network_, step.lane).battery_wh * share);
  }
  if (metres > kFurthestM) return;
  legs_.push_back({.to = to,
                   .course = course,
                   .access_from_m = static_cast<float>(access_m(way.from)),
                   .access_to_m = static_cast<float>(access_m(way.to)),
                   .first_piece = static_cast<std::uint32_t>(pieces_.size())});
  add_pieces(way.route, turning_points(sums));
}

void LegTable::add_pieces(const roads::Route& route, const std::vector<std::size_t>& cuts) {
  for (std::size_t cut = 0; cut + 1 < cuts.size(); ++cut) {
    std::map<std::uint16_t, double> asked;
    double seconds = 0, moving = 0;
    for (std::size_t i = cuts[cut]; i < cuts[cut + 1]; ++i) {
      const roads::RouteStep& step = route.steps[i];
      const double share = step.to - step.from;
      const std::uint32_t heading = heading_of(network_, step.lane);
      seconds += network_.lanes[step.lane].milliseconds / 1'000.0 * share;
      for (const std::uint32_t packed : network_.lane_bins(step.lane)) {
        asked[static_cast<std::uint16_t>(heading * roads::kBinCount + roads::bin_in(packed))] +=
            roads::metres_in(packed) * share;
        moving += roads::seconds_in(packed) * share;
      }
    }
    pieces_.push_back({.first_entry = static_cast<std::uint32_t>(keys_.size()),
                       .free_seconds = static_cast<float>(seconds),
                       .still_seconds = static_cast<float>(std::max(0.0, seconds - moving))});
    for (const auto& [key, metres] : asked) {
      keys_.push_back(key);
      metres_.push_back(static_cast<float>(metres));
    }
  }
}

Drive LegTable::drive(const Leg& leg, const Driving& driving, const ev::EnergyModel& model) const {
  const roads::LaneCost before = driving.access_cost(leg.access_from_m), after = driving.access_cost(leg.access_to_m);
  Drive drive{.seconds = before.seconds + after.seconds, .profile = model.profile_of(before.battery_wh)};
  for (std::uint32_t p = leg.first_piece; p < (&leg + 1)->first_piece; ++p) {
    const Piece& piece = pieces_[p];
    double seconds = piece.free_seconds;
    double wh = piece.still_seconds * driving.rates().towards(0).wh_per_still_second;
    for (std::uint32_t i = piece.first_entry; i < pieces_[p + 1].first_entry; ++i) {
      const std::uint32_t heading = keys_[i] / roads::kBinCount, bin = keys_[i] % roads::kBinCount;
      const roads::EnergyRates& rates = driving.rates().towards(heading);
      seconds += metres_[i] * rates.extra_seconds_per_m[bin];
      wh += metres_[i] * rates.wh_per_m[bin];
    }
    drive.seconds += seconds;
    if (drive.profile.passable()) drive.profile = drive.profile.then(model.profile_of(wh));
  }
  if (drive.profile.passable()) drive.profile = drive.profile.then(model.profile_of(after.battery_wh));
  return drive;
}

LegTable::Overlays LegTable::overlays(const ev::EnergyModel& model, const Wind& wind, double max_speed_kmh) const {
  std::vector<std::pair<std::uint32_t, Driving>> drivings;
  for (const std::uint32_t cap : caps_below(max_speed_kmh))
    drivings.emplace_back(cap, Driving(network_, model, wind, std::min(kCapsKmh[cap], max_speed_kmh)));
  const auto stands = static_cast<Vertex>(first_leg_.size() - 1);
  Overlays overlays{Overlay(stands), Overlay(stands)};
  std::vector<Drive> drives;
  for (Vertex stand = 0; stand < stands; ++stand) {
    const auto legs = from(stand);
    for (std::size_t i = 0; i < legs.size(); ++i) {
      for (const auto& [cap, driving] : drivings) {
        drives.push_back(drive(legs[i], driving, model));
        drives.back().way = way_of(legs[i].course, cap);
      }
      if (i + 1 < legs.size() && legs[i + 1].to == legs[i].to) continue;
      overlays.known.connect(stand, legs[i].to, drives);
      overlays.ideal.connect(stand, legs[i].to, ideal_drives(drives));
      drives.clear();
    }
  }
  return overlays;
}

std::size_t LegTable::bytes() const {
  return legs_.size() * sizeof(Leg) + pieces_.size() * sizeof(Piece) + keys_.size() * 6;
}

}  // namespace evc::routing::imported
