// What authenticators are asked to sign: good once, for some minutes. And when the owner of a session has last proved
// who they are, which is what such a signature, or the password, may be asked for.
#pragma once

#include <optional>
#include <string>

#include "kit/base/uuid.hpp"
#include "kit/postgres/pool.hpp"

namespace evc::auth_service {

struct PasskeyChallenge {
  std::string hash;
  // Of a registration: the session that asked, the only one that may answer. None: a sign-in.
  std::optional<Uuid> session_id;
};
// constraint-violation when there is no such session.
Task<Result<void>> insert_passkey_challenge(RequestContext& context, postgres::Pool& pool, PasskeyChallenge challenge,
                                            WallTime expires_at);
// False: unknown, used, too old, or of another purpose or session. Of two at once one gets it.
Task<Result<bool>> use_passkey_challenge(RequestContext& context, postgres::Pool& pool, PasskeyChallenge challenge,
                                         WallTime now);
Task<Result<void>> delete_old_passkey_challenges(RequestContext& context, postgres::Pool& pool,
                                                 WallTime expired_before);

Task<Result<void>> put_session_proof(RequestContext& context, postgres::Pool& pool, Uuid session_id, WallTime now);
Task<Result<bool>> session_proved_since(RequestContext& context, postgres::Pool& pool, Uuid session_id, WallTime since);

}  // namespace evc::auth_service
