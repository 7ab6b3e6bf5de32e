// What is held of every answer to a random trip, whatever the network: its replay agrees, no filter is violated, nobody
// charges more at the last stop than the rest of the way needs. Counts go along, so that a test can ask for enough of
// each kind.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>

#include "services/routing/domain/overlay_planner.hpp"
#include "services/routing/domain/replay.hpp"

namespace evc::routing {

class RandomTrips {
 public:
  RandomTrips(const TripNetwork& network, const OverlayPlanner& planner) : network_(&network), planner_(&planner) {}
  // Goes on counting on another network.
  void use(const TripNetwork& network, const OverlayPlanner& planner) {
    network_ = &network;
    planner_ = &planner;
  }
  // By default, or with EVCOSTA_TEST_LONG=1.
  static int wanted(int by_default, int full) {
    return std::getenv("EVCOSTA_TEST_LONG") != nullptr ? full : by_default;
  }
  int trips() const { return trips_; }

  void plan(const TripRequest& request) {
    ++trips_;
    const auto answer = planner_->plan(request);
    ASSERT_TRUE(answer) << answer.error().detail;
    ASSERT_NE(answer->plan.has_value(), answer->infeasible.has_value());
    if (!answer->plan) return;
    ++possible_;
    with_stops_ += answer->plan->totals.stops > 0;
    narrow_ += answer->certificate.gap <= kNarrow;
    if (answer->certificate.gap_over_all_ways) {
      ++told_;
      near_all_ways_ += *answer->certificate.gap_over_all_ways <= kNarrow;
      gaps_ += *answer->certificate.gap_over_all_ways;
    }
    const auto driven = replay(*network_, request, *answer->plan);
    ASSERT_TRUE(driven) << driven.error().detail;
    expect_filters(request, *answer->plan);
    expect_no_more_than_needed(request, *answer->plan);
  }

  void expect_good() const {
    std::printf("%d trips, %d possible, %d with stops, %d within 0.5 %%", trips_, possible_, with_stops_, narrow_);
    if (told_ > 0)
      std::printf("; over all ways %d of %d within 0.5 %%, %.2f %% in the mean", near_all_ways_, told_,
                  gaps_ / told_ * 100);
    std::printf("\n");
    EXPECT_GE(possible_ * 3, trips_);
    EXPECT_GE(with_stops_ * 6, trips_);
    EXPECT_GE(narrow_, possible_ * 99 / 100);
  }

 private:
  static constexpr double kNarrow = 0.005;
  // A way that passes a site has a point where the site's drive meets the road.
  static constexpr double kBesideM = 100;

  static bool listed(const std::vector<std::string>& list, const std::string& value) {
    return std::ranges::find(list, value) != list.end();
  }

  void expect_filters(const TripRequest& request, const TripPlan& plan) const {
    for (const auto& stop : plan.stop_after) {
      if (!stop) continue;
      const Site& site = network_->sites()[stop->site];
      const SiteConnector& connector = site.connectors[stop->connector];
      EXPECT_GE(connector.power_kw, request.filter.min_power_kw);
      EXPECT_TRUE(request.filter.networks.empty() || listed(request.filter.networks, site.network));
      EXPECT_FALSE(listed(request.filter.avoid_networks, site.network));
      EXPECT_FALSE(listed(request.filter.exclude, site.id));
      EXPECT_TRUE(request.vehicle.takes(connector.type));
      EXPECT_LE(stop->depart_soc, request.max_charge_soc + 1e-6);
    }
  }

  // After the last charge a car has what it needs to arrive as asked for, or to get over a pass on the way, or to pass
  // a station with the reserve that its stops have.
  void expect_no_more_than_needed(const TripRequest& request, const TripPlan& plan) const {
    if (plan.legs.size() < 2 || !plan.stop_after[plan.legs.size() - 2]) return;
    const TripStop& stop = *plan.stop_after[plan.legs.size() - 2];
    if (stop.parked || stop.charge_seconds == 0) return;
    const double more = plan.totals.arrive_soc - request.min_arrival_soc;
    const bool held = std::ranges::any_of(plan.legs.back().path, [&](const PathPoint& point) {
      return point.soc <= 0.005 || (std::abs(point.soc - request.min_stop_soc) <= 5e-4 && at_a_site(point.position));
    });
    EXPECT_TRUE(more <= 0.005 || held) << "arrives with " << more << " too much";
  }

  bool at_a_site(const Position& position) const {
    return std::ranges::any_of(network_->sites(),
                               [&](const Site& site) { return great_circle_m(site.position, position) <= kBesideM; });
  }

  const TripNetwork* network_;
  const OverlayPlanner* planner_;
  int trips_ = 0, possible_ = 0, with_stops_ = 0, narrow_ = 0, told_ = 0, near_all_ways_ = 0;
  double gaps_ = 0;
};

}  // namespace evc::routing
