// What a profile and a vehicle may hold, and where each sealed value lives. Pure.
#pragma once

#include <boost/describe.hpp>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "kit/base/result.hpp"
#include "kit/base/uuid.hpp"

namespace evc::user {

inline constexpr std::size_t kVehicleLimit = 20;

// The body of PATCH /users/me.
struct ProfileChange {
  std::optional<std::string> name;
  std::optional<std::string> locale;
  std::optional<Uuid> default_vehicle_id;
};
BOOST_DESCRIBE_STRUCT(ProfileChange, (), (name, locale, default_vehicle_id))

// The body of PATCH /users/me/vehicles/{vehicleId}.
struct VehicleChange {
  std::optional<std::string> model;
  std::optional<std::string> nickname;
  std::optional<double> usable_kwh;
};
BOOST_DESCRIBE_STRUCT(VehicleChange, (), (model, nickname, usable_kwh))

// The body of POST /users/me/vehicles.
struct NewVehicle {
  std::string model;
  std::optional<std::string> nickname;
  std::optional<double> usable_kwh;
};
BOOST_DESCRIBE_STRUCT(NewVehicle, (), (model, nickname, usable_kwh))

// validation-failed with every pointer that is wrong: name 1–120 characters, nickname 1–60, a known locale, a known
// model, 5–300 kWh, at least one member in a change.
Result<void> check(const ProfileChange& change);
Result<void> check(const VehicleChange& change, const std::set<std::string>& models);
Result<void> check(const NewVehicle& vehicle, const std::set<std::string>& models);

// The place that a value is sealed for: it opens nowhere else.
std::string name_place(const Uuid& profile_id);
std::string nickname_place(const Uuid& vehicle_id);

}  // namespace evc::user
