// The money of one session as operators see it: its payments, the ledger's transfers, and what payment said about it.
// Reading only; another's or an unknown session has nothing.
#pragma once

#include "kit/http/router.hpp"
#include "kit/postgres/pool.hpp"

namespace evc::payment {

class SessionMoney {
 public:
  explicit SessionMoney(postgres::Pool& pool) : pool_(pool) {}
  void add_routes(http::Router& router);

 private:
  Task<http::Response> find(RequestContext& context, http::Request& request);
  Task<Result<http::Response>> all_of(RequestContext& context, http::Request& request);

  postgres::Pool& pool_;
};

}  // namespace evc::payment
