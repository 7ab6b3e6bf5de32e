// The HTTP face of the service: operations of contracts/http/user.yaml. The person is always the token's subject; no
// person's request can name another. One operation is for charging: whether a vehicle is somebody's own; one is for who
// knows the id of an erasure.
#pragma once

#include <set>
#include <string>

#include "kit/http/router.hpp"
#include "kit/postgres/pool.hpp"
#include "services/user/api/accounts.hpp"
#include "services/user/erasure/saga.hpp"
#include "services/user/peers/account_client.hpp"
#include "services/user/peers/record_client.hpp"

namespace evc::user {

// What the handlers share on one worker; lives as long as the worker.
struct Api {
  postgres::Pool& pool;
  Accounts& accounts;
  AccountClient& account;
  RecordClient& charges;
  RecordClient& payments;
  ErasureSaga& saga;
  std::set<std::string> models;  // ids of data/vehicles.json
};

void add_routes(http::Router& router, Api& api);

}  // namespace evc::user
