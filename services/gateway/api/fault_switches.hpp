// The fault switches of a platform for drills (`./evcosta up --faults`), as operators reach them. Wishes are files of a
// folder that the keeper of the faults (tools/fault) looks at twice a second; it applies them, ends them and keeps the
// record. Without a folder there are none, and nothing can be switched on.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "kit/http/router.hpp"

namespace evc::gateway {

class FaultSwitches {
 public:
  // `folder`: empty, or that of the keeper with its `wanted`, `active` and `known.json`.
  explicit FaultSwitches(std::string folder);

  // By operationId. They refer to this object. Files are a few hundred bytes on a local disk, read and written as
  // seldom as a person presses a button.
  std::map<std::string, http::Handler, std::less<>> handlers();

  Result<json::Object> list(const RequestContext& context) const;
  // Errors: not-found for a fault or a platform that has none of it; validation-failed.
  Result<json::Object> switch_on(const RequestContext& context, const http::Request& request) const;
  Result<void> switch_off(const http::Request& request) const;

 private:
  // Fault → what it does, in English; none on a platform that was not started for drills.
  std::optional<json::Object> described() const;
  Result<std::string> known(const http::Request& request) const;
  json::Object told(const std::string& name, const std::string& description, WallTime now) const;

  std::string folder_;
};

}  // namespace evc::gateway
