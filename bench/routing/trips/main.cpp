// trips-bench: CPU time of the route engine's solvers on instances made by seed. No server, no file.
#include "bench/routing/trips/frvcp_bench.hpp"

int main() {
  evc::bench::bench_frvcp();
}
