// What we ask of Apicurio Registry, which keeps the schemas in its own database. It has no mutual TLS of its own: it
// listens on loopback, serves TLS 1.3, and lets in who knows the password of this program. Lives on one worker; every
// call ends at the context's deadline.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "kit/base/secret.hpp"
#include "kit/http/client.hpp"
#include "services/registry/domain/subject.hpp"

namespace evc::registry_service {

class Apicurio {
 public:
  Apicurio(std::shared_ptr<http::Client> store, const Secret<std::string>& password);

  Task<Result<void>> ping(RequestContext& context);
  Task<Result<std::vector<std::string>>> subjects(RequestContext& context);
  // Ascending; none for a subject that was never written.
  Task<Result<std::vector<std::uint32_t>>> versions(RequestContext& context, Subject subject);
  // not-found
  Task<Result<std::string>> schema(RequestContext& context, Subject subject, std::uint32_t version);
  // Says that new versions must take what all earlier ones took. Idempotent.
  Task<Result<void>> require_compatibility(RequestContext& context);

  enum class Mode { kStore, kTryOnly };
  // conflict: with the places in the schema as fields when it refuses what an earlier version took, without any when
  // the version is there already.
  Task<Result<void>> add(RequestContext& context, Subject subject, std::uint32_t version, std::string schema,
                         Mode mode);

 private:
  Task<Result<http::Response>> call(RequestContext& context, std::string method, std::string target,
                                    std::string route_class, std::string body);

  std::shared_ptr<http::Client> store_;
  std::string authorization_;
};

}  // namespace evc::registry_service
