// What the provider says by itself (signed, contracts/headers.md). A message is a hint: it makes open steps due now,
// and their answer is asked from the provider. Only the end of a hold's time is believed as it is said. A repeated
// webhook-id has no second effect.
#pragma once

#include "kit/base/secret.hpp"
#include "kit/http/router.hpp"
#include "services/payment/flow/recorder.hpp"

namespace evc::payment {

class ProviderWebhooks {
 public:
  ProviderWebhooks(postgres::Pool& pool, Recorder& recorder, Secret<std::string> secret);
  void add_routes(http::Router& router);

 private:
  Task<http::Response> receive(RequestContext& context, http::Request& request);
  Task<Result<void>> take(RequestContext& context, std::string webhook_id, std::string reference, std::string type);

  postgres::Pool& pool_;
  Recorder& recorder_;
  Secret<std::string> secret_;
};

}  // namespace evc::payment
