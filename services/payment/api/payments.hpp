// The driver's view: my payments and their receipts. Another driver's payment does not exist for me.
#pragma once

#include "kit/http/router.hpp"
#include "kit/postgres/pool.hpp"

namespace evc::payment {

class Payments {
 public:
  explicit Payments(postgres::Pool& pool) : pool_(pool) {}
  void add_routes(http::Router& router);

 private:
  Task<http::Response> list(RequestContext& context, http::Request& request);
  Task<http::Response> find(RequestContext& context, http::Request& request);

  postgres::Pool& pool_;
};

}  // namespace evc::payment
