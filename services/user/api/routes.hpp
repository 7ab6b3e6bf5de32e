// The HTTP face of the service: operations of contracts/http/user.yaml. The person is always the token's subject; no
// person's request can name another. One operation is for charging: whether a vehicle is somebody's own.
#pragma once

#include <set>
#include <string>

#include "kit/http/router.hpp"
#include "kit/postgres/pool.hpp"
#include "services/user/api/accounts.hpp"

namespace evc::user {

// What the handlers share on one worker; lives as long as the worker.
struct Api {
  postgres::Pool& pool;
  Accounts& accounts;
  std::set<std::string> models;  // ids of data/vehicles.json
};

void add_routes(http::Router& router, Api& api);

}  // namespace evc::user
