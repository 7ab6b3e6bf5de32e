// The solver against exhaustive enumeration with linear programs on random small instances: charging functions that
// rise and fall in power, no triangle inequality, reserves, routes that cannot be made. EVCOSTA_TEST_FULL=1 tries
// twelve thousand of them.
#include "services/routing/domain/frvcp/solver.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <random>

#include "services/routing/domain/frvcp/enumeration_test.hpp"

namespace evc::routing::frvcp {
namespace {

struct Problem {
  Instance instance;
  std::vector<std::uint32_t> route;
  Limits limits;
};

ChargeFunction random_function(std::mt19937_64& random, double most) {
  const auto uniform = [&](double low, double high) {
    return std::uniform_real_distribution<double>(low, high)(random);
  };
  std::vector<ChargeFunction::Point> points{{0, 0}};
  const std::size_t segments = 1 + random() % 3;
  for (std::size_t i = 1; i <= segments; ++i) {
    const double energy = most * static_cast<double>(i) / static_cast<double>(segments);
    points.push_back({energy, points.back().cost + (energy - points.back().energy) * uniform(0.1, 2)});
  }
  return ChargeFunction::make(points).value();
}

Problem random_problem(std::uint64_t seed) {
  std::mt19937_64 random(seed);
  const auto uniform = [&](double low, double high) {
    return std::uniform_real_distribution<double>(low, high)(random);
  };
  const std::size_t stops = 2 + random() % 3, stations = 1 + random() % 2, n = stops + stations;
  Parts parts{.nodes = n, .capacity = 10, .longest = std::numeric_limits<double>::infinity()};
  if (random() % 8 == 0) parts.longest = uniform(5, 25);
  const double hunger = uniform(2, 7);
  // Half of them in a plane, where triangles hold; half with numbers that know no geometry.
  std::vector<double> x, y;
  for (std::size_t i = 0; i < n; ++i) {
    x.push_back(uniform(0, 4));
    y.push_back(uniform(0, 4));
  }
  for (std::size_t i = 0; i < n * n; ++i) {
    const bool same = i / n == i % n;
    const double distance = std::hypot(x[i / n] - x[i % n], y[i / n] - y[i % n]);
    parts.time.push_back(same ? 0 : seed % 2 == 0 ? 0.5 + distance : uniform(1.5, 6));
    parts.energy.push_back(same ? 0 : seed % 2 == 0 ? distance * hunger / 2 : uniform(0.2, hunger));
  }
  parts.process.assign(n, random() % 2 == 0 ? 0.0 : 0.7);
  for (std::size_t s = 0; s < stations; ++s) {
    parts.functions.push_back(random_function(random, random() % 4 == 0 ? 7.5 : 10));
    parts.stations.push_back({static_cast<std::uint32_t>(stops + s), static_cast<std::uint32_t>(s)});
  }
  Limits limits{.start = uniform(3, 10)};
  if (random() % 2 == 0) limits.reserve = uniform(0, 1.5);
  if (random() % 2 == 0) limits.final_reserve = uniform(0, 4);
  std::vector<std::uint32_t> route;
  for (std::uint32_t i = 0; i < stops; ++i) route.push_back(i);
  return {Instance::make(std::move(parts)).value(), std::move(route), limits};
}

std::uint64_t instances() {
  const char* full = std::getenv("EVCOSTA_TEST_FULL");
  return full != nullptr && *full == '1' ? 12'000 : 1'500;
}

TEST(FrvcpSolver, EqualsEnumerationWithLinearPrograms) {
  std::size_t feasible = 0, with_charges = 0, programs = 0;
  for (std::uint64_t seed = 1; seed <= instances(); ++seed) {
    const Problem problem = random_problem(seed);
    Solver solver(problem.instance);
    const auto answer = solver.solve(problem.route, problem.limits);
    ASSERT_TRUE(answer) << seed;
    const std::size_t stops = answer->solution ? answer->solution->charges.size() : 0;
    const Enumerated expected =
        enumerate(problem.instance, problem.route, problem.limits, std::max<std::size_t>(4, stops));
    programs += expected.programs;
    ASSERT_EQ(answer->solution.has_value(), std::isfinite(expected.duration)) << "seed " << seed;
    if (!answer->solution) continue;
    ASSERT_NEAR(answer->solution->duration, expected.duration, 1e-6) << "seed " << seed;
    ++feasible;
    with_charges += !answer->solution->charges.empty();
  }
  std::printf("%llu instances, %zu feasible, %zu with charges, %zu linear programs\n",
              static_cast<unsigned long long>(instances()), feasible, with_charges, programs);
  EXPECT_GT(feasible, instances() / 2);
  EXPECT_GT(with_charges, instances() / 4);
  EXPECT_LT(feasible, instances());
}

// Drives the solution again from the matrices.
TEST(FrvcpSolver, ASolutionCanBeDrivenAsItSays) {
  for (std::uint64_t seed = 1; seed <= 500; ++seed) {
    const Problem problem = random_problem(seed);
    const Instance& instance = problem.instance;
    Solver solver(instance);
    const auto answer = solver.solve(problem.route, problem.limits);
    if (!answer->solution) continue;
    const Solution& solution = *answer->solution;
    double time = instance.process(0), energy = problem.limits.start;
    std::uint32_t at = problem.route[0];
    auto charge = solution.charges.begin();
    const auto drive = [&](std::uint32_t to) {
      time += instance.time(at, to) + instance.process(to);
      energy -= instance.energy(at, to);
      ASSERT_GE(energy, problem.limits.reserve - 1e-9) << seed;
      at = to;
    };
    for (std::size_t position = 0; position < problem.route.size(); ++position) {
      if (position > 0) drive(problem.route[position]);
      for (; charge != solution.charges.end() && charge->after == position; ++charge) {
        drive(charge->node);
        ASSERT_NEAR(energy, charge->arrived, 1e-9) << seed;
        time += charge->time;
        energy = charge->departed;
        ASSERT_LE(energy, instance.capacity() + 1e-9);
      }
    }
    ASSERT_NEAR(time, solution.duration, 1e-9) << seed;
    ASSERT_NEAR(energy, solution.arrived, 1e-9) << seed;
    ASSERT_GE(energy, problem.limits.final_reserve - 1e-9) << seed;
  }
}

TEST(FrvcpSolver, WhatMakesNoSenseIsNamed) {
  const Problem problem = random_problem(1);
  Solver solver(problem.instance);
  const std::vector<std::uint32_t> unknown{0, 99};
  EXPECT_EQ(solver.solve(unknown, {}).error().fields[0].pointer, "/route/1");
  EXPECT_EQ(solver.solve({}, {}).error().fields[0].pointer, "/route");
  EXPECT_EQ(solver.solve(problem.route, {.reserve = 11}).error().fields[0].pointer, "/reserve");
}

constexpr const char* kSmall = R"({
  "max_q": 10, "t_max": 100, "process_times": [0, 1, 0],
  "css": [{"node_id": 2, "cs_type": 4}],
  "breakpoints_by_type": [{"cs_type": 4, "time": [0, 2, 5], "charge": [0, 8, 10]}],
  "energy_matrix": [[0, 6, 2], [6, 0, 5], [2, 5, 0]],
  "time_matrix": [[0, 3, 1], [3, 0, 2], [1, 2, 0]]})";

