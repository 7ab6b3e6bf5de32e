// Lets a request through to its service, or turns it away because too much is under way there: one limit per service
// and worker, learned from how long reads take. Only they are measured: how long a charge takes to start says more
// about the payment provider than about load. One per worker.
#pragma once

#include <map>
#include <string>

#include "kit/base/json.hpp"
#include "kit/resilience/gradient_limit.hpp"
#include "services/gateway/api/forward.hpp"

namespace evc::gateway {

class Admission {
 public:
  explicit Admission(resilience::GradientOptions options) : options_(options) {}

  // Outlives the calls that use it.
  resilience::GradientLimit& limit_of(std::string_view service);
  json::Value state() const;

 private:
  resilience::GradientOptions options_;
  std::map<std::string, resilience::GradientLimit, std::less<>> limits_;
};

// forward(), or the problem `overloaded` at once.
Task<http::Response> forward_within(resilience::GradientLimit& limit, const Upstream& upstream, RequestContext& context,
                                    http::Request& request);

}  // namespace evc::gateway
