// The HTTP face of charging: which handler serves which operation of contracts/http/charging.yaml.
#pragma once

#include "kit/http/router.hpp"
#include "services/charging/api/start.hpp"

namespace evc::charging {

void add_routes(http::Router& router, Api& api);

}  // namespace evc::charging
