// How often a password may be tried. Every try takes its place in Redis before it is evaluated and gets it back when it
// was no failure: so the limits hold however many try at once. A device that has signed in to the account before counts
// by itself, so that guesses from elsewhere cannot lock its owner out; all others share the account's bucket and that
// of their address (IPv4 /32, IPv6 /64). Without Redis nobody can count, so nobody signs in.
#pragma once

#include <string>
#include <vector>

#include "kit/base/sealing.hpp"
#include "kit/redis/rate_limit.hpp"
#include "services/auth/settings.hpp"

namespace evc::auth_service {

// Where a request comes from.
struct Origin {
  std::string address;
  std::string device;       // in a few words, see domain/device.hpp
  std::string device_mark;  // as it came; empty: none
};

class SignInThrottle {
 public:
  SignInThrottle(redis::Client& redis, AuthSettings settings, SealKey mark_key)
      : redis_(redis), settings_(std::move(settings)), mark_key_(std::move(mark_key)) {}

  using Attempt = std::vector<redis::Bucket>;
  // rate-limited, or service-unavailable without Redis. `email_index` names the account, whether it exists or not.
  Task<Result<Attempt>> begin(RequestContext& context, std::string email_index, Origin origin);
  // It was no failure.
  Task<> forgive(RequestContext& context, Attempt attempt);
  // What the device that has just signed in shows next time.
  std::string mark_for(const std::string& email_index, WallTime now) const;

 private:
  redis::Client& redis_;
  AuthSettings settings_;
  SealKey mark_key_;
};

}  // namespace evc::auth_service
