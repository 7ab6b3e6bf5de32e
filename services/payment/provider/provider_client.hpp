// What we ask of the payment provider, and what its answers mean. An answer that is not understood is kUnknown: never a
// yes, never a no. Each call is one try of at most 3.5 s; whoever wants to know more asks again, with the same key.
// Lives on one worker.
#pragma once

#include <memory>
#include <string>

#include "kit/base/secret.hpp"
#include "kit/http/client.hpp"
#include "services/payment/domain/provider_reading.hpp"

namespace evc::payment {

class ProviderClient {
 public:
  ProviderClient(std::shared_ptr<http::Client> provider, Secret<std::string> api_key,
                 std::chrono::milliseconds try_timeout = std::chrono::milliseconds{3'500});

  // Each step has one key for ever: "<reference>:authorise", "<reference>:capture", "<reference>:void",
  // "<reference>:increment:<number>", "<reference>:refund:<number>".
  Task<Finding> authorise(RequestContext& context, Payment payment);
  // When its answer leaves it open, the hold itself is looked at.
  Task<Finding> capture(RequestContext& context, Payment payment, std::int64_t amount);
  Task<Finding> release(RequestContext& context, Payment payment);
  Task<Finding> increment(RequestContext& context, Payment payment, Increment increment);
  Task<Finding> refund(RequestContext& context, Payment payment, Refund refund);
  // What the provider knows of the hold, as an answer to `step`: kNeverHeard when it knows none, kNotYet when the step
  // has not happened.
  Task<Finding> look(RequestContext& context, Payment payment, Step step);

 private:
  Task<Result<http::Response>> call(RequestContext& context, std::string method, std::string target,
                                    std::string route_class, std::string key, std::string body);

  std::shared_ptr<http::Client> provider_;
  std::string authorization_;
  std::chrono::milliseconds try_timeout_;
};

}  // namespace evc::payment
