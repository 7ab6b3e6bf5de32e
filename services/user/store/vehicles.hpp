// Vehicles in PostgreSQL. Every statement names the owner, so that another person's vehicle is not found.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "kit/base/uuid.hpp"
#include "kit/postgres/pool.hpp"

namespace evc::user {

struct VehicleRow {
  Uuid id;
  Uuid owner_id;
  std::string model;
  std::optional<std::string> nickname_sealed;
  std::optional<double> usable_kwh;
  WallTime created_at{};
};

// What is empty stays as it is.
struct VehicleUpdate {
  std::optional<std::string> model;
  std::optional<std::string> nickname_sealed;
  std::optional<double> usable_kwh;
};

// Oldest first.
Task<Result<std::vector<VehicleRow>>> list_vehicles(RequestContext& context, postgres::Pool& pool, Uuid owner_id);
// vehicle-not-found
Task<Result<VehicleRow>> find_vehicle(RequestContext& context, postgres::Pool& pool, Uuid owner_id, Uuid id);
// conflict when the person has `limit` vehicles already, however many requests race; not-found without a profile.
Task<Result<void>> insert_vehicle(RequestContext& context, postgres::Pool& pool, VehicleRow row, std::int64_t limit);
// vehicle-not-found
Task<Result<VehicleRow>> update_vehicle(RequestContext& context, postgres::Pool& pool, Uuid owner_id, Uuid id,
                                        VehicleUpdate update);
// Removing what is not there is no error.
Task<Result<void>> delete_vehicle(RequestContext& context, postgres::Pool& pool, Uuid owner_id, Uuid id);

}  // namespace evc::user
