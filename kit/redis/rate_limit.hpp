// GCRA (generic cell rate algorithm) as one Lua call: `burst` at once, then one each period/limit. Also used to lease
// tokens in batches, so that a gateway worker does not ask Redis per request.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "kit/redis/client.hpp"

namespace evc::redis {

struct Limit {
  std::int64_t burst = 1;
  std::int64_t count = 1;  // per period
  std::chrono::milliseconds period{1'000};
};
struct Verdict {
  bool allowed = false;
  std::int64_t remaining = 0;
  std::chrono::milliseconds retry_after{0};  // until `cost` would be allowed
  std::chrono::milliseconds reset_after{0};  // until the bucket is full again
};

Task<Result<Verdict>> take(Client& client, RequestContext& context, std::string key, Limit limit,
                           std::int64_t cost = 1);

// One of several buckets that something counts in.
struct Bucket {
  std::string key;
  Limit limit;
};
struct Taken {
  bool allowed = false;
  std::chrono::milliseconds retry_after{0};  // until every bucket has one again
};
// One from each of them, or none from any: reserving before the work and giving back afterwards holds a limit however
// many try at the same moment.
Task<Result<Taken>> take_from_each(Client& client, RequestContext& context, std::vector<Bucket> buckets);
Task<Result<void>> give_back(Client& client, RequestContext& context, std::vector<Bucket> buckets);

}  // namespace evc::redis
