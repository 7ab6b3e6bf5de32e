// Trips of 500 to 1,500 km over a country of 1,000 fast sites.
#pragma once

namespace evc::bench {

void bench_trips();

}  // namespace evc::bench
