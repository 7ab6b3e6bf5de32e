#include "services/gateway/api/rate_limiter.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "kit/base/bytes.hpp"

namespace evc::gateway {
namespace {

constexpr std::chrono::milliseconds kMinute{60'000};

// Neither addresses nor subjects are kept in Redis.
std::string shared_key(const contracts::RateClass& rate_class, std::string_view client) {
  constexpr std::size_t kDigestBytes = 16;
  const Digest digest = sha256(client);
  return fmt::format("gateway:limit:{}:{}", rate_class.name, base64url_encode(view(digest).substr(0, kDigestBytes)));
}

}  // namespace

Task<Result<redis::Verdict>> RedisLimits::take(RequestContext& context, std::string key, redis::Limit limit,
                                               std::int64_t cost) {
  return redis::take(client_, context, std::move(key), limit, cost);
}

RateLimiter::Client& RateLimiter::client_of(const std::string& key, const contracts::RateClass& rate_class,
                                            SteadyTime now) {
  if (const auto found = clients_.find(key); found != clients_.end()) return found->second;
  if (clients_.size() >= options_.clients) {
    std::erase_if(clients_, [now](const auto& entry) { return entry.second.bucket.full(now); });
    // A flood of clients: forgetting them all costs each a fresh local bucket, the shared limit still holds.
    if (clients_.size() >= options_.clients) clients_.clear();
  }
  const resilience::BucketOptions bucket{.burst = rate_class.burst, .count = rate_class.per_minute, .period = kMinute};
  return clients_.emplace(key, Client{.bucket = resilience::TokenBucket(bucket)}).first->second;
}

Task<LimitDecision> RateLimiter::take(RequestContext& context, const contracts::RateClass& rate_class,
                                      std::string_view client) {
  const SteadyTime now = context.clock->steady();
  std::string key = shared_key(rate_class, client);
  Client& entry = client_of(key, rate_class, now);
  const auto verdict = entry.bucket.take(now);
  LimitDecision local{
      .remaining = verdict.remaining, .reset_after = verdict.reset_after, .retry_after = verdict.retry_after};
  if (!verdict.allowed) {
    local.kind = LimitDecision::Kind::kRefused;
    co_return local;
  }
  if (entry.leased > 0 && now < entry.leased_until) {
    --entry.leased;
    local.remaining = std::min(local.remaining, entry.remaining + entry.leased);
    co_return local;
  }
  const bool must_share = rate_class.without_cache == contracts::WithoutCache::kRefuse;
  if (now < paused_until_ && !must_share) {
    without_redis_.add();
    co_return local;
  }
  auto decision = co_await lease(context, rate_class, std::move(key), local);
  co_return decision;
}

Task<LimitDecision> RateLimiter::lease(RequestContext& context, const contracts::RateClass& rate_class, std::string key,
                                       LimitDecision local) {
  const bool must_share = rate_class.without_cache == contracts::WithoutCache::kRefuse;
  const redis::Limit limit{.burst = rate_class.burst, .count = rate_class.per_minute, .period = kMinute};
  // Classes that guard passwords are counted one by one, and so are requests that come while a batch is asked for: if
  // each of many at once leased one, the client would be stopped long before its limit.
  const SteadyTime asked_at = context.clock->steady();
  Client& asking = client_of(key, rate_class, asked_at);
  const bool single = must_share || asked_at < asking.leasing_until;
  const std::int64_t batch = single ? 1 : std::clamp<std::int64_t>(rate_class.burst / 20, 1, options_.lease);
  if (!single) asking.leasing_until = asked_at + options_.redis_timeout;
  RequestContext question = must_share ? context : context.with_timeout(options_.redis_timeout);
  std::int64_t cost = batch;
  auto verdict = co_await shared_.take(question, key, limit, cost);
  if (verdict && !verdict->allowed && batch > 1) {
    cost = 1;
    verdict = co_await shared_.take(question, key, limit, cost);
  }
  if (!verdict) {
    paused_until_ = context.clock->steady() + options_.pause_after_failure;
    without_redis_.add();
    if (must_share) local.kind = LimitDecision::Kind::kUnavailable;
    co_return local;
  }
  if (!verdict->allowed) {
    co_return LimitDecision{.kind = LimitDecision::Kind::kRefused,
                            .remaining = verdict->remaining,
                            .reset_after = verdict->reset_after,
                            .retry_after = verdict->retry_after};
  }
  const SteadyTime now = context.clock->steady();
  Client& entry = client_of(key, rate_class, now);
  if (!single) {
    entry.leased = cost - 1;
    entry.leased_until = now + options_.lease_time;
    entry.leasing_until = {};
  }
  entry.remaining = verdict->remaining;
  co_return LimitDecision{.remaining = std::min(local.remaining, verdict->remaining + entry.leased),
                          .reset_after = verdict->reset_after};
}

std::string rate_limit_policy(const contracts::RateClass& rate_class) {
  // A full bucket refills in burst / rate: within that window `q` requests are possible from rest.
  const auto window =
      (static_cast<std::int64_t>(rate_class.burst) * 60 + rate_class.per_minute - 1) / rate_class.per_minute;
  return fmt::format("\"{}\";q={};w={}", rate_class.name, rate_class.burst, window);
}

std::string rate_limit_state(const contracts::RateClass& rate_class, const LimitDecision& decision) {
  const auto seconds = std::chrono::ceil<std::chrono::seconds>(decision.reset_after).count();
  return fmt::format("\"{}\";r={};t={}", rate_class.name, std::max<std::int64_t>(decision.remaining, 0), seconds);
}

}  // namespace evc::gateway
