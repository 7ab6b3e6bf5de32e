// Tokens that a service presents to another (client credentials on auth's internal mTLS listener), cached until a
// minute before they expire.
#pragma once

#include <memory>
#include <string>

#include "kit/http/client.hpp"

namespace evc::auth {

class ServiceTokens {
 public:
  ServiceTokens(Worker& worker, std::shared_ptr<http::Client> auth, std::string client_id);
  ~ServiceTokens();
  Task<Result<std::string>> token(RequestContext& context);
  // The keys have changed: the token that is kept is replaced by one of the new key, once that signs, and before the
  // old one can be withdrawn (services/auth/domain/key_schedule.hpp).
  void renew_after(SteadyTime when);

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace evc::auth
