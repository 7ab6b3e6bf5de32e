// What the export and the erasure ask auth about an account. Errors are those of ask(); not-found: there is no such
// account (any more).
#pragma once

#include <boost/describe.hpp>
#include <optional>
#include <string>
#include <vector>

#include "kit/base/json.hpp"
#include "kit/base/uuid.hpp"
#include "services/user/peers/service_call.hpp"

namespace evc::user {

// The body of DELETE /users/me: who asks proves to be the person.
struct Proof {
  std::string password;
  std::optional<std::string> code;
};
BOOST_DESCRIBE_STRUCT(Proof, (), (password, code))

struct ErasedPeople {
  std::vector<Uuid> users;
  std::int64_t next = 0;
};
BOOST_DESCRIBE_STRUCT(ErasedPeople, (), (users, next))

class AccountClient {
 public:
  explicit AccountClient(ServicePeer auth) : auth_(std::move(auth)) {}

  // Everything that auth holds of the person.
  Task<Result<json::Object>> records(RequestContext& context, Uuid id);
  // By the person whose token asks. credentials-invalid, validation-failed at /code, rate-limited.
  Task<Result<void>> prove(RequestContext& context, Uuid id, Proof proof);
  // The person's pseudonym.
  Task<Result<std::string>> freeze(RequestContext& context, Uuid id);
  Task<Result<void>> unfreeze(RequestContext& context, Uuid id);
  Task<Result<void>> erase(RequestContext& context, Uuid id);
  // Who was erased ever, in parts: `after` is the `next` of the part before; an empty part was the last.
  Task<Result<ErasedPeople>> erased(RequestContext& context, std::int64_t after);

 private:
  Task<Result<http::Response>> about(RequestContext& context, Uuid id, std::string method, std::string what);

  ServicePeer auth_;
};

}  // namespace evc::user
