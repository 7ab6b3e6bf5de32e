// Answers against the best over every way: a search with function labels on all roads of random hilly countries, for
// batteries that are small, smaller and larger than the ways between two stations ask for.
#include "services/routing/domain/imported/whole_graph_test.hpp"

#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>

#include "services/routing/domain/imported/country_fixture_test.hpp"
#include "services/routing/domain/imported/imported_roads.hpp"
#include "services/routing/domain/overlay_planner.hpp"

namespace evc::routing::imported {
namespace {

bool full() {
  return std::getenv("EVCOSTA_TEST_FULL") != nullptr;
}

struct Compared {
  int trips = 0, with_stops = 0, equal = 0, within = 0;
  double worst = 0, widest_bound = 0, widest_told = 0;

  void add(const TripAnswer& answer, const WholeGraphValue& whole) {
    const double found = answer.plan->totals.seconds;
    ++trips;
    with_stops += answer.plan->totals.stops > 0;
    // Labels that are nearly beaten are left out: half a second and what a watt-hour costs at each node and stop.
    EXPECT_LE(whole.best, found * 1.0005 + 2);
    EXPECT_LE(whole.bound, found * 1.0005 + 2);
    EXPECT_LE(whole.bound, whole.best + 1e-6);
    const double gap = (found - whole.best) / whole.best;
    EXPECT_LE(gap, 0.005);
    worst = std::max(worst, gap);
    equal += gap <= 0.0005;
    within += gap <= 0.005;
    widest_bound = std::max(widest_bound, (found - whole.bound) / found);
    ASSERT_TRUE(answer.certificate.gap_over_all_ways);
    const double told = *answer.certificate.gap_over_all_ways;
    widest_told = std::max(widest_told, told);
    // What is told of all ways is true, but for the little by which this car's best ways differ from the usual car's.
    EXPECT_LE(found * (1 - told), whole.best * 1.003 + 2);
  }
};

TEST(WholeGraph, NoAnswerIsMuchWorseThanTheBestOverEveryWay) {
  Compared compared;
  for (std::uint64_t seed = 1; seed <= (full() ? 120U : 12U); ++seed) {
    Country country({.seed = seed, .side = 10, .stations = 12, .stretch = 80});
    std::vector<TripRequest> requests;
    while (requests.size() < (full() ? 20U : 10U)) {
      requests.push_back(country.trip());
      if (at_a_stand(*country.network(), requests.back())) {
        requests.pop_back();
        continue;
      }
      requests.back().soc = country.uniform(0.2, 0.5);
      requests.back().vehicle = small_car(std::array{8.0, 5.0, 12.0}[seed % 3]);
    }
    const OverlayPlanner planner(country.network());
    const WholeGraph whole(*country.network(), requests);
    for (std::size_t i = 0; i < requests.size(); ++i) {
      SCOPED_TRACE("seed " + std::to_string(seed) + ", trip " + std::to_string(i));
      const auto answer = planner.plan(requests[i]);
      ASSERT_TRUE(answer);
      const WholeGraphValue value = whole.value(i);
      EXPECT_EQ(answer->plan.has_value(), value.best < whole_graph::kInfinity);
      if (answer->plan) compared.add(*answer, value);
    }
  }
  std::printf(
      "%d trips, %d with stops: %d equal, %d within 0.5 %%, the worst %.2f %%; bound within %.1f %%, told %.2f %%\n",
      compared.trips, compared.with_stops, compared.equal, compared.within, compared.worst * 100,
      compared.widest_bound * 100, compared.widest_told * 100);
  EXPECT_GE(compared.trips, 40);
  EXPECT_GE(compared.with_stops * 2, compared.trips);
}

// Of one pair: whatever way is on the map, some found way is as good. The search is led by the usual car's energy,
// which hides one way in a thousand of another car.
TEST(WholeGraph, NothingBeatsAllDrivesOfAPair) {
  int ways = 0, missed = 0, found = 0, known = 0;
  for (std::uint64_t seed = 1; seed <= (full() ? 60U : 10U); ++seed) {
    Country country({.seed = seed, .side = 10, .stations = 6, .stretch = 80});
    const std::vector<TripRequest> requests = {country.trip()};
    const WholeGraph whole(*country.network(), requests);
    const ev::EnergyModel model(requests[0].vehicle, requests[0].conditions);
    const auto roads = country.network()->roads(requests[0], model);
    ASSERT_TRUE(roads);
    const double told_apart_wh = 0.01 * model.capacity_wh();
    for (Vertex from = 0; from < 6; ++from) {
      for (Vertex to = 0; to < 6; ++to) {
        const auto drives = from == to ? std::nullopt : (*roads)->all_drives(from, to);
        if (!drives) continue;
        const std::vector<Drive> before = best_drives((*roads)->exact_drives(from, to).value());
        found += static_cast<int>(drives->size());
        known += static_cast<int>(before.size());
        for (const Drive& way : whole.between(from, to)) {
          // A way that is slower than the thriftiest one or takes more than the fastest one, and only needs less to
          // begin with, is not looked for.
          if (way.seconds > before.back().seconds || way.profile.cost > before.front().profile.in) continue;
          ++ways;
          missed += std::ranges::none_of(*drives, [&](const Drive& one) {
            return one.seconds <= way.seconds * 1.003 + 1 && one.profile.in <= way.profile.in + told_apart_wh &&
                   one.profile.cost <= way.profile.cost + told_apart_wh &&
                   one.profile.out >= way.profile.out - told_apart_wh;
          });
        }
      }
    }
  }
  std::printf("%d ways on the map, %d of them missed; %d found, %d known\n", ways, missed, found, known);
  EXPECT_LE(missed * 300, ways);
  EXPECT_GT(found, known) << "else there was nothing to find";
}

}  // namespace
}  // namespace evc::routing::imported
