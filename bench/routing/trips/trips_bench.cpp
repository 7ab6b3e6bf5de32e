#include "bench/routing/trips/trips_bench.hpp"

#include <cstdio>

#include "bench/routing/trips/country.hpp"
#include "bench/routing/trips/measure.hpp"
#include "services/routing/domain/overlay/search.hpp"

namespace evc::bench {

void bench_trips() {
  constexpr std::size_t kSites = 1'000;
  constexpr int kTrips = 400;
  for (const double kwh : {40.0, 60.0, 80.0}) {
    ev::Vehicle car = middle_class_car();
    car.usable_kwh = kwh;
    const Country country(20'261'130, kSites, car);
    std::mt19937_64 random(1);
    Samples samples, labels;
    std::size_t found = 0, exact = 0, stops = 0;
    for (int i = 0; i < kTrips; ++i) {
      const CountryTrip trip = country.trip(random, 500, 1'500);
      routing::OverlayOutcome outcome;
      samples.measure([&] { outcome = routing::OverlaySearch(trip.problem).run(); });
      if (outcome.status != routing::OverlayOutcome::Status::kFound) continue;
      ++found;
      exact += outcome.lower_bound >= outcome.value;
      stops += outcome.steps.size() - 1;
      labels.add(static_cast<double>(outcome.labels));
    }
    std::printf(
        "trips, %.0f kWh: %zu sites, %zu drives; %zu of %d found, %zu exact, %.1f stops: CPU p50 %.2f ms, p95 %.2f ms, "
        "p99 "
        "%.2f ms; labels p50 %.0f, p99 %.0f\n",
        kwh, kSites, country.overlay().drive_count(), found, kTrips, exact,
        static_cast<double>(stops) / static_cast<double>(found), samples.percentile(0.5) / 1e3,
        samples.percentile(0.95) / 1e3, samples.percentile(0.99) / 1e3, labels.percentile(0.5),
        labels.percentile(0.99));
  }
}

}  // namespace evc::bench
