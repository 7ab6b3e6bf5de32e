#include "services/user/store/profiles.hpp"

namespace evc::user {
namespace {

using postgres::Params;
using postgres::Rows;
using postgres::Statement;

constexpr Statement kFind{"profile_find",
                          "SELECT id, name_sealed, locale, default_vehicle_id, created_at FROM profile WHERE id = $1"};
constexpr Statement kInsert{
    "profile_insert",
    "INSERT INTO profile (id, name_sealed, locale, created_at) VALUES ($1, $2, $3, $4) ON CONFLICT (id) DO NOTHING"};
constexpr Statement kUpdate{"profile_update",
                            "UPDATE profile SET name_sealed = coalesce($2, name_sealed), locale = coalesce($3, "
                            "locale), default_vehicle_id = coalesce($4, default_vehicle_id) "
                            "WHERE id = $1 RETURNING id, name_sealed, locale, default_vehicle_id, created_at"};

ProfileRow profile_of(const Rows& rows) {
  return {.id = rows.get<Uuid>(0, 0),
          .name_sealed = rows.bytes(0, 1),
          .locale = rows.get<std::string>(0, 2),
          .default_vehicle_id = rows.get<std::optional<Uuid>>(0, 3),
          .created_at = rows.get<WallTime>(0, 4)};
}

}  // namespace

Task<Result<std::optional<ProfileRow>>> find_profile(RequestContext& context, postgres::Pool& pool, Uuid id) {
  EVC_CO_TRY(rows, co_await pool.exec(context, kFind, Params(id)));
  if (rows.empty()) co_return std::nullopt;
  co_return profile_of(rows);
}

Task<Result<void>> insert_profile(RequestContext& context, postgres::Pool& pool, ProfileRow row) {
  Params params(row.id);
  params.add_bytes(row.name_sealed).add(row.locale).add(row.created_at);
  EVC_CO_CHECK(co_await pool.exec(context, kInsert, std::move(params)));
  co_return Result<void>{};
}

Task<Result<ProfileRow>> update_profile(RequestContext& context, postgres::Pool& pool, Uuid id, ProfileUpdate update) {
  Params params(id);
  if (update.name_sealed) {
    params.add_bytes(*update.name_sealed);
  } else {
    params.add_null();
  }
  params.add(update.locale).add(update.default_vehicle_id);
  auto rows = co_await pool.exec(context, kUpdate, std::move(params));
  if (!rows && rows.error().code == Code::kConstraintViolation) co_return fail(Code::kVehicleNotFound);
  if (!rows) co_return std::unexpected(std::move(rows).error());
  if (rows->empty()) co_return fail(Code::kNotFound);
  co_return profile_of(*rows);
}

}  // namespace evc::user
