// Registers an operation of contracts/routes.yaml by its operationId: method, path, access, scope, callers and body
// limit come from the contract, so that a service cannot serve something else than what is written. An unknown
// operation, or one of another service, is a start-up failure (throws).
#pragma once

#include <string_view>

#include "kit/http/router.hpp"

namespace evc::http {

// The path template of an operation, e.g. for idempotency records.
std::string_view operation_path(std::string_view operation);

void add_operation(Router& router, std::string_view service, std::string_view operation, Handler handler);

// The operations of a service whose handlers are functions of `api`, which must outlive the router.
template <class Api>
class Operations {
 public:
  using Function = Task<Response> (*)(Api&, RequestContext&, Request&);
  Operations(Router& router, std::string_view service, Api& api) : router_(router), service_(service), api_(api) {}

  void add(std::string_view operation, Function function) {
    add_operation(router_, service_, operation, [&api = api_, function](RequestContext& context, Request& request) {
      return function(api, context, request);
    });
  }

 private:
  Router& router_;
  std::string_view service_;
  Api& api_;
};

// Personal data and secrets: nobody on the way keeps the answer.
Response no_store(Response response);

}  // namespace evc::http
