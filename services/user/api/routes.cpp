#include "services/user/api/routes.hpp"

#include "kit/base/json.hpp"
#include "kit/http/operation.hpp"
#include "services/user/api/erasure.hpp"
#include "services/user/api/export.hpp"
#include "services/user/api/own_data.hpp"
#include "services/user/domain/profile.hpp"
#include "services/user/store/profiles.hpp"
#include "services/user/store/vehicles.hpp"

namespace evc::user {
namespace {

using http::Request;
using http::Response;

struct VehicleCheck {
  Uuid owner_id;
  Uuid vehicle_id;
};
BOOST_DESCRIBE_STRUCT(VehicleCheck, (), (owner_id, vehicle_id))

struct OwnVehicle {
  Uuid vehicle_id;
  std::string model;
};
BOOST_DESCRIBE_STRUCT(OwnVehicle, (), (vehicle_id, model))

template <class T>
Response answer(const RequestContext& context, const Request& request, const Result<T>& result, int status = 200) {
  if (!result) return http::no_store(http::problem(result.error(), context, request.path));
  return http::no_store(Response::json(status, json::encode(*result)));
}

Result<Uuid> vehicle_id(const Request& request) {
  auto id = parse_uuid(request.path_parameters.at("vehicleId"));
  if (!id) return fail(Code::kVehicleNotFound);
  return id;
}

std::optional<std::string> seal_optional(const SealKey& key, const std::optional<std::string>& text,
                                         const std::string& place) {
  if (!text) return std::nullopt;
  return seal(key, *text, place);
}

Task<Result<ProfileView>> change_profile(Api& api, RequestContext& context, ProfileChange change) {
  EVC_CO_TRY(id, person(context));
  EVC_CO_CHECK(check(change));
  EVC_CO_CHECK(co_await ensure_profile(api, context, id));
  EVC_CO_TRY(key, co_await api.accounts.column_key(context, id));
  ProfileUpdate update{.name_sealed = seal_optional(key, change.name, name_place(id)),
                       .locale = change.locale,
                       .default_vehicle_id = change.default_vehicle_id};
  EVC_CO_TRY(row, co_await update_profile(context, api.pool, id, std::move(update)));
  co_return co_await view_of(api, context, std::move(row));
}

Task<Result<VehicleView>> new_vehicle(Api& api, RequestContext& context, NewVehicle vehicle) {
  EVC_CO_TRY(id, person(context));
  EVC_CO_CHECK(check(vehicle, api.models));
  EVC_CO_CHECK(co_await ensure_profile(api, context, id));
  EVC_CO_TRY(key, co_await api.accounts.column_key(context, id));
  VehicleRow row{.id = uuid_v7(*context.clock),
                 .owner_id = id,
                 .model = vehicle.model,
                 .usable_kwh = vehicle.usable_kwh,
                 .created_at = context.clock->wall()};
  row.nickname_sealed = seal_optional(key, vehicle.nickname, nickname_place(row.id));
  EVC_CO_CHECK(co_await insert_vehicle(context, api.pool, row, static_cast<std::int64_t>(kVehicleLimit)));
  co_return view_of(key, row);
}

Task<Result<VehicleView>> one_vehicle(Api& api, RequestContext& context, Result<Uuid> vehicle) {
  EVC_CO_TRY(id, person(context));
  EVC_CO_CHECK(vehicle);
  EVC_CO_TRY(row, co_await find_vehicle(context, api.pool, id, *vehicle));
  EVC_CO_TRY(key, co_await api.accounts.column_key(context, id));
  co_return view_of(key, row);
}

Task<Result<VehicleView>> change_vehicle(Api& api, RequestContext& context, Result<Uuid> vehicle,
                                         VehicleChange change) {
  EVC_CO_TRY(id, person(context));
  EVC_CO_CHECK(vehicle);
  EVC_CO_CHECK(check(change, api.models));
  EVC_CO_TRY(key, co_await api.accounts.column_key(context, id));
  VehicleUpdate update{.model = change.model,
                       .nickname_sealed = seal_optional(key, change.nickname, nickname_place(*vehicle)),
                       .usable_kwh = change.usable_kwh};
  EVC_CO_TRY(row, co_await update_vehicle(context, api.pool, id, *vehicle, std::move(update)));
  co_return view_of(key, row);
}

Task<Response> get_profile(Api& api, RequestContext& context, Request& request) {
  auto view = co_await own_profile(api, context);
  co_return answer(context, request, view);
}

Task<Response> patch_profile(Api& api, RequestContext& context, Request& request) {
  auto body = http::body_as<ProfileChange>(request);
  if (!body) co_return http::problem(body.error(), context, request.path);
  auto view = co_await change_profile(api, context, std::move(*body));
  co_return answer(context, request, view);
}

Task<Response> get_vehicles(Api& api, RequestContext& context, Request& request) {
  auto list = co_await own_vehicles(api, context);
  co_return answer(context, request, list);
}

Task<Response> post_vehicle(Api& api, RequestContext& context, Request& request) {
  auto body = http::body_as<NewVehicle>(request);
  if (!body) co_return http::problem(body.error(), context, request.path);
  auto view = co_await new_vehicle(api, context, std::move(*body));
  Response response = answer(context, request, view, 201);
  if (view) response.headers.set("location", "/users/me/vehicles/" + to_string(view->vehicle_id));
  co_return response;
}

Task<Response> get_vehicle(Api& api, RequestContext& context, Request& request) {
  auto view = co_await one_vehicle(api, context, vehicle_id(request));
  co_return answer(context, request, view);
}

Task<Result<OwnVehicle>> own_vehicle(Api& api, RequestContext& context, VehicleCheck wanted) {
  EVC_CO_TRY(row, co_await find_vehicle(context, api.pool, wanted.owner_id, wanted.vehicle_id));
  co_return OwnVehicle{.vehicle_id = row.id, .model = row.model};
}

Task<Response> check_vehicle(Api& api, RequestContext& context, Request& request) {
  auto body = http::body_as<VehicleCheck>(request);
  if (!body) co_return http::problem(body.error(), context, request.path);
  auto vehicle = co_await own_vehicle(api, context, *body);
  co_return answer(context, request, vehicle);
}

Task<Response> patch_vehicle(Api& api, RequestContext& context, Request& request) {
  auto body = http::body_as<VehicleChange>(request);
  if (!body) co_return http::problem(body.error(), context, request.path);
  auto view = co_await change_vehicle(api, context, vehicle_id(request), std::move(*body));
  co_return answer(context, request, view);
}

Task<Response> remove_vehicle(Api& api, RequestContext& context, Request& request) {
  const auto owner = person(context);
  if (!owner) co_return http::problem(owner.error(), context, request.path);
  const auto vehicle = vehicle_id(request);
  // Nothing can be there under a name that is no id.
  if (!vehicle) co_return http::no_store(Response::empty(204));
  auto done = co_await delete_vehicle(context, api.pool, *owner, *vehicle);
  if (!done) co_return http::problem(done.error(), context, request.path);
  co_return http::no_store(Response::empty(204));
}

}  // namespace

void add_routes(http::Router& router, Api& api) {
  http::Operations<Api> operations(router, "user", api);
  operations.add("getProfile", get_profile);
  operations.add("updateProfile", patch_profile);
  operations.add("erasePerson", erase_person);
  operations.add("exportPerson", export_person);
  operations.add("getErasure", get_erasure);
  operations.add("listVehicles", get_vehicles);
  operations.add("addVehicle", post_vehicle);
  operations.add("getVehicle", get_vehicle);
  operations.add("updateVehicle", patch_vehicle);
  operations.add("deleteVehicle", remove_vehicle);
  operations.add("checkVehicle", check_vehicle);
}

}  // namespace evc::user
