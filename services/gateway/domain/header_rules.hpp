// Which headers cross the gateway. What is not text of the caller's own (hop-by-hop, our internal names, what the
// gateway itself decides) does not. Pure.
#pragma once

#include <string_view>

namespace evc::gateway {

// From a client to a service.
bool goes_to_service(std::string_view name);
// From a service's answer to the client.
bool goes_to_client(std::string_view name);

}  // namespace evc::gateway
