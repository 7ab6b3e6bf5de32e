// The consumer's side of GET /internal/<service>/events: asks the producer of a topic for the events that the topic
// does not give. One per worker, as its clients are.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>

#include "kit/http/client.hpp"
#include "kit/messaging/held_events.hpp"

namespace evc::messaging {

using ServiceTokenSource = std::function<Task<Result<std::string>>(RequestContext&)>;

// `clients`: by the producing service's name.
AskProducer ask_over_http(std::map<std::string, std::shared_ptr<http::Client>> clients, ServiceTokenSource token);

}  // namespace evc::messaging
