#include "bench/routing/trips/frvcp_bench.hpp"

#include <cmath>
#include <cstdio>
#include <numeric>
#include <random>

#include "bench/routing/trips/measure.hpp"
#include "services/routing/domain/frvcp/solver.hpp"

namespace evc::bench {
namespace {

using namespace routing;

constexpr std::size_t kNodes = 50, kStations = 9;
constexpr int kInstances = 100, kRoutes = 10;

// Nodes in a square of 120 km, 40 km/h, 125 Wh a km, a battery of 16 kWh, three kinds of stations with a shrinking
// power.
frvcp::Instance instance(std::mt19937_64& random) {
  std::uniform_real_distribution<double> km(0, 50);
  const std::size_t n = kNodes + kStations;
  std::vector<double> x, y;
  for (std::size_t i = 0; i < n; ++i) {
    x.push_back(km(random));
    y.push_back(km(random));
  }
  frvcp::Parts parts{.nodes = n, .capacity = 16'000, .longest = std::numeric_limits<double>::infinity()};
  parts.process.assign(n, 0);
  for (std::size_t i = 0; i < n * n; ++i) {
    const double distance = std::hypot(x[i / n] - x[i % n], y[i / n] - y[i % n]);
    parts.time.push_back(distance / 40);
    parts.energy.push_back(distance * 125);
  }
  for (const double hours : {0.4, 0.75, 1.5}) {
    parts.functions.push_back(
        ChargeFunction::make({{0, 0}, {13'600, hours * 0.62}, {15'200, hours * 0.78}, {16'000, hours}}).value());
  }
  for (std::size_t s = 0; s < kStations; ++s)
    parts.stations.push_back({static_cast<std::uint32_t>(kNodes + s), static_cast<std::uint32_t>(s % 3)});
  return frvcp::Instance::make(std::move(parts)).value();
}

// A round trip through every node, shortened by taking the nearest next: some 900 km, five to seven charges.
std::vector<std::uint32_t> route(const frvcp::Instance& places, std::mt19937_64& random) {
  std::vector<std::uint32_t> left(kNodes), order;
  std::iota(left.begin(), left.end(), 0U);
  std::swap(left[0], left[random() % kNodes]);
  order.push_back(left[0]);
  left.erase(left.begin());
  while (!left.empty()) {
    const auto next =
        std::ranges::min_element(left, {}, [&](std::uint32_t node) { return places.time(order.back(), node); });
    order.push_back(*next);
    left.erase(next);
  }
  return order;
}

}  // namespace

void bench_frvcp() {
  std::mt19937_64 random(20'261'130);
  Samples samples;
  std::size_t feasible = 0, charges = 0, labels = 0;
  for (int i = 0; i < kInstances; ++i) {
    const frvcp::Instance places = instance(random);
    frvcp::Solver solver(places);
    for (int r = 0; r < kRoutes; ++r) {
      const auto nodes = route(places, random);
      Result<frvcp::Answer> answer;
      samples.measure([&] { answer = solver.solve(nodes, {}); });
      labels += answer->labels;
      if (!answer->solution) continue;
      ++feasible;
      charges += answer->solution->charges.size();
    }
  }
  std::printf(
      "frvcp: %zu routes of %zu nodes, %zu stations: CPU median %.4f ms, p95 %.4f ms, p99 %.4f ms; %zu feasible, %.1f "
      "charges and %.0f labels a route\n",
      samples.count(), kNodes, kStations, samples.percentile(0.5) / 1e3, samples.percentile(0.95) / 1e3,
      samples.percentile(0.99) / 1e3, feasible, static_cast<double>(charges) / static_cast<double>(feasible),
      static_cast<double>(labels) / static_cast<double>(samples.count()));
}

}  // namespace evc::bench
