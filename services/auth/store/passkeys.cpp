#include "services/auth/store/passkeys.hpp"

namespace evc::auth_service {
namespace {

using postgres::Params;
using postgres::Rows;
using postgres::Statement;

constexpr Statement kInsert{
    "passkey_insert",
    "INSERT INTO passkey (credential_index, credential_id_sealed, public_key_sealed, name_sealed, id, account_id, "
    "sign_count, backup_eligible, backed_up, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)"};
constexpr Statement kOfAccount{
    "passkey_of_account",
    "SELECT id, account_id, credential_id_sealed, public_key_sealed, name_sealed, sign_count, backup_eligible, "
    "backed_up, created_at, last_used_at FROM passkey WHERE account_id = $1 ORDER BY created_at, id"};
constexpr Statement kFind{
    "passkey_find",
    "SELECT id, account_id, credential_id_sealed, public_key_sealed, name_sealed, sign_count, backup_eligible, "
    "backed_up, created_at, last_used_at FROM passkey WHERE credential_index = $1"};
constexpr Statement kCount{"passkey_count", "SELECT count(*) FROM passkey WHERE account_id = $1"};
// A counter that stays at zero is none.
constexpr Statement kUse{"passkey_use",
                         "UPDATE passkey SET sign_count = $2::bigint, backed_up = $3, last_used_at = $4 WHERE id = $1 "
                         "AND (sign_count < $2::bigint OR (sign_count = 0 AND $2::bigint = 0))"};
constexpr Statement kRename{"passkey_rename", "UPDATE passkey SET name_sealed = $1 WHERE account_id = $2 AND id = $3"};
constexpr Statement kOwns{"passkey_owned", "SELECT 1 FROM passkey WHERE account_id = $1 AND id = $2"};
constexpr Statement kHold{"passkey_hold", "SELECT 1 FROM passkey WHERE id = $1 FOR KEY SHARE"};
constexpr Statement kDelete{"passkey_delete", "DELETE FROM passkey WHERE account_id = $1 AND id = $2"};
constexpr Statement kDeleteAll{"passkey_delete_all", "DELETE FROM passkey WHERE account_id = $1"};

PasskeyRow row_at(const Rows& rows, std::size_t i) {
  return {.id = rows.get<Uuid>(i, 0),
          .account_id = rows.get<Uuid>(i, 1),
          .credential_id_sealed = rows.bytes(i, 2),
          .public_key_sealed = rows.bytes(i, 3),
          .name_sealed = rows.bytes(i, 4),
          .sign_count = rows.get<std::int64_t>(i, 5),
          .backup_eligible = rows.get<bool>(i, 6),
          .backed_up = rows.get<bool>(i, 7),
          .created_at = rows.get<WallTime>(i, 8),
          .last_used_at = rows.get<std::optional<WallTime>>(i, 9)};
}

}  // namespace

Task<Result<void>> insert_passkey(RequestContext& context, postgres::Transaction& transaction, PasskeyRow passkey,
                                  std::string credential_index) {
  Params params;
  params.add_bytes(credential_index)
      .add_bytes(passkey.credential_id_sealed)
      .add_bytes(passkey.public_key_sealed)
      .add_bytes(passkey.name_sealed);
  params.add(passkey.id).add(passkey.account_id).add(passkey.sign_count);
  params.add(passkey.backup_eligible).add(passkey.backed_up).add(passkey.created_at);
  EVC_CO_CHECK(co_await transaction.exec(context, kInsert, std::move(params)));
  co_return Result<void>{};
}

Task<Result<std::vector<PasskeyRow>>> passkeys_of(RequestContext& context, postgres::Pool& pool, Uuid account_id) {
  EVC_CO_TRY(rows, co_await pool.exec(context, kOfAccount, Params(account_id)));
  std::vector<PasskeyRow> passkeys;
  for (std::size_t i = 0; i < rows.size(); ++i) passkeys.push_back(row_at(rows, i));
  co_return passkeys;
}

Task<Result<std::int64_t>> count_passkeys(RequestContext& context, postgres::Transaction& transaction,
                                          Uuid account_id) {
  EVC_CO_TRY(rows, co_await transaction.exec(context, kCount, Params(account_id)));
  co_return rows.get<std::int64_t>(0, 0);
}

Task<Result<std::optional<PasskeyRow>>> find_passkey(RequestContext& context, postgres::Pool& pool,
                                                     std::string credential_index) {
  Params params;
  params.add_bytes(credential_index);
  EVC_CO_TRY(rows, co_await pool.exec(context, kFind, std::move(params)));
  if (rows.empty()) co_return std::optional<PasskeyRow>{};
  co_return row_at(rows, 0);
}

Task<Result<bool>> use_passkey(RequestContext& context, postgres::Pool& pool, Uuid id, std::int64_t sign_count,
                               bool backed_up, WallTime now) {
  EVC_CO_TRY(used, co_await pool.exec(context, kUse, Params(id, sign_count, backed_up, now)));
  co_return used.affected() == 1;
}

Task<Result<bool>> rename_passkey(RequestContext& context, postgres::Pool& pool, Uuid account_id, Uuid id,
                                  std::string name_sealed) {
  Params params;
  params.add_bytes(name_sealed).add(account_id).add(id);
  EVC_CO_TRY(renamed, co_await pool.exec(context, kRename, std::move(params)));
  co_return renamed.affected() == 1;
}

Task<Result<bool>> owns_passkey(RequestContext& context, postgres::Pool& pool, Uuid account_id, Uuid id) {
  EVC_CO_TRY(rows, co_await pool.exec(context, kOwns, Params(account_id, id)));
  co_return !rows.empty();
}

Task<Result<bool>> hold_passkey(RequestContext& context, postgres::Transaction& transaction, Uuid id) {
  EVC_CO_TRY(rows, co_await transaction.exec(context, kHold, Params(id)));
  co_return !rows.empty();
}

Task<Result<bool>> delete_passkey(RequestContext& context, postgres::Transaction& transaction, Uuid account_id,
                                  Uuid id) {
  EVC_CO_TRY(deleted, co_await transaction.exec(context, kDelete, Params(account_id, id)));
  co_return deleted.affected() == 1;
}

Task<Result<void>> delete_passkeys_of(RequestContext& context, postgres::Transaction& transaction, Uuid account_id) {
  EVC_CO_CHECK(co_await transaction.exec(context, kDeleteAll, Params(account_id)));
  co_return Result<void>{};
}

std::string passkey_place(std::string_view column, const Uuid& id) {
  return "auth.passkey." + std::string(column) + ":" + to_string(id);
}

}  // namespace evc::auth_service
