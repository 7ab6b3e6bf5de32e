#include "services/auth/store/keys.hpp"

namespace evc::auth_service {
namespace {

using postgres::Params;
using postgres::Statement;

constexpr Statement kReadKeys{
    "signing_key_read",
    "SELECT kid, private_sealed, public_jwk, use_from, use_until, revoked_at IS NOT NULL, false FROM signing_key UNION "
    "ALL SELECT kid, private_sealed, public_jwk, use_from, use_until, revoked_at IS NOT NULL, true FROM "
    "signing_key_rs256 ORDER BY 4, 1"};
constexpr Statement kLock{"signing_key_lock", "SELECT pg_advisory_xact_lock(hashtext('auth.signing_key'))"};
constexpr Statement kInsertKey{
    "signing_key_insert",
    "INSERT INTO signing_key (kid, private_sealed, public_jwk, use_from, use_until) VALUES ($1, $2, $3, $4, $5)"};
constexpr Statement kInsertRsaKey{
    "signing_key_rs256_insert",
    "INSERT INTO signing_key_rs256 (kid, private_sealed, public_jwk, use_from, use_until) VALUES ($1, $2, $3, $4, $5)"};
constexpr Statement kRetire{"signing_key_retire",
                            "UPDATE signing_key SET use_until = $2 WHERE kid <> $1 AND use_until > $2 AND use_from < "
                            "$2 AND revoked_at IS NULL"};
constexpr Statement kRetireRsa{"signing_key_rs256_retire",
                               "UPDATE signing_key_rs256 SET use_until = $2 WHERE kid <> $1 AND use_until > $2 AND "
                               "use_from < $2 AND revoked_at IS NULL"};
constexpr Statement kRevokeKey{"signing_key_revoke",
                               "WITH ec AS (UPDATE signing_key SET revoked_at = $2 WHERE kid = $1 AND revoked_at IS "
                               "NULL RETURNING 1), rsa AS (UPDATE signing_key_rs256 SET revoked_at = $2 WHERE kid = $1 "
                               "AND revoked_at IS NULL RETURNING 1) SELECT 1 FROM ec UNION ALL SELECT 1 FROM rsa"};
constexpr Statement kDenyKey{"signing_key_deny",
                             "INSERT INTO denied (kind, value, until) VALUES ('key', $1, $2) ON CONFLICT (kind, value) "
                             "DO NOTHING"};

}  // namespace

Task<Result<std::vector<StoredKey>>> read_signing_keys(RequestContext& context, postgres::Transaction& transaction) {
  EVC_CO_TRY(rows, co_await transaction.exec(context, kReadKeys));
  std::vector<StoredKey> keys;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    keys.push_back({.times = {rows.get<std::string>(i, 0), rows.get<WallTime>(i, 3), rows.get<WallTime>(i, 4),
                              rows.get<bool>(i, 5)},
                    .algorithm = rows.get<bool>(i, 6) ? KeyAlgorithm::kRs256 : KeyAlgorithm::kEs256,
                    .private_sealed = rows.bytes(i, 1),
                    .public_jwk = rows.get<json::Value>(i, 2)});
  }
  co_return keys;
}

Task<Result<void>> lock_key_schedule(RequestContext& context, postgres::Transaction& transaction) {
  EVC_CO_CHECK(co_await transaction.exec(context, kLock));
  co_return Result<void>{};
}

Task<Result<void>> insert_signing_key(RequestContext& context, postgres::Transaction& transaction, StoredKey key) {
  Params params(key.times.key_id);
  params.add_bytes(key.private_sealed).add(key.public_jwk).add(key.times.use_from).add(key.times.use_until);
  const Statement& insert = key.algorithm == KeyAlgorithm::kEs256 ? kInsertKey : kInsertRsaKey;
  EVC_CO_CHECK(co_await transaction.exec(context, insert, std::move(params)));
  co_return Result<void>{};
}

Task<Result<void>> retire_signing_keys(RequestContext& context, postgres::Transaction& transaction,
                                       KeyAlgorithm algorithm, std::string except, WallTime when) {
  const Statement& retire = algorithm == KeyAlgorithm::kEs256 ? kRetire : kRetireRsa;
  EVC_CO_CHECK(co_await transaction.exec(context, retire, Params(except, when)));
  co_return Result<void>{};
}

Task<Result<bool>> revoke_signing_key(RequestContext& context, postgres::Transaction& transaction, std::string key_id,
                                      WallTime now, WallTime denied_until) {
  EVC_CO_TRY(revoked, co_await transaction.exec(context, kRevokeKey, Params(key_id, now)));
  if (revoked.size() != 1) co_return false;
  EVC_CO_CHECK(co_await transaction.exec(context, kDenyKey, Params(key_id, denied_until)));
  co_return true;
}

}  // namespace evc::auth_service
