// The routes that charging calls: a hold is written down (idempotency key, payment, PaymentSimulated), then the
// provider is asked between transactions, then the outcome, its event and the stored answer commit together. A crash
// anywhere leaves a resumable key and a job that finds out. No answer in time is 202 with state `unknown`, which is not
// stored: asked again, it may be known.
#pragma once

#include "kit/http/router.hpp"
#include "kit/messaging/idempotency.hpp"
#include "services/payment/flow/steps.hpp"

namespace evc::payment {

class Preauthorisations {
 public:
  Preauthorisations(postgres::Pool& pool, messaging::IdempotencyStore& idempotency, ProviderClient& provider,
                    Recorder& recorder, Steps& steps);
  void add_routes(http::Router& router);

 private:
  Task<http::Response> create(RequestContext& context, http::Request& request);
  Task<http::Response> find(RequestContext& context, http::Request& request);
  Task<http::Response> release(RequestContext& context, http::Request& request);

  // The payment of this request: as it stands, or written now.
  Task<Result<Payment>> find_or_write(RequestContext& context, Payment wanted);
  Task<Result<Payment>> write_outcome(RequestContext& context, const messaging::IdempotentRequest& request,
                                      Uuid payment_id, std::optional<Finding> finding);
  Task<Result<Payment>> write_release(RequestContext& context, const messaging::IdempotentRequest& request,
                                      std::string reference);

  postgres::Pool& pool_;
  messaging::IdempotencyStore& idempotency_;
  ProviderClient& provider_;
  Recorder& recorder_;
  Steps& steps_;
};

}  // namespace evc::payment
