// Fixed routes over 50 nodes and 9 stations, as large as the published instances, made by seed.
#pragma once

namespace evc::bench {

void bench_frvcp();

}  // namespace evc::bench
