// A person's payments for the user service, which knows whose pseudonym it is: all of them for the export, and how many
// things about them are still open, because such a person cannot be erased.
#pragma once

#include "kit/http/router.hpp"
#include "kit/postgres/pool.hpp"
#include "services/payment/domain/payment.hpp"

namespace evc::payment {

class PersonRecords {
 public:
  explicit PersonRecords(postgres::Pool& pool) : pool_(pool) {}
  void add_routes(http::Router& router);

 private:
  Task<http::Response> list(RequestContext& context, http::Request& request);
  Task<http::Response> count(RequestContext& context, http::Request& request);
  Task<Result<json::Array>> records(RequestContext& context, std::vector<Payment> payments);

  postgres::Pool& pool_;
};

}  // namespace evc::payment
