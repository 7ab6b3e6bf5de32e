// The measurements. Each prints what a person reads on standard error and returns what is kept. They need the servers
// of `tools/testenv --durable`: a PostgreSQL that syncs its disk and keeps commit timestamps.
#pragma once

#include <chrono>
#include <vector>

#include "kit/base/json.hpp"

namespace evc::bench {

// Commit to effect at each rate, with the disk's own fdatasync beside it.
json::Object latency(const std::vector<double>& rates, std::chrono::seconds during);
// Write throughput without and with a relay, in alternation.
json::Object overhead(int pairs, std::chrono::seconds during);
// Commit to effect on payment.events while integration.events lies idle and while it is flooded, in alternation.
enum class Quota { kAsWritten, kNone };
enum class Reader { kPaymentsOnly, kBothTopics };
struct StarvationOptions {
  int pairs = 10;
  std::chrono::seconds during{5};
  std::chrono::seconds fill{12};  // a broker counts over ten seconds: after these the flood is at its quota
  Quota quota = Quota::kAsWritten;
  Reader reader = Reader::kPaymentsOnly;
};
json::Object starvation(const StarvationOptions& options);
// A whole outbox of so many rows sent to a broker that has none of them.
json::Object reemission(std::int64_t events);

}  // namespace evc::bench
