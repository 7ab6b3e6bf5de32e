// Verifies access tokens: strict JWS, ES256 or RS256 fixed per key id, typ at+jwt, issuer, audience, times with 30
// s skew, lifetime ≤ 900 s, deny-set. A cache of verified tokens per worker, keyed by SHA-256 of the token,
// re-checks expiry and is emptied when keys change. Keys come from auth's JWKS over mTLS and are fetched again when the
// deny-set, which is pulled twice a second, says that they are others.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "kit/base/clock.hpp"
#include "kit/base/result.hpp"
#include "kit/http/client.hpp"
#include "kit/http/server.hpp"
#include "kit/runtime/worker.hpp"
#include "kit/telemetry/request_context.hpp"

namespace evc::auth {

struct VerifierOptions {
  std::string issuer;  // e.g. https://localhost:8443
  std::string audience = "evcosta";
  std::chrono::seconds skew{30};
  std::chrono::seconds max_lifetime{900};
  std::size_t cache_entries = 10'000;
  std::chrono::milliseconds deny_poll{500};
};

class Verifier {
 public:
  // `auth` is the client to the auth service (JWKS and deny-set); the verifier keeps it for its life.
  Verifier(Worker& worker, std::shared_ptr<http::Client> auth, VerifierOptions options,
           const Clock& clock = system_clock());
  ~Verifier();
  // Fetches keys now and keeps them fresh in the worker's task group. service-unavailable while no key was ever
  // fetched.
  Task<Result<void>> start(RequestContext& context);
  bool ready() const;
  // token-invalid with a reason for the log only; service-unavailable without keys.
  Task<Result<Principal>> verify(RequestContext& context, std::string_view token);
  // Called on the worker after each fetch that found other keys than before.
  void on_keys_changed(std::function<void()> callback);
  void close();

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;
};

// Fills context.principal by the route's Access: bearer token, scope (403 insufficient-scope), operator role, or
// service token whose client_id equals the peer certificate's name.
http::Middleware authenticate(std::shared_ptr<Verifier> verifier);

}  // namespace evc::auth
