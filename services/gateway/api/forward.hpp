// One request to the service that owns its route: written anew from what was understood, never passed on as bytes;
// tried again where the contract allows it; streams handed through with back-pressure, since the next piece is read
// when the last one was taken.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "contracts/routes.hpp"
#include "kit/http/client.hpp"
#include "kit/http/message.hpp"

namespace evc::gateway {

// Rows that were changed while the process runs; kept as long as a request needs its own.
using RouteRows = std::vector<contracts::Route>;

struct Upstream {
  std::shared_ptr<http::Client> client;
  std::shared_ptr<const RouteRows> rows;
  const contracts::Route* route = nullptr;  // one of `rows`
  std::string breaker;                      // the rate class: calls of one kind share a breaker per service
  std::chrono::milliseconds stream_idle{90'000};
};

// `upstream` must outlive the call.
Task<http::Response> forward(const Upstream& upstream, RequestContext& context, http::Request& request);

}  // namespace evc::gateway
