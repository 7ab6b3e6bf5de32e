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

// The same number per key, for several keys at once. ARGV[1]: how many of each, -1 gives one back; then interval and
// burst of each.
constexpr std::string_view kGcraOfEach = R"lua(
local count = tonumber(ARGV[1])
local clock = redis.call('TIME')
local now = clock[1] * 1000000 + clock[2]
local full_at = {}
local retry = 0
for i = 1, #KEYS do
  local interval, burst = tonumber(ARGV[2 * i]), tonumber(ARGV[2 * i + 1])
  local at = tonumber(redis.call('GET', KEYS[i]) or now)
  if at < now then at = now end
  full_at[i] = at + interval * count
  local early = full_at[i] - interval * burst - now
  if count > 0 and early > retry then retry = early end
end
if retry > 0 then return {0, math.ceil(retry / 1000)} end
for i = 1, #KEYS do
  if full_at[i] > now then
    redis.call('SET', KEYS[i], string.format('%.0f', full_at[i]), 'PX', math.ceil((full_at[i] - now) / 1000))
  else
    redis.call('DEL', KEYS[i])
  end
end
return {1, 0}
)lua";

double interval_us(const Limit& limit) {
  EVC_ASSERT(limit.burst > 0 && limit.count > 0 && limit.period.count() > 0);
  return static_cast<double>(limit.period.count()) * 1'000.0 / static_cast<double>(limit.count);
}

Task<Result<Taken>> move_each(Client& client, RequestContext& context, std::vector<Bucket> buckets,
                              std::int64_t count) {
  std::vector<std::string> keys;
  std::vector<std::string> arguments{std::to_string(count)};
  for (Bucket& bucket : buckets) {
    arguments.push_back(std::to_string(interval_us(bucket.limit)));
    arguments.push_back(std::to_string(bucket.limit.burst));
    keys.push_back(std::move(bucket.key));
  }
  EVC_CO_TRY(reply, co_await client.eval(context, kGcraOfEach, std::move(keys), std::move(arguments)));
  if (reply.kind != Reply::Kind::kArray || reply.elements.size() != 2)
    co_return fail(Code::kProtocolError, "the rate script's answer has another shape");
  co_return Taken{.allowed = reply.elements[0].integer == 1,
                  .retry_after = std::chrono::milliseconds{reply.elements[1].integer}};
}

}  // namespace

Task<Result<Verdict>> take(Client& client, RequestContext& context, std::string key, Limit limit, std::int64_t cost) {
  EVC_ASSERT(cost >= 0);
  std::vector<std::string> keys{std::move(key)};
  std::vector<std::string> arguments{std::to_string(interval_us(limit)), std::to_string(limit.burst),
                                     std::to_string(cost)};
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

Task<Result<Taken>> take_from_each(Client& client, RequestContext& context, std::vector<Bucket> buckets) {
  return move_each(client, context, std::move(buckets), 1);
}

Task<Result<void>> give_back(Client& client, RequestContext& context, std::vector<Bucket> buckets) {
  EVC_CO_CHECK(co_await move_each(client, context, std::move(buckets), -1));
  co_return Result<void>{};
}

}  // namespace evc::redis
