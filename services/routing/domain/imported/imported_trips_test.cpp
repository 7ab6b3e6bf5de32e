// Trips on imported networks: what the overlay is told of a way is what driving it takes, every answer is driven again
// arc by arc, and points are where the roads are.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "services/routing/domain/imported/country_fixture_test.hpp"
#include "services/routing/domain/imported/imported_roads.hpp"
#include "services/routing/domain/overlay_planner.hpp"
#include "services/routing/domain/replay.hpp"

namespace evc::routing::imported {
namespace {

TEST(LegTable, TellsWhatDrivingTakesForAnyCarWeatherAndSpeed) {
  std::size_t compared = 0, unseen = 0;
  double widest = 0;
  for (const std::uint64_t seed : {1, 2, 3}) {
    Country country({.seed = seed, .stations = 15});
    TripRequest request = country.trip();
    request.vehicle.usable_kwh = 30;
    request.conditions.temperature_c = seed == 2 ? 2 : 25;
    request.max_speed_kmh = seed == 3 ? 85 : 130;
    request.wind = {.speed_mps = seed == 1 ? 9.0 : 0, .from_deg = 200};
    const ev::EnergyModel model(request.vehicle, request.conditions);
    const auto roads = country.network()->roads(request, model);
    ASSERT_TRUE(roads);
    const auto overlay = (*roads)->overlay();
    for (Vertex from = 0; from < overlay->sites(); ++from) {
      for (const Link& link : overlay->leaving(from)) {
        const auto exact = (*roads)->exact_drives(from, link.to);
        for (const Drive& told : overlay->drives(link)) {
          const auto same = std::ranges::find(*exact, told.way, &Drive::way);
          ASSERT_NE(same, exact->end());
          ++compared;
          EXPECT_NEAR(told.seconds, same->seconds, 0.05);
          EXPECT_NEAR(told.profile.cost, same->profile.cost, 0.1);
          // Never against the car, and by little for it.
          EXPECT_LE(told.profile.in, same->profile.in + 0.1);
          EXPECT_GE(told.profile.out, same->profile.out - 0.1);
          widest = std::max({widest, same->profile.in - told.profile.in, told.profile.out - same->profile.out});
          unseen += same->profile.in - told.profile.in > 1;
        }
      }
    }
  }
  EXPECT_GT(compared, 500U);
  EXPECT_LT(widest, 400) << "30 Wh of a usual car, more of this one in the cold and the wind";
  EXPECT_GT(unseen, 0U) << "else nothing would ever be corrected";
}

TEST(LegTable, StepsAddUpToTheDrive) {
  Country country({.seed = 4});
  const TripRequest request = country.trip();
  const ev::EnergyModel model(request.vehicle, request.conditions);
  const auto roads = country.network()->roads(request, model);
  ASSERT_TRUE(roads);
  const auto stands = static_cast<Vertex>(country.network()->stands());
  const StageDrives drives = (*roads)->stage(0);
  std::size_t compared = 0;
  for (Vertex stand = 0; stand < stands; ++stand) {
    for (const Drive& drive : drives.leaving[stand]) {
      if (!drive.profile.passable()) continue;
      double seconds = 0, wh = 0;
      for (const RoadStep& step : (*roads)->road(stands, stand, drive.way)) {
        seconds += step.seconds;
        wh += step.battery_wh;
      }
      ++compared;
      EXPECT_NEAR(seconds, drive.seconds, 1e-6);
      // A full battery may have lost some.
      EXPECT_GE(drive.profile.cost, wh - 1e-6);
    }
  }
  EXPECT_GT(compared, 20U);
}

TEST(ImportedTrips, EveryAnswerIsDrivenAgain) {
  int feasible = 0, with_stops = 0, explained = 0, exact = 0;
  for (std::uint64_t seed = 1; seed <= 12; ++seed) {
    Country country({.seed = seed});
    const OverlayPlanner planner(country.network());
    for (int i = 0; i < 25; ++i) {
      TripRequest request = country.trip();
      if (i % 5 == 0) request.via.push_back({{.position = country.somewhere()}, country.uniform(0, 2'000)});
      if (i % 7 == 0) request.wind = {.speed_mps = 8, .from_deg = country.uniform(0, 360)};
      if (i % 6 == 0) request.filter.networks = {"Sol"};
      const auto answer = planner.plan(request);
      ASSERT_TRUE(answer) << seed << ' ' << i << ' ' << answer.error().detail;
      if (!answer->plan) {
        ++explained;
        continue;
      }
      ++feasible;
      with_stops += answer->plan->totals.stops > 0;
      exact += answer->certificate.status == Certificate::Status::kExact;
      const auto driven = replay(*country.network(), request, *answer->plan);
      EXPECT_TRUE(driven) << driven.error().detail;
      for (const auto& stop : answer->plan->stop_after) {
        if (stop && !request.filter.networks.empty())
          EXPECT_EQ(country.network()->sites()[stop->site].network, "Sol") << "a filter is a filter";
      }
    }
  }
  EXPECT_GT(feasible, 150);
  EXPECT_GT(with_stops, 60);
  EXPECT_GT(explained, 5);
  EXPECT_EQ(exact, feasible);
}

TEST(ImportedTrips, WhereABatteryRunsFullOrEmptyBetweenTwoHillsTheSearchIsToldBetter) {
  int with_stops = 0;
  for (std::uint64_t seed = 1; seed <= 12; ++seed) {
    Country country({.seed = seed, .short_waves_m = 120});
    const OverlayPlanner planner(country.network());
    for (int i = 0; i < 25; ++i) {
      TripRequest request = country.trip();
      request.vehicle.usable_kwh = 5;
      request.soc = request.max_charge_soc = 1;
      request.min_stop_soc = request.min_arrival_soc = 0;
      request.max_speed_kmh = 85;
      request.overhead_seconds = 60;
      const auto answer = planner.plan(request);
      ASSERT_TRUE(answer) << seed << ' ' << i << ' ' << answer.error().detail;
      with_stops += answer->plan && answer->plan->totals.stops > 1;
    }
  }
  EXPECT_GT(with_stops, 40);
}

TEST(ImportedTrips, TheReplayFindsAWrongStep) {
  Country country({.seed = 5});
  const OverlayPlanner planner(country.network());
  TripRequest request = country.trip();
  request.soc = 1;
  auto answer = planner.plan(request);
  ASSERT_TRUE(answer && answer->plan) << "another seed";
  TripPlan plan = *answer->plan;
  TripLeg& leg = plan.legs.front();
  ASSERT_GT(leg.path.size(), 6U);
  ASSERT_TRUE(replay(*country.network(), request, plan));
  const auto refused = [&](auto&& change) {
    TripPlan wrong = plan;
    change(wrong.legs.front().path[3]);
    return !country.network()->check(request, wrong.legs.front());
  };
  EXPECT_TRUE(refused([](PathPoint& point) { point.lane->lane += 40; })) << "another road";
  EXPECT_TRUE(refused([](PathPoint& point) { point.lane->to = 0.5; })) << "half of it";
  EXPECT_TRUE(refused([](PathPoint& point) { point.power_kw -= 20; })) << "for nothing";
  EXPECT_TRUE(refused([](PathPoint& point) { point.lane->cap_kmh = 140; })) << "too fast";
}

TEST(ImportedTrips, NobodyStopsAtAClosedStation) {
  int stopped = 0, closed = 0;
  for (std::uint64_t seed = 1; seed <= 6; ++seed) {
    Country always({.seed = seed}),
        by_day({.seed = seed, .hours = seed % 2 == 0 ? "08:00-20:00" : "Mo-Fr 07:00-21:00"});
    for (int i = 0; i < 15; ++i) {
      TripRequest request = always.trip();
      request.soc = 0.4;
      request.depart_week_second = always.uniform(0, 7 * 86'400);
      const auto free = OverlayPlanner(always.network()).plan(request),
                 told = OverlayPlanner(by_day.network()).plan(request);
      ASSERT_TRUE(free && told) << seed << ' ' << i;
      if (!free->plan || free->plan->totals.stops == 0) continue;
      if (!told->plan) {
        ++closed;
        EXPECT_EQ(told->infeasible->reason, Infeasibility::Reason::kStationsClosed);
        continue;
      }
      EXPECT_GE(told->plan->totals.seconds, free->plan->totals.seconds - 1e-6);
      EXPECT_LE(told->certificate.lower_bound_seconds, free->plan->totals.seconds + 1) << "the bound knows no hours";
      for (const auto& stop : told->plan->stop_after) {
        if (!stop) continue;
        ++stopped;
        EXPECT_EQ(open_at(request, by_day.network()->sites()[stop->site], *stop), true);
      }
    }
  }
  EXPECT_GT(stopped, 20);
  EXPECT_GT(closed, 5);
}

TEST(ImportedTrips, WhatIsBesideTheWayIsThereAndBackInTime) {
  Country country({.seed = 3, .pois = 400});
  const auto& network = *country.network();
  std::size_t found = 0;
  for (int i = 0; i < 20; ++i) {
    TripRequest request = country.trip();
    request.soc = 0.4;
    request.pois = {.kinds = {PoiKind::kFood, PoiKind::kRest}, .detour_seconds = 400};
    const auto answer = OverlayPlanner(country.network()).plan(request);
    ASSERT_TRUE(answer);
    if (!answer->plan) continue;
    EXPECT_LE(answer->pois.size(), TripNetwork::kMostPois);
    double before = 0;
    for (const TripPoi& poi : answer->pois) {
      ++found;
      EXPECT_NE(poi.kind, PoiKind::kToilet) << "nobody asked for one";
      EXPECT_GE(poi.distance_m, before);
      EXPECT_LE(poi.distance_m, answer->plan->totals.distance_m + 1);
      before = poi.distance_m;
      if (poi.site) {
        EXPECT_LE(great_circle_m(poi.position, network.sites()[*poi.site].position), 500);
        continue;
      }
      EXPECT_LE(poi.detour_seconds, 400);
      // Nobody drives there and back faster than at the top speed on a straight line.
      double nearest = 1e9;
      for (const TripLeg& leg : answer->plan->legs) {
        for (const PathPoint& point : leg.path)
          nearest = std::min(nearest, great_circle_m(point.position, poi.position));
      }
      EXPECT_GE(poi.detour_seconds + 1, 2 * (nearest - 1'000) / (140 / 3.6));
    }
    request.pois.kinds.clear();
    EXPECT_TRUE(OverlayPlanner(country.network()).plan(request)->pois.empty());
  }
  EXPECT_GT(found, 50U);
}

TEST(ImportedTrips, APointOffTheRoadsNamesTheNearestOne) {
  Country country({.seed = 6});
  TripRequest request = country.trip();
  request.to = {.position = {-10, -40}};
  const auto answer = OverlayPlanner(country.network()).plan(request);
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, Code::kLocationNotRoutable);
  ASSERT_EQ(answer.error().fields.size(), 1U);
  EXPECT_EQ(answer.error().fields[0].pointer, "to");
  EXPECT_NE(answer.error().detail.find("the nearest point is -2"), std::string::npos) << answer.error().detail;
}

}  // namespace
}  // namespace evc::routing::imported