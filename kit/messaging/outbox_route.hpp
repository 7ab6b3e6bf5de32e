// GET /internal/<service>/events: what the service's own outbox still holds of a key, for a consumer whose topic has
// lost it. Only topics that the service writes for others; who may ask stands in contracts/routes.yaml.
#pragma once

#include <string>

#include "kit/http/router.hpp"
#include "kit/postgres/pool.hpp"

namespace evc::messaging {

// `service`: charging, payment or integrations. The pool must live as long as the router.
void add_outbox_operation(http::Router& router, const std::string& service, postgres::Pool& pool);

}  // namespace evc::messaging
