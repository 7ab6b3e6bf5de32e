// The operations of contracts/http/registry.yaml. Every service may read; the producer of a topic alone registers its
// schemas, known by the name in its certificate. What a version holds never changes. Lives on one worker.
#pragma once

#include "kit/http/router.hpp"
#include "services/registry/apicurio/apicurio.hpp"

namespace evc::registry_service {

class Schemas {
 public:
  explicit Schemas(Apicurio& store) : store_(store) {}
  void add_routes(http::Router& router);

  Task<http::Response> list(RequestContext& context, http::Request& request);
  Task<http::Response> versions(RequestContext& context, http::Request& request);
  Task<http::Response> get(RequestContext& context, http::Request& request);
  Task<http::Response> put(RequestContext& context, http::Request& request);
  Task<http::Response> check(RequestContext& context, http::Request& request);

 private:
  Task<Result<void>> write(RequestContext& context, Subject subject, std::uint32_t version, std::string schema);
  // The members of the event where the schema would refuse what one of these versions took.
  Task<Result<std::vector<FieldError>>> judge(RequestContext& context, Subject subject,
                                              std::vector<std::uint32_t> earlier, std::string schema);
  Task<Result<void>> compare(RequestContext& context, Subject subject, std::uint32_t version, std::string schema);

  Apicurio& store_;
};

}  // namespace evc::registry_service
