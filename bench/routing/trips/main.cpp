// trips-bench: CPU time of the route engine's solvers on instances made by seed. No server, no file.
#include "bench/routing/trips/frvcp_bench.hpp"
#include "bench/routing/trips/trips_bench.hpp"

int main() {
  evc::bench::bench_frvcp();
  evc::bench::bench_trips();
}
