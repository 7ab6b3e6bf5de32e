// The search against dynamic programming on a grid, which brackets the optimum from both sides, and against its own
// account: the steps driven again.
#include "services/routing/domain/overlay/search.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>

#include "services/routing/domain/overlay/grid_test.hpp"
#include "services/routing/domain/overlay/random_problem_test.hpp"

namespace evc::routing {
namespace {

// A finer grid and more seeds with EVCOSTA_TEST_FULL=1.
bool full() {
  const char* wanted = std::getenv("EVCOSTA_TEST_FULL");
  return wanted != nullptr && *wanted == '1';
}

struct Case {
  const char* name;
  Aim aim;
  Stays stays;
};

class Sandwich : public testing::TestWithParam<Case> {};

TEST_P(Sandwich, TheSearchLiesBetweenTwoGrids) {
  int feasible = 0, with_stops = 0;
  double width = 0;
  const int levels = full() ? 300 : 200;
  const std::uint64_t seeds = full() ? 250 : 60;
  for (std::uint64_t seed = 1; seed <= seeds; ++seed) {
    const RandomProblem made = random_problem(seed, GetParam().aim, GetParam().stays);
    const OverlayOutcome found = OverlaySearch(made.problem).run();
    const double low = grid_optimum(made.problem, levels, Rounding::kForTheCar),
                 high = grid_optimum(made.problem, levels, Rounding::kAgainstIt);
    if (found.status != OverlayOutcome::Status::kFound) {
      ASSERT_EQ(found.status, OverlayOutcome::Status::kInfeasible);
      ASSERT_FALSE(std::isfinite(high)) << "seed " << seed << ": the grid found " << high;
      continue;
    }
    ASSERT_LE(low, found.value + 1e-6) << "seed " << seed;
    ASSERT_LE(found.value, high + 1e-6) << "seed " << seed;
    ASSERT_DOUBLE_EQ(found.lower_bound, found.value);
    if (!std::isfinite(high)) continue;
    ++feasible;
    with_stops += found.steps.size() > made.graph->stages();
    width += (high - low) / found.value;
  }
  // The bracket says something only when it is narrow and the problems are not trivial.
  EXPECT_GE(feasible, static_cast<int>(seeds / 4));
  EXPECT_GE(with_stops, static_cast<int>(seeds / 8));
  EXPECT_LT(width / feasible, 0.06);
}

INSTANTIATE_TEST_SUITE_P(OverlaySearch, Sandwich,
                         testing::Values(Case{"time", Aim::kTime, Stays::kNone},
                                         Case{"mixed", Aim::kMixed, Stays::kNone},
                                         Case{"vias", Aim::kTime, Stays::kPlain},
                                         Case{"plugs", Aim::kTime, Stays::kPlugged},
                                         Case{"plugs_and_prices", Aim::kMixed, Stays::kPlugged}),
                         [](const auto& info) { return info.param.name; });

// The best drive of a kind between two vertices that makes this step possible.
void expect_drive(const RandomProblem& made, const OverlayStep& step, std::uint64_t seed) {
  const TripGraph& graph = *made.graph;
  const bool from_site = step.from < made.overlay->sites(), to_site = step.to < made.overlay->sites();
  std::vector<Drive> drives;
  const auto add = [&](std::span<const Drive> some) { drives.insert(drives.end(), some.begin(), some.end()); };
  if (from_site && !to_site) add(graph.to_target(step.stage, step.from));
  if (!from_site && !to_site) add(graph.straight(step.stage));
  for (const Link& link : from_site ? made.overlay->leaving(step.from) : graph.leaving(step.stage)) {
    if (link.to == step.to) add(from_site ? made.overlay->drives(link) : graph.drives(link));
  }
  for (const Drive& drive : drives) {
    if (drive.way != step.way) continue;
    EXPECT_GE(step.departed_wh, drive.profile.in - 1e-6) << seed;
    EXPECT_NEAR(step.reached_wh, std::min(drive.profile.out, step.departed_wh - drive.profile.cost), 1e-6) << seed;
    return;
  }
  ADD_FAILURE() << "no such drive, seed " << seed;
}

TEST(OverlaySearch, StepsHangTogetherAndKeepEveryLimit) {
  for (std::uint64_t seed = 1; seed <= 400; ++seed) {
    const RandomProblem made = random_problem(seed, Aim::kMixed, seed % 2 == 0 ? Stays::kPlugged : Stays::kNone);
    const Problem& problem = made.problem;
    const OverlayOutcome found = OverlaySearch(problem).run();
    if (found.status != OverlayOutcome::Status::kFound) continue;
    EXPECT_EQ(found.steps.front().from, made.graph->terminal(0));
    EXPECT_EQ(found.steps.back().to, made.graph->terminal(made.graph->stages()));
    EXPECT_GE(found.steps.back().reached_wh, problem.arrival_wh - 1e-6);
    double energy = problem.start_wh;
    std::uint32_t at = found.steps.front().from;
    for (const OverlayStep& step : found.steps) {
      EXPECT_EQ(step.from, at) << seed;
      EXPECT_NEAR(step.arrived_wh, energy, 1e-6) << seed;
      EXPECT_EQ(step.option.has_value(), step.departed_wh > step.arrived_wh) << seed;
      EXPECT_LE(step.departed_wh, std::max(problem.most_wh, step.arrived_wh) + 1e-6) << seed;
      EXPECT_GE(step.reached_wh, (&step == &found.steps.back() ? problem.arrival_wh : problem.reserve_wh) - 1e-6)
          << seed;
      expect_drive(made, step, seed);
      energy = step.reached_wh;
      at = step.to;
    }
  }
}

TEST(OverlaySearch, ALimitMakesTheAnswerBoundedNeverWrong) {
  int bounded = 0;
  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    RandomProblem made = random_problem(seed, Aim::kMixed, Stays::kPlain);
    const OverlayOutcome best = OverlaySearch(made.problem).run();
    if (best.status != OverlayOutcome::Status::kFound) continue;
    for (const std::size_t limit : {1, 2, 3, 5, 8, 13, 30}) {
      made.problem.label_limit = limit;
      const OverlayOutcome cut = OverlaySearch(made.problem).run();
      if (cut.status == OverlayOutcome::Status::kLimit) continue;
      ASSERT_EQ(cut.status, OverlayOutcome::Status::kFound);
      EXPECT_GE(cut.value, best.value - 1e-6) << seed;
      EXPECT_LE(cut.lower_bound, best.value + 1e-6) << seed;
      bounded += cut.lower_bound < cut.value;
    }
  }
  EXPECT_GT(bounded, 50);
}

TEST(OverlaySearch, WhatHelpsTheCarIsNeverSlower) {
  int changed_answers = 0;
  for (std::uint64_t seed = 1; seed <= (full() ? 2'000 : 200); ++seed) {
    const double base = OverlaySearch(random_problem(seed, Aim::kTime, Stays::kPlugged).problem).run().value;
    const auto no_slower = [&](auto&& change) {
      RandomProblem made = random_problem(seed, Aim::kTime, Stays::kPlugged);
      const auto before = OverlaySearch(made.problem).run();
      change(made.problem);
      const auto after = OverlaySearch(made.problem).run();
      if (before.status != OverlayOutcome::Status::kFound) return;
      ASSERT_EQ(after.status, OverlayOutcome::Status::kFound) << seed;
      EXPECT_LE(after.value, base + 1e-6) << seed;
      changed_answers += after.value < base - 1e-6;
    };
    no_slower([](Problem& problem) { problem.start_wh = std::min(problem.capacity_wh, problem.start_wh * 1.1); });
    no_slower([](Problem& problem) { problem.reserve_wh *= 0.5; });
    no_slower([](Problem& problem) { problem.arrival_wh *= 0.5; });
    no_slower([](Problem& problem) { problem.most_wh = problem.capacity_wh; });
    no_slower([](Problem& problem) {
      for (auto& here : problem.options) {
        for (ChargeOption& option : here) option.cost = option.cost.with_price(0.8, 0);
      }
    });
  }
  EXPECT_GT(changed_answers, 60);
}

TEST(OverlaySearch, GivingUpKeepsWhatIsKnown) {
  for (std::uint64_t seed = 1; seed <= 100; ++seed) {
    RandomProblem made = random_problem(seed, Aim::kMixed, Stays::kPlugged);
    const OverlayOutcome best = OverlaySearch(made.problem).run();
    made.problem.give_up = [] { return true; };
    const OverlayOutcome cut = OverlaySearch(made.problem).run();
    if (cut.status == OverlayOutcome::Status::kFound) {
      EXPECT_GE(cut.value, best.value - 1e-6);
    }
  }
}

}  // namespace
}  // namespace evc::routing
