// The HTTP face of charging: which handler serves which operation of contracts/http/charging.yaml.
#pragma once

#include "kit/messaging/inbox.hpp"
#include "services/charging/api/start.hpp"

namespace evc::charging {

void add_routes(http::Router& router, Api& api);

}  // namespace evc::charging
