// How often a password may be tried. Every try takes its place in Redis before it is evaluated and gets it back when it
// was no failure: so the limits hold however many try at once. A device that has signed in to the account before counts
// by itself, so that guesses from elsewhere cannot lock its owner out, and so does a session whose owner is asked
// again; all others share the account's bucket and that of their address (IPv4 /32, IPv6 /64). Without Redis nobody can
// count, so nobody signs in.
#pragma once

#include <string>
#include <vector>

#include "kit/base/sealing.hpp"
#include "kit/redis/rate_limit.hpp"
#include "services/auth/domain/device.hpp"
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
  // rate-limited, or service-unavailable without Redis. `account` is named whether it exists or not.
  Task<Result<Attempt>> begin(RequestContext& context, MarkedFor account, Origin origin);
  // Of somebody who shows a key, which nobody guesses: a device that is marked for its owner counts by itself, of all
  // others the address alone. Else whoever knows the key's name could lock its owner out.
  Task<Result<Attempt>> begin_at(RequestContext& context, MarkedFor account, Origin origin);
  // Of somebody who is signed in and proves it: each session counts by itself, so that nobody else's guesses matter.
  Task<Result<Attempt>> begin_in_session(RequestContext& context, std::string session_id);
  // It was no failure.
  Task<> forgive(RequestContext& context, Attempt attempt);
  // What the device that has just signed in shows next time: the mark that it has, while that is good.
  std::string mark_for(const MarkedFor& account, const Origin& origin, WallTime now) const;

 private:
  Task<Result<Attempt>> take(RequestContext& context, Attempt attempt);
  redis::Limit of_account() const;
  redis::Bucket of_device(const std::string& device, const MarkedFor& account) const;
  redis::Bucket of_address(const Origin& origin) const;
  std::string bucket(std::string_view kind, const std::string& of) const;

  redis::Client& redis_;
  AuthSettings settings_;
  SealKey mark_key_;
};

}  // namespace evc::auth_service
