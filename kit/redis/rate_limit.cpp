#include "kit/redis/rate_limit.hpp"

#include "kit/base/assert.hpp"

namespace evc::redis {
namespace {

// GCRA keeps one number per key: the theoretical arrival time, when the bucket will be full again. Times in
// microseconds of Redis' own clock, so that callers need no common one; they stay below 2^53, which Lua's numbers hold
// exactly.
constexpr std::string_view kGcra = R"lua(
local interval, burst, cost = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local clock = redis.call('TIME')
local now = clock[1] * 1000000 + clock[2]
local full_at = tonumber(redis.call('GET', KEYS[1]) or now)
if full_at < now then full_at = now end
local wanted = full_at + interval * cost
local allowed_at = wanted - interval * burst
local allowed = 0
local retry = 0
if allowed_at > now then
  retry = allowed_at - now
else
  allowed = 1
  full_at = wanted
  if full_at > now then redis.call('SET', KEYS[1], string.format('%.0f', full_at), 'PX', math.ceil((full_at - now) / 1000)) end
end
local remaining = math.floor((now + interval * burst - full_at) / interval)
return {allowed, remaining, math.ceil(retry / 1000), math.ceil((full_at - now) / 1000)}
)lua";

}  // namespace

Task<Result<Verdict>> take(Client& client, RequestContext& context, std::string key, Limit limit, std::int64_t cost) {
  EVC_ASSERT(limit.burst > 0 && limit.count > 0 && limit.period.count() > 0 && cost >= 0);
  const double interval_us = static_cast<double>(limit.period.count()) * 1'000.0 / static_cast<double>(limit.count);
  std::vector<std::string> keys{std::move(key)};
  std::vector<std::string> arguments{std::to_string(interval_us), std::to_string(limit.burst), std::to_string(cost)};
  auto reply = co_await client.eval(context, kGcra, std::move(keys), std::move(arguments));
  if (!reply) co_return std::unexpected(std::move(reply).error());
  if (reply->kind != Reply::Kind::kArray || reply->elements.size() != 4)
    co_return fail(Code::kProtocolError, "the rate script's answer has another shape");
  const auto number = [&reply](std::size_t index) { return reply->elements[index].integer; };
  co_return Verdict{.allowed = number(0) == 1,
                    .remaining = number(1),
                    .retry_after = std::chrono::milliseconds{number(2)},
                    .reset_after = std::chrono::milliseconds{number(3)}};
}

}  // namespace evc::redis
