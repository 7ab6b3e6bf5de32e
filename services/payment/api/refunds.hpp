// Operators' routes over refunds. Asking and deciding only write down; the provider is asked by the step that an
// approval makes. Whoever is asked again with the same key answers the same.
#pragma once

#include "kit/http/router.hpp"
#include "kit/messaging/idempotency.hpp"
#include "services/payment/flow/recorder.hpp"

namespace evc::payment {

class Refunds {
 public:
  Refunds(postgres::Pool& pool, messaging::IdempotencyStore& idempotency, Recorder& recorder);
  void add_routes(http::Router& router);

 private:
  enum class Decision { kApprove, kReject };
  Task<http::Response> create(RequestContext& context, http::Request& request);
  Task<http::Response> decide(RequestContext& context, http::Request& request, Decision decision);
  Task<http::Response> list(RequestContext& context, http::Request& request);
  Task<http::Response> find(RequestContext& context, http::Request& request);

  Task<Result<http::Response>> write_request(RequestContext& context, http::Request& request,
                                             const messaging::IdempotentRequest& keyed);
  Task<Result<http::Response>> write_decision(RequestContext& context, http::Request& request,
                                              const messaging::IdempotentRequest& keyed, Decision decision);
  Task<Result<http::Response>> page(RequestContext& context, http::Request& request);
  Task<Result<http::Response>> one(RequestContext& context, http::Request& request);

  postgres::Pool& pool_;
  messaging::IdempotencyStore& idempotency_;
  Recorder& recorder_;
};

}  // namespace evc::payment
