#include "services/auth/api/sign_in_throttle.hpp"

#include "kit/base/bytes.hpp"
#include "kit/net/client_network.hpp"

namespace evc::auth_service {
namespace {

redis::Limit limit_of(std::int64_t failures, std::chrono::milliseconds period) {
  return {.burst = failures, .count = failures, .period = period};
}

}  // namespace

// Neither addresses nor indexes of people can be found in Redis without the key.
std::string SignInThrottle::bucket(std::string_view kind, const std::string& of) const {
  const Digest digest = hmac_sha256(mark_key_.reveal(), "bucket:" + std::string(kind) + ":" + of);
  return "auth:failures:" + std::string(kind) + ":" + base64url_encode(view(digest));
}

Task<Result<SignInThrottle::Attempt>> SignInThrottle::begin(RequestContext& context, MarkedFor account, Origin origin) {
  Attempt attempt;
  if (const auto device = marked_device(mark_key_, account, origin.device_mark, context.clock->wall())) {
    attempt.push_back(of_device(*device, account));
  } else {
    attempt.push_back({bucket("account", account.email_index), of_account()});
    attempt.push_back(of_address(origin));
  }
  co_return co_await take(context, std::move(attempt));
}

redis::Limit SignInThrottle::of_account() const {
  return limit_of(settings_.failures_per_account, std::chrono::minutes(15));
}

redis::Bucket SignInThrottle::of_device(const std::string& device, const MarkedFor& account) const {
  return {bucket("device", device + account.email_index), of_account()};
}

redis::Bucket SignInThrottle::of_address(const Origin& origin) const {
  return {bucket("address", net::client_network(origin.address)),
          limit_of(settings_.failures_per_address, std::chrono::minutes(1))};
}

Task<Result<SignInThrottle::Attempt>> SignInThrottle::begin_at(RequestContext& context, MarkedFor account,
                                                               Origin origin) {
  if (const auto device = marked_device(mark_key_, account, origin.device_mark, context.clock->wall()))
    co_return co_await take(context, Attempt{of_device(*device, account)});
  co_return co_await take(context, Attempt{of_address(origin)});
}

Task<Result<SignInThrottle::Attempt>> SignInThrottle::begin_in_session(RequestContext& context,
                                                                       std::string session_id) {
  Attempt attempt{{bucket("session", session_id), of_account()}};
  co_return co_await take(context, std::move(attempt));
}

Task<Result<SignInThrottle::Attempt>> SignInThrottle::take(RequestContext& context, Attempt attempt) {
  auto taken = co_await redis::take_from_each(redis_, context, attempt);
  if (!taken)
    co_return std::unexpected(Error{.code = Code::kServiceUnavailable,
                                    .detail = "sign-in is not possible at the moment",
                                    .retry_after = std::chrono::seconds(5)});
  if (!taken->allowed)
    co_return std::unexpected(
        Error{.code = Code::kRateLimited, .detail = "too many failed sign-ins", .retry_after = taken->retry_after});
  co_return attempt;
}

Task<> SignInThrottle::forgive(RequestContext& context, Attempt attempt) {
  // Not given back is counted as a failure: that harms nobody but the one who comes very often.
  co_await redis::give_back(redis_, context, std::move(attempt));
}

std::string SignInThrottle::mark_for(const MarkedFor& account, const Origin& origin, WallTime now) const {
  // One that will not live for long is replaced.
  if (marked_device(mark_key_, account, origin.device_mark, now + kDeviceMarkLife / 2)) return origin.device_mark;
  return new_device_mark(mark_key_, account, now);
}

}  // namespace evc::auth_service
