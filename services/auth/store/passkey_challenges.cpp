#include "services/auth/store/passkey_challenges.hpp"

namespace evc::auth_service {
namespace {

using postgres::Params;
using postgres::Statement;

constexpr Statement kInsert{"passkey_challenge_insert",
                            "INSERT INTO passkey_challenge (hash, session_id, purpose, expires_at) VALUES ($1, "
                            "$2::uuid, CASE WHEN $2::uuid IS NULL THEN 'signIn' ELSE 'registration' END, $3)"};
constexpr Statement kUse{"passkey_challenge_use",
                         "DELETE FROM passkey_challenge WHERE hash = $1 AND session_id IS NOT DISTINCT FROM $2::uuid "
                         "AND expires_at > $3"};
constexpr Statement kDeleteOld{"passkey_challenge_delete_old", "DELETE FROM passkey_challenge WHERE expires_at < $1"};
constexpr Statement kPutProof{"session_proof_put",
                              "INSERT INTO session_proof (session_id, proved_at) VALUES ($1, $2) ON CONFLICT "
                              "(session_id) DO UPDATE SET proved_at = $2"};
constexpr Statement kProvedSince{"session_proof_since",
                                 "SELECT 1 FROM session_proof p JOIN session s ON s.id = p.session_id WHERE "
                                 "p.session_id = $1 AND p.proved_at > $2 AND s.revoked_at IS NULL"};

Params params_of(const PasskeyChallenge& challenge, WallTime time) {
  Params params;
  params.add_bytes(challenge.hash).add(challenge.session_id).add(time);
  return params;
}

}  // namespace

Task<Result<void>> insert_passkey_challenge(RequestContext& context, postgres::Pool& pool, PasskeyChallenge challenge,
                                            WallTime expires_at) {
  EVC_CO_CHECK(co_await pool.exec(context, kInsert, params_of(challenge, expires_at)));
  co_return Result<void>{};
}

Task<Result<bool>> use_passkey_challenge(RequestContext& context, postgres::Pool& pool, PasskeyChallenge challenge,
                                         WallTime now) {
  EVC_CO_TRY(used, co_await pool.exec(context, kUse, params_of(challenge, now)));
  co_return used.affected() == 1;
}

Task<Result<void>> delete_old_passkey_challenges(RequestContext& context, postgres::Pool& pool,
                                                 WallTime expired_before) {
  EVC_CO_CHECK(co_await pool.exec(context, kDeleteOld, Params(expired_before)));
  co_return Result<void>{};
}

Task<Result<void>> put_session_proof(RequestContext& context, postgres::Pool& pool, Uuid session_id, WallTime now) {
  EVC_CO_CHECK(co_await pool.exec(context, kPutProof, Params(session_id, now)));
  co_return Result<void>{};
}

Task<Result<bool>> session_proved_since(RequestContext& context, postgres::Pool& pool, Uuid session_id,
                                        WallTime since) {
  EVC_CO_TRY(rows, co_await pool.exec(context, kProvedSince, Params(session_id, since)));
  co_return !rows.empty();
}

}  // namespace evc::auth_service
