// Rate limits per client and rate class. A bucket of this worker refuses floods without asking anybody; what passes it
// spends tokens that are leased from the shared limit in Redis in batches, so that most requests cost no round trip.
// The price is a stated error: a client may be stopped up to (batch − 1) requests per worker early, never late. Without
// Redis a class either goes on with the worker's bucket alone or refuses, as contracts/routes.yaml says. Lives on one
// worker; at most 100,000 clients are remembered.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>

#include "contracts/routes.hpp"
#include "kit/redis/rate_limit.hpp"
#include "kit/resilience/token_bucket.hpp"
#include "kit/telemetry/metrics.hpp"
#include "kit/telemetry/request_context.hpp"

namespace evc::gateway {

// The limit that all workers and instances share.
class SharedLimits {
 public:
  virtual ~SharedLimits() = default;
  virtual Task<Result<redis::Verdict>> take(RequestContext& context, std::string key, redis::Limit limit,
                                            std::int64_t cost) = 0;
};

class RedisLimits final : public SharedLimits {
 public:
  explicit RedisLimits(redis::Client& client) : client_(client) {}
  Task<Result<redis::Verdict>> take(RequestContext& context, std::string key, redis::Limit limit,
                                    std::int64_t cost) override;

 private:
  redis::Client& client_;
};

struct LimiterOptions {
  std::int64_t lease = 10;                               // tokens at once, and at most a twentieth of the burst
  std::chrono::milliseconds lease_time{5'000};           // an unused lease is forgotten after it
  std::chrono::milliseconds redis_timeout{250};          // for one question
  std::chrono::milliseconds pause_after_failure{1'000};  // Redis is not asked again by classes that can do without
  std::size_t clients = 100'000;
};

struct LimitDecision {
  enum class Kind { kAllowed, kRefused, kUnavailable } kind = Kind::kAllowed;
  std::int64_t remaining = 0;
  std::chrono::milliseconds reset_after{0};
  std::chrono::milliseconds retry_after{0};
};

class RateLimiter {
 public:
  RateLimiter(SharedLimits& shared, LimiterOptions options) : shared_(shared), options_(options) {}
  // `client`: an address or a token's subject. It reaches Redis as a digest only.
  Task<LimitDecision> take(RequestContext& context, const contracts::RateClass& rate_class, std::string_view client);
  std::size_t remembered() const { return clients_.size(); }

 private:
  struct Client {
    resilience::TokenBucket bucket;
    std::int64_t leased = 0;
    SteadyTime leased_until{};
    SteadyTime leasing_until{};  // a batch is being asked for
    std::int64_t remaining = 0;  // of the shared limit, when it was last asked
  };
  Client& client_of(const std::string& key, const contracts::RateClass& rate_class, SteadyTime now);
  Task<LimitDecision> lease(RequestContext& context, const contracts::RateClass& rate_class, std::string key,
                            LimitDecision local);

  SharedLimits& shared_;
  LimiterOptions options_;
  std::unordered_map<std::string, Client> clients_;
  SteadyTime paused_until_{};
  telemetry::Counter without_redis_ =
      telemetry::metrics().counter("gateway_limits_without_redis_total", "Limits decided without the shared cache");
};

// The headers of draft-ietf-httpapi-ratelimit-headers: the policy, and what is left of it.
std::string rate_limit_policy(const contracts::RateClass& rate_class);
std::string rate_limit_state(const contracts::RateClass& rate_class, const LimitDecision& decision);

}  // namespace evc::gateway
