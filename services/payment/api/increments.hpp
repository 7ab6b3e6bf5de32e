// POST /payments/preauthorisations/{reference}/increments: charging asks for more while its charge runs. As for the
// hold itself: the increment is written down first, the provider is asked between transactions, then the outcome, its
// event and the stored answer commit together; no answer in time is 202, which is not stored.
#pragma once

#include "kit/http/router.hpp"
#include "kit/messaging/idempotency.hpp"
#include "services/payment/flow/steps.hpp"

namespace evc::payment {

class Increments {
 public:
  Increments(postgres::Pool& pool, messaging::IdempotencyStore& idempotency, ProviderClient& provider,
             Recorder& recorder);
  void add_routes(http::Router& router);

 private:
  Task<http::Response> create(RequestContext& context, http::Request& request);

  // The payment with the increment of this request in it: as it stands, or written now.
  Task<Result<Payment>> find_or_write(RequestContext& context, std::string reference, std::int64_t number,
                                      Money amount);
  Task<Result<Payment>> write_outcome(RequestContext& context, const messaging::IdempotentRequest& request,
                                      Uuid payment_id, std::int64_t number, std::optional<Finding> finding);

  postgres::Pool& pool_;
  messaging::IdempotencyStore& idempotency_;
  ProviderClient& provider_;
  Recorder& recorder_;
};

}  // namespace evc::payment
