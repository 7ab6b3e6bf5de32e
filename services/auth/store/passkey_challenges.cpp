#include "services/auth/store/passkey_challenges.hpp"

namespace evc::auth_service {
namespace {

using postgres::Params;
using postgres::Statement;

constexpr Statement kInsert{"passkey_challenge_insert",
                            "INSERT INTO passkey_challenge (hash, purpose, session_id, expires_at) VALUES ($1, $2, $3, "
                            "$4)"};
constexpr Statement kUse{"passkey_challenge_use",
                         "DELETE FROM passkey_challenge WHERE hash = $1 AND purpose = $2 AND session_id IS NOT "
                         "DISTINCT FROM $3 AND expires_at > $4"};
constexpr Statement kDeleteOld{"passkey_challenge_delete_old",
                               "DELETE FROM passkey_challenge WHERE hash IN (SELECT hash FROM passkey_challenge WHERE "
                               "expires_at < $1 LIMIT $2 FOR UPDATE SKIP LOCKED)"};
constexpr Statement kPutProof{"session_proof_put",
                              "INSERT INTO session_proof (session_id, proved_at) VALUES ($1, $2) ON CONFLICT "
                              "(session_id) DO UPDATE SET proved_at = $2"};
constexpr Statement kStanding{"session_standing",
                              "SELECT EXISTS (SELECT 1 FROM session_proof p WHERE p.session_id = s.id AND p.proved_at "
                              "> $2) FROM session s WHERE s.id = $1 AND s.revoked_at IS NULL"};
constexpr Statement kLockStanding{
    "session_lock_standing",
    "SELECT EXISTS (SELECT 1 FROM session_proof p WHERE p.session_id = s.id AND p.proved_at > $2) FROM session s WHERE "
    "s.id = $1 AND s.revoked_at IS NULL FOR SHARE OF s"};

std::string_view name_of(ChallengePurpose purpose) {
  switch (purpose) {
    case ChallengePurpose::kRegistration:
      return "registration";
    case ChallengePurpose::kProof:
      return "proof";
    case ChallengePurpose::kSignIn:
      return "signIn";
  }
  return "";
}

Params params_of(const PasskeyChallenge& challenge, WallTime time) {
  Params params;
  params.add_bytes(challenge.hash).add(name_of(challenge.purpose)).add(challenge.session_id).add(time);
  return params;
}

SessionStanding standing_in(const postgres::Rows& rows) {
  if (rows.empty()) return SessionStanding::kEnded;
  return rows.get<bool>(0, 0) ? SessionStanding::kProved : SessionStanding::kUnproved;
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

Task<Result<std::int64_t>> delete_old_passkey_challenges(RequestContext& context, postgres::Pool& pool,
                                                         WallTime expired_before) {
  EVC_CO_TRY(deleted, co_await pool.exec(context, kDeleteOld, Params(expired_before, kChallengesDeleted)));
  co_return static_cast<std::int64_t>(deleted.affected());
}

Task<Result<void>> put_session_proof(RequestContext& context, postgres::Pool& pool, Uuid session_id, WallTime now) {
  EVC_CO_CHECK(co_await pool.exec(context, kPutProof, Params(session_id, now)));
  co_return Result<void>{};
}

Task<Result<SessionStanding>> session_standing(RequestContext& context, postgres::Pool& pool, Uuid session_id,
                                               WallTime proved_since) {
  EVC_CO_TRY(rows, co_await pool.exec(context, kStanding, Params(session_id, proved_since)));
  co_return standing_in(rows);
}

Task<Result<SessionStanding>> lock_session_standing(RequestContext& context, postgres::Transaction& transaction,
                                                    Uuid session_id, WallTime proved_since) {
  EVC_CO_TRY(rows, co_await transaction.exec(context, kLockStanding, Params(session_id, proved_since)));
  co_return standing_in(rows);
}

}  // namespace evc::auth_service
