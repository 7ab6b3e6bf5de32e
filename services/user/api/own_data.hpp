// What a person sees of their own data: profile and vehicles, opened. Shared by the operations on them and the export.
#pragma once

#include <boost/describe.hpp>
#include <optional>
#include <string>
#include <vector>

#include "services/user/api/routes.hpp"
#include "services/user/store/profiles.hpp"
#include "services/user/store/vehicles.hpp"

namespace evc::user {

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

// Who asks. token-invalid for a subject that is none of ours.
Result<Uuid> person(const RequestContext& context);
// The person's profile, made from what was said at registration when this is the first time that it is asked for.
Task<Result<ProfileRow>> ensure_profile(Api& api, RequestContext& context, Uuid id);
Task<Result<ProfileView>> view_of(Api& api, RequestContext& context, ProfileRow row);
Result<VehicleView> view_of(const SealKey& key, const VehicleRow& row);

Task<Result<ProfileView>> own_profile(Api& api, RequestContext& context);
Task<Result<VehicleList>> own_vehicles(Api& api, RequestContext& context);

}  // namespace evc::user