TEST(FrvcpInstance, APublishedInstanceIsRead) {
  const auto instance = Instance::read(kSmall);
  ASSERT_TRUE(instance) << instance.error().fields[0].pointer;
  EXPECT_EQ(instance->nodes(), 3u);
  EXPECT_DOUBLE_EQ(instance->best_rate(), 0.25);
  Solver solver(*instance);
  const std::vector<std::uint32_t> there_and_back{0, 1, 0};
  // The station on the way out, charged to 10 from 8 at 1.5 a unit; it is reached again with nothing left, and 2 units
  // at 0.25 are enough for home.
  const auto answer = solver.solve(there_and_back, {});
  ASSERT_TRUE(answer && answer->solution);
  EXPECT_NEAR(answer->solution->duration, 1 + 3 + 2 + 1 + 2 + 0.5 + 1, 1e-9);
}

TEST(FrvcpInstance, WhatIsWrongIsNamedByPointer) {
  const auto pointer = [](std::string from, const std::string& to) {
    std::string text = kSmall;
    text.replace(text.find(from), from.size(), to);
    const auto instance = Instance::read(text);
    return instance ? std::string("none") : instance.error().fields.empty() ? "" : instance.error().fields[0].pointer;
  };
  EXPECT_EQ(pointer("\"max_q\": 10", "\"max_q\": 0"), "/max_q");
  EXPECT_EQ(pointer("[0, 2, 5]", "[0, 2, 2]"), "/breakpoints_by_type/0/2");
  EXPECT_EQ(pointer("[0, 2, 5]", "[0, 2]"), "/breakpoints_by_type/0");
  EXPECT_EQ(pointer("\"node_id\": 2", "\"node_id\": 3"), "/css/0/node_id");
  EXPECT_EQ(pointer("{\"node_id\": 2, \"cs_type\": 4}", "{\"node_id\": 2, \"cs_type\": 5}"), "/css/0/cs_type");
  EXPECT_EQ(pointer("[6, 0, 5]", "[6, -1, 5]"), "/energy_matrix/1/1");
  EXPECT_EQ(pointer("[3, 0, 2]", "[3, 0]"), "/time_matrix/1");
  EXPECT_EQ(pointer("[0, 1, 0]", "[0, 1]"), "/process_times");
  EXPECT_EQ(pointer("\"time_matrix\"", "\"times\""), "/time_matrix");
}

}  // namespace
}  // namespace evc::routing::frvcp
