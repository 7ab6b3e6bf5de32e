// A person's records at a service that knows the pseudonym only: all of them for the export, and how many are open.
#pragma once

#include <string>

#include "kit/base/json.hpp"
#include "services/user/peers/service_call.hpp"

namespace evc::user {

class RecordClient {
 public:
  // `path` of contracts/routes.yaml, `member`: the name of the list in its answer.
  RecordClient(ServicePeer peer, std::string path, std::string member)
      : peer_(std::move(peer)), path_(std::move(path)), member_(std::move(member)) {}

  // Every page. service-unavailable when they are more than `limit_bytes` of JSON together: a part of them would look
  // like the whole.
  Task<Result<json::Array>> all(RequestContext& context, std::string pseudonym, std::size_t limit_bytes);
  Task<Result<std::int64_t>> open(RequestContext& context, std::string pseudonym);

 private:
  Task<Result<http::Response>> post(RequestContext& context, std::string pseudonym, std::string what,
                                    std::string query);

  ServicePeer peer_;
  std::string path_, member_;
};

}  // namespace evc::user
