#include "services/user/api/own_data.hpp"

#include "services/user/domain/profile.hpp"

namespace evc::user {

Result<Uuid> person(const RequestContext& context) {
  auto id = parse_uuid(context.principal.subject);
  if (!id) return fail(Code::kTokenInvalid);
  return id;
}

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

Task<Result<ProfileView>> own_profile(Api& api, RequestContext& context) {
  EVC_CO_TRY(id, person(context));
  EVC_CO_TRY(row, co_await ensure_profile(api, context, id));
  co_return co_await view_of(api, context, std::move(row));
}

Task<Result<VehicleList>> own_vehicles(Api& api, RequestContext& context) {
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

}  // namespace evc::user
