// Asks the user service whether a vehicle is the driver's own. A charge does not wait long for that, and does not fail
// by it: the vehicle only says what was charged, while energy and money do not depend on it.
#pragma once

#include <memory>
#include <string>

#include "kit/auth/service_token.hpp"
#include "kit/base/uuid.hpp"
#include "kit/http/client.hpp"
#include "services/charging/domain/vehicle_answers.hpp"

namespace evc::charging {

class VehicleClient {
 public:
  VehicleClient(std::shared_ptr<http::Client> user, std::shared_ptr<auth::ServiceTokens> tokens);
  // `driver`: the subject of the driver's token. Answers within 1.5 s, kUnknown when nobody told.
  Task<VehicleOwner> owner(RequestContext& context, std::string driver, Uuid vehicle_id);

 private:
  std::shared_ptr<http::Client> user_;
  std::shared_ptr<auth::ServiceTokens> tokens_;
};

}  // namespace evc::charging
