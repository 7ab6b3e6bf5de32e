#include "services/charging/process/vehicle_client.hpp"

#include "kit/base/json.hpp"
#include "kit/telemetry/log.hpp"
#include "kit/telemetry/metrics.hpp"

namespace evc::charging {
namespace {

constexpr std::chrono::milliseconds kPatience{1'500};

std::string_view name(VehicleOwner owner) {
  if (owner == VehicleOwner::kDriver) return "own";
  return owner == VehicleOwner::kSomebodyElse ? "refused" : "unanswered";
}

}  // namespace

VehicleClient::VehicleClient(std::shared_ptr<http::Client> user, std::shared_ptr<auth::ServiceTokens> tokens)
    : user_(std::move(user)), tokens_(std::move(tokens)) {}

Task<VehicleOwner> VehicleClient::owner(RequestContext& context, std::string driver, Uuid vehicle_id) {
  const auto user = user_;
  RequestContext asking = context.with_timeout(kPatience);
  VehicleOwner owner = VehicleOwner::kUnknown;
  auto token = co_await tokens_->token(asking);
  if (token) {
    http::Call call{.method = "POST",
                    .target = "/internal/vehicles/check",
                    .route_class = "/internal/vehicles/check",
                    .repeat = http::Call::Repeat::kIdempotent};
    call.headers.set("authorization", "Bearer " + *token);
    call.headers.set("content-type", "application/json");
    call.body = json::serialize(json::Object{{"ownerId", std::move(driver)}, {"vehicleId", to_string(vehicle_id)}});
    auto response = co_await user->send(asking, std::move(call));
    if (response) owner = vehicle_told(response->status, response->body);
  }
  telemetry::metrics()
      .counter("charging_vehicle_checks_total", "Vehicles of starts, by what the user service said",
               {{"outcome", std::string(name(owner))}})
      .add();
  if (owner == VehicleOwner::kUnknown)
    EVC_LOG(kWarn, context.trace, "Nobody told whose vehicle it is; the charge starts without it");
  co_return owner;
}

}  // namespace evc::charging
