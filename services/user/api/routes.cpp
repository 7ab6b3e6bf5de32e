#include "services/user/api/routes.hpp"

#include "kit/base/json.hpp"
#include "kit/http/operation.hpp"
#include "services/user/domain/profile.hpp"
#include "services/user/store/profiles.hpp"
#include "services/user/store/vehicles.hpp"

namespace evc::user {
namespace {

using http::Request;
using http::Response;

struct ProfileView {
  std::string name, email, locale;
  std::optional<Uuid> default_vehicle_id;
  WallTime created_at{};
};
BOOST_DESCRIBE_STRUCT(ProfileView, (), (name, email, locale, default_vehicle_id, created_at))

struct VehicleView {
  Uuid vehicle_id;
  std::string model;
  std::optional<std::string> nickname;
  std::optional<double> usable_kwh;
  WallTime created_at{};
};
BOOST_DESCRIBE_STRUCT(VehicleView, (), (vehicle_id, model, nickname, usable_kwh, created_at))

struct VehicleList {
  std::vector<VehicleView> vehicles;
};
BOOST_DESCRIBE_STRUCT(VehicleList, (), (vehicles))

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

Result<Uuid> person(const RequestContext& context) {
  auto id = parse_uuid(context.principal.subject);
  if (!id) return fail(Code::kTokenInvalid);
  return id;
}

Result<Uuid> vehicle_id(const Request& request) {
  auto id = parse_uuid(request.path_parameters.at("vehicleId"));
  if (!id) return fail(Code::kVehicleNotFound);
  return id;
}

// The person's profile, made from what was said at registration when this is the first time that it is asked for.
Task<Result<ProfileRow>> ensure_profile(Api& api, RequestContext& context, Uuid id) {
  EVC_CO_TRY(found, co_await find_profile(context, api.pool, id));
  if (found) co_return std::move(*found);
  EVC_CO_TRY(account, co_await api.accounts.account(context, id));
  ProfileRow row{.id = id,
                 .name_sealed = seal(account.column_key, account.name.reveal(), name_place(id)),
                 .locale = "pt-BR",
                 .created_at = account.created_at};
  EVC_CO_CHECK(co_await insert_profile(context, api.pool, row));
  EVC_CO_TRY(made, co_await find_profile(context, api.pool, id));
  if (!made) co_return fail(Code::kInternal, "a profile that was just made is gone");
  co_return std::move(*made);
}

Task<Result<ProfileView>> view_of(Api& api, RequestContext& context, ProfileRow row) {
  EVC_CO_TRY(account, co_await api.accounts.account(context, row.id));
  EVC_CO_TRY(name, open_sealed(account.column_key, row.name_sealed, name_place(row.id)));
  co_return ProfileView{.name = name,
                        .email = account.email.reveal(),
                        .locale = row.locale,
                        .default_vehicle_id = row.default_vehicle_id,
                        .created_at = row.created_at};
}

Result<VehicleView> view_of(const SealKey& key, const VehicleRow& row) {
  VehicleView view{
      .vehicle_id = row.id, .model = row.model, .usable_kwh = row.usable_kwh, .created_at = row.created_at};
  if (row.nickname_sealed) {
    EVC_TRY(nickname, open_sealed(key, *row.nickname_sealed, nickname_place(row.id)));
    view.nickname = nickname;
  }
  return view;
}

std::optional<std::string> seal_optional(const SealKey& key, const std::optional<std::string>& text,
                                         const std::string& place) {
  if (!text) return std::nullopt;
  return seal(key, *text, place);
}

Task<Result<ProfileView>> profile(Api& api, RequestContext& context) {
  EVC_CO_TRY(id, person(context));
  EVC_CO_TRY(row, co_await ensure_profile(api, context, id));
  co_return co_await view_of(api, context, std::move(row));
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

Task<Result<VehicleList>> vehicles(Api& api, RequestContext& context) {
  EVC_CO_TRY(id, person(context));
  EVC_CO_TRY(rows, co_await list_vehicles(context, api.pool, id));
  VehicleList list;
  if (rows.empty()) co_return list;
  EVC_CO_TRY(key, co_await api.accounts.column_key(context, id));
  for (const VehicleRow& row : rows) {
    EVC_CO_TRY(view, view_of(key, row));
    list.vehicles.push_back(view);
  }
  co_return list;
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
  auto view = co_await profile(api, context);
  co_return answer(context, request, view);
}

Task<Response> patch_profile(Api& api, RequestContext& context, Request& request) {
  auto body = http::body_as<ProfileChange>(request);
  if (!body) co_return http::problem(body.error(), context, request.path);
  auto view = co_await change_profile(api, context, std::move(*body));
  co_return answer(context, request, view);
}

Task<Response> get_vehicles(Api& api, RequestContext& context, Request& request) {
  auto list = co_await vehicles(api, context);
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
  operations.add("listVehicles", get_vehicles);
  operations.add("addVehicle", post_vehicle);
  operations.add("getVehicle", get_vehicle);
  operations.add("updateVehicle", patch_vehicle);
  operations.add("deleteVehicle", remove_vehicle);
  operations.add("checkVehicle", check_vehicle);
}

}  // namespace evc::user
