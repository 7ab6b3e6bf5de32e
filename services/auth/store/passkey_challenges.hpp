// What authenticators are asked to sign: good once, for some minutes. And when the owner of a session has last proved
// who they are, which is what such a signature, or the password, may be asked for.
#pragma once

#include <optional>
#include <string>

#include "kit/base/uuid.hpp"
#include "kit/postgres/pool.hpp"

namespace evc::auth_service {

enum class ChallengePurpose { kRegistration, kProof, kSignIn };
struct PasskeyChallenge {
  std::string hash;
  ChallengePurpose purpose = ChallengePurpose::kSignIn;
  // The session that asked, the only one that may answer; of a sign-in none.
  std::optional<Uuid> session_id;
};
// constraint-violation when there is no such session.
Task<Result<void>> insert_passkey_challenge(RequestContext& context, postgres::Pool& pool, PasskeyChallenge challenge,
                                            WallTime expires_at);
// False: unknown, used, too old, or of another purpose or session. Of two at once one gets it.
Task<Result<bool>> use_passkey_challenge(RequestContext& context, postgres::Pool& pool, PasskeyChallenge challenge,
                                         WallTime now);
// How many they were, kChallengesDeleted at most: then there may be more. Anybody makes them, as many as the limits
// allow.
inline constexpr std::int64_t kChallengesDeleted = 5'000;
Task<Result<std::int64_t>> delete_old_passkey_challenges(RequestContext& context, postgres::Pool& pool,
                                                         WallTime expired_before);

Task<Result<void>> put_session_proof(RequestContext& context, postgres::Pool& pool, Uuid session_id, WallTime now);
enum class SessionStanding { kEnded, kUnproved, kProved };
Task<Result<SessionStanding>> session_standing(RequestContext& context, postgres::Pool& pool, Uuid session_id,
                                               WallTime proved_since);
// It stays as it is until the commit. Whoever locks the account as well does that first.
Task<Result<SessionStanding>> lock_session_standing(RequestContext& context, postgres::Transaction& transaction,
                                                    Uuid session_id, WallTime proved_since);

}  // namespace evc::auth_service
