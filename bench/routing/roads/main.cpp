// evcosta-roads-bench: what an imported network costs to open, to customise and to ask, in CPU time of this thread.
// Prints one JSON object. `bench/routing/roads/run` makes the networks, calls this and keeps the results. With a second
// argument it writes what it asked first, a line a query: latitude and longitude of both ends, seconds of the fastest
// way; for `compare`, which asks others the same.
#include <sys/resource.h>

#include <algorithm>
#include <ctime>
#include <fstream>
#include <iomanip>
#include <iostream>
#include <random>
#include <string>

#include "kit/base/json.hpp"
#include "services/routing/domain/roads/many_to_many.hpp"
#include "services/routing/domain/roads/route.hpp"
#include "services/routing/store/road_files.hpp"

namespace evc::routing {
namespace {

constexpr int kQueries = 10'000;
constexpr int kRoutes = 1'000;
constexpr std::size_t kSites = 1'000;
constexpr double kFarM = 1e6;

double cpu_seconds() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

template <class Work>
double cost(Work work) {
  const double begin = cpu_seconds();
  work();
  return cpu_seconds() - begin;
}

double peak_mb() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<double>(usage.ru_maxrss) / 1'024;
}

json::Object percentiles(std::vector<double> seconds) {
  std::ranges::sort(seconds);
  const auto at = [&](double share) {
    return seconds[static_cast<std::size_t>(share * static_cast<double>(seconds.size() - 1))] * 1e6;
  };
  double sum = 0;
  for (const double one : seconds) sum += one;
  return {{"mean_us", sum / static_cast<double>(seconds.size()) * 1e6}, {"p50_us", at(0.5)}, {"p99_us", at(0.99)}};
}

class Bench {
 public:
  explicit Bench(const roads::RoadNetwork& network) : network_(network), random_(1) {}

  // Somewhere near a road, as a phone would say it.
  Position somewhere() {
    const roads::Point point = network_.points[random_() % network_.points.size()].point;
    const auto off = [&] { return static_cast<double>(random_() % 2'000) * 1e-6 - 1e-3; };
    return {point.lat_e7 / roads::kE7 + off(), point.lon_e7 / roads::kE7 + off()};
  }
  roads::RoadPlace snapped() {
    return *roads::nearest_road(network_, somewhere(), roads::Snapping::kWellConnected, kFarM);
  }

  json::Object queries(const roads::Metric& metric, std::ostream* asked) {
    roads::RouteQuery query(network_, metric);
    std::vector<double> snapping, whole, routes;
    std::size_t found = 0;
    for (int i = 0; i < kQueries; ++i) {
      const Position from = somewhere(), to = somewhere();
      std::optional<roads::RoadPlace> start, goal;
      const double snap = cost([&] {
        start = roads::nearest_road(network_, from, roads::Snapping::kWellConnected, kFarM);
        goal = roads::nearest_road(network_, to, roads::Snapping::kWellConnected, kFarM);
      });
      roads::Weight weight = 0;
      whole.push_back(snap + cost([&] { weight = query.weight(*start, *goal); }));
      snapping.push_back(snap);
      found += weight < roads::kUnreachable ? 1 : 0;
      if (asked && weight < roads::kUnreachable)
        *asked << from.lat << ' ' << from.lon << ' ' << to.lat << ' ' << to.lon << ' ' << weight / 1e3 << '\n';
      if (i >= kRoutes) continue;
      routes.push_back(snap + cost([&] {
                         if (const auto route = query.run(*start, *goal))
                           points_ += roads::geometry(network_, *route).size();
                       }));
    }
    return {{"queries", kQueries},
            {"found", found},
            {"two_snappings", percentiles(std::move(snapping))},
            {"time_with_snapping", percentiles(std::move(whole))},
            {"route_with_geometry_and_snapping", percentiles(std::move(routes))},
            {"points_per_route", static_cast<double>(points_) / kRoutes}};
  }

  json::Object many(const roads::Metric& metric, const std::vector<roads::ChargingStation>& stations) {
    std::vector<roads::RoadPlace> places;
    for (const roads::ChargingStation& station : stations) {
      if (station.segment && places.size() < kSites)
        places.push_back({.segment = static_cast<roads::SegmentId>(*station.segment), .share = *station.share});
    }
    std::optional<roads::TargetBuckets> buckets;
    const double filling = cost([&] { buckets.emplace(network_, metric, places, roads::kUnreachable); });
    std::size_t reached = 0;
    const double rows = cost([&] {
      for (const roads::RoadPlace& place : places)
        reached += static_cast<std::size_t>(std::ranges::count_if(
            buckets->row(place), [](roads::Weight weight) { return weight < roads::kUnreachable; }));
    });
    return {{"sites", places.size()}, {"buckets_s", filling}, {"all_pairs_s", rows}, {"pairs_reached", reached}};
  }

 private:
  const roads::RoadNetwork& network_;
  std::mt19937_64 random_;
  std::size_t points_ = 0;
};

int run(const std::string& folder, const char* asked_file) {
  std::optional<Result<RoadFiles>> opened;
  const double opening = cost([&] { opened.emplace(RoadFiles::open(folder)); });
  if (!*opened) {
    std::cerr << opened->error().detail << "\n";
    return 1;
  }
  const RoadFiles& files = **opened;
  const roads::RoadNetwork& network = files.network();
  std::optional<roads::Metric> time;
  const double customising = cost([&] { time.emplace(network, roads::free_flow_weights(network)); });
  ev::Vehicle car{.usable_kwh = 60, .mass_kg = 1'800, .cda_m2 = 0.65, .crr = 0.01};
  std::vector<roads::Weight> blended;
  const double weighing = cost([&] {
    const roads::EnergyRates rates = roads::energy_rates({car, {}}, {.speed_cap_kmh = 100});
    blended = roads::blended_weights(network, rates, {.milliseconds_per_wh = 300});
  });
  const double blending = cost([&] { const roads::Metric metric(network, std::move(blended)); });
  Bench bench(network);
  json::Object result{{"segments", network.segment_count()},
                      {"nodes", network.node_count()},
                      {"arcs", network.arc_count()},
                      {"edges", network.up_head.size()},
                      {"file_mb", static_cast<double>(files.bytes()) / 1e6},
                      {"open_with_checksums_s", opening},
                      {"customise_time_s", customising},
                      {"energy_weights_s", weighing},
                      {"customise_blend_s", blending}};
  std::ofstream asked;
  if (asked_file != nullptr) asked.open(asked_file);
  asked << std::fixed << std::setprecision(7);
  result["single"] = bench.queries(*time, asked_file != nullptr ? &asked : nullptr);
  result["many_to_many"] = bench.many(*time, files.stations());
  result["peak_mb"] = peak_mb();
  std::cout << json::serialize(result) << "\n";
  return 0;
}

}  // namespace
}  // namespace evc::routing

int main(int argc, char** argv) {
  if (argc != 2 && argc != 3) {
    std::cerr << "usage: evcosta-roads-bench DIR [ASKED]\n";
    return 2;
  }
  return evc::routing::run(argv[1], argc == 3 ? argv[2] : nullptr);
}
