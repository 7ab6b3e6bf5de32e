// The schema registry as its callers see it: versions of a subject, one schema by its reference, registering, trying.
// Asked when a process starts and by tools, never for an event. `Schemas` is the interface, so that what is decided
// from the answers is tested without a registry; `Client` asks evcosta-registry over mutual TLS. Lives on one worker;
// every question ends at the context's deadline.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "kit/http/client.hpp"
#include "kit/registry/reference.hpp"

namespace evc::registry {

class Schemas {
 public:
  virtual ~Schemas() = default;
  // Ascending; none for a subject that was never registered.
  virtual Task<Result<std::vector<std::uint32_t>>> versions(RequestContext& context, std::string subject) = 0;
  // The schema's text; not-found.
  virtual Task<Result<std::string>> resolve(RequestContext& context, Reference reference) = 0;
  // Allowed to the topic's producer alone. Repeating it changes nothing. conflict: with the places as fields
  // when it refuses what an earlier version took, without any when the version holds another content or is not the next
  // one; forbidden.
  virtual Task<Result<void>> enrol(RequestContext& context, Reference reference, std::string schema) = 0;
  // The places where the schema, as the subject's next version, would refuse what an earlier version took.
  virtual Task<Result<std::vector<FieldError>>> incompatibilities(RequestContext& context, std::string subject,
                                                                  std::string schema) = 0;
};

class Client final : public Schemas {
 public:
  explicit Client(std::shared_ptr<http::Client> registry) : registry_(std::move(registry)) {}

  Task<Result<std::vector<std::uint32_t>>> versions(RequestContext& context, std::string subject) override;
  Task<Result<std::string>> resolve(RequestContext& context, Reference reference) override;
  Task<Result<void>> enrol(RequestContext& context, Reference reference, std::string schema) override;
  Task<Result<std::vector<FieldError>>> incompatibilities(RequestContext& context, std::string subject,
                                                          std::string schema) override;

 private:
  Task<Result<json::Object>> ask(RequestContext& context, std::string method, std::string target,
                                 std::string route_class, std::string body);

  std::shared_ptr<http::Client> registry_;
};

}  // namespace evc::registry
