#include "services/user/store/vehicles.hpp"

namespace evc::user {
namespace {

using postgres::Params;
using postgres::Rows;
using postgres::Statement;

constexpr Statement kList{"vehicle_list",
                          "SELECT id, owner_id, model, nickname_sealed, usable_kwh, created_at FROM vehicle WHERE "
                          "owner_id = $1 ORDER BY created_at, id"};
constexpr Statement kFind{
    "vehicle_find",
    "SELECT id, owner_id, model, nickname_sealed, usable_kwh, created_at FROM vehicle WHERE owner_id = $1 AND id = $2"};
// Additions of one person wait for each other here, so that the limit holds.
constexpr Statement kLockOwner{"vehicle_lock_owner", "SELECT id FROM profile WHERE id = $1 FOR UPDATE"};
constexpr Statement kInsert{
    "vehicle_insert",
    "INSERT INTO vehicle (id, owner_id, model, nickname_sealed, usable_kwh, created_at) SELECT $1, $2, $3, $4, $5, $6 "
    "WHERE (SELECT count(*) FROM vehicle WHERE owner_id = $2) < $7 RETURNING id"};
constexpr Statement kUpdate{
    "vehicle_update",
    "UPDATE vehicle SET model = coalesce($3, model), nickname_sealed = coalesce($4, nickname_sealed), usable_kwh = "
    "coalesce($5, usable_kwh) "
    "WHERE owner_id = $1 AND id = $2 RETURNING id, owner_id, model, nickname_sealed, usable_kwh, created_at"};
constexpr Statement kDelete{"vehicle_delete", "DELETE FROM vehicle WHERE owner_id = $1 AND id = $2"};

VehicleRow vehicle_at(const Rows& rows, std::size_t row) {
  VehicleRow vehicle{
      .id = rows.get<Uuid>(row, 0), .owner_id = rows.get<Uuid>(row, 1), .model = rows.get<std::string>(row, 2)};
  if (!rows.is_null(row, 3)) vehicle.nickname_sealed = rows.bytes(row, 3);
  vehicle.usable_kwh = rows.get<std::optional<double>>(row, 4);
  vehicle.created_at = rows.get<WallTime>(row, 5);
  return vehicle;
}

void add_optional_bytes(Params& params, const std::optional<std::string>& bytes) {
  if (bytes) {
    params.add_bytes(*bytes);
  } else {
    params.add_null();
  }
}

}  // namespace

Task<Result<std::vector<VehicleRow>>> list_vehicles(RequestContext& context, postgres::Pool& pool, Uuid owner_id) {
  EVC_CO_TRY(rows, co_await pool.exec(context, kList, Params(owner_id)));
  std::vector<VehicleRow> vehicles;
  vehicles.reserve(rows.size());
  for (std::size_t row = 0; row < rows.size(); ++row) vehicles.push_back(vehicle_at(rows, row));
  co_return vehicles;
}

Task<Result<VehicleRow>> find_vehicle(RequestContext& context, postgres::Pool& pool, Uuid owner_id, Uuid id) {
  EVC_CO_TRY(rows, co_await pool.exec(context, kFind, Params(owner_id, id)));
  if (rows.empty()) co_return fail(Code::kVehicleNotFound);
  co_return vehicle_at(rows, 0);
}

Task<Result<void>> insert_vehicle(RequestContext& context, postgres::Pool& pool, VehicleRow row, std::int64_t limit) {
  EVC_CO_TRY(transaction, co_await pool.begin(context));
  EVC_CO_TRY(owner, co_await transaction.exec(context, kLockOwner, Params(row.owner_id)));
  if (owner.empty()) co_return fail(Code::kNotFound);
  Params params(row.id, row.owner_id, row.model);
  add_optional_bytes(params, row.nickname_sealed);
  params.add(row.usable_kwh).add(row.created_at).add(limit);
  EVC_CO_TRY(inserted, co_await transaction.exec(context, kInsert, std::move(params)));
  if (inserted.empty()) co_return fail(Code::kConflict, "at most " + std::to_string(limit) + " vehicles");
  co_return co_await transaction.commit(context);
}

Task<Result<VehicleRow>> update_vehicle(RequestContext& context, postgres::Pool& pool, Uuid owner_id, Uuid id,
                                        VehicleUpdate update) {
  Params params(owner_id, id);
  params.add(update.model);
  add_optional_bytes(params, update.nickname_sealed);
  params.add(update.usable_kwh);
  EVC_CO_TRY(rows, co_await pool.exec(context, kUpdate, std::move(params)));
  if (rows.empty()) co_return fail(Code::kVehicleNotFound);
  co_return vehicle_at(rows, 0);
}

Task<Result<void>> delete_vehicle(RequestContext& context, postgres::Pool& pool, Uuid owner_id, Uuid id) {
  EVC_CO_CHECK(co_await pool.exec(context, kDelete, Params(owner_id, id)));
  co_return Result<void>{};
}

}  // namespace evc::user
