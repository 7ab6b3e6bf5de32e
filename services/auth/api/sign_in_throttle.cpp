#include "services/auth/api/sign_in_throttle.hpp"

#include "kit/base/bytes.hpp"
#include "kit/net/client_network.hpp"
#include "services/auth/domain/device.hpp"

namespace evc::auth_service {
namespace {

redis::Limit limit_of(std::int64_t failures, std::chrono::milliseconds period) {
  return {.burst = failures, .count = failures, .period = period};
}

// Neither addresses nor indexes of people are kept in Redis.
std::string bucket_key(std::string_view kind, const std::string& of) {
  const Digest digest = sha256(std::string(kind) + ":" + of);
  return "auth:failures:" + std::string(kind) + ":" + base64url_encode(view(digest));
}

}  // namespace

Task<Result<SignInThrottle::Attempt>> SignInThrottle::begin(RequestContext& context, std::string email_index,
                                                            Origin origin) {
  const redis::Limit of_account = limit_of(settings_.failures_per_account, std::chrono::minutes(15));
  Attempt attempt;
  if (const auto device = marked_device(mark_key_, email_index, origin.device_mark, context.clock->wall())) {
    attempt.push_back({bucket_key("device", *device + email_index), of_account});
  } else {
    attempt.push_back({bucket_key("account", email_index), of_account});
    attempt.push_back({bucket_key("address", net::client_network(origin.address)),
                       limit_of(settings_.failures_per_address, std::chrono::minutes(1))});
  }
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

std::string SignInThrottle::mark_for(const std::string& email_index, WallTime now) const {
  return new_device_mark(mark_key_, email_index, now);
}

}  // namespace evc::auth_service
