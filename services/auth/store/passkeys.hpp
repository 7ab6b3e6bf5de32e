// Passkeys as the database holds them; the account's row is locked by whoever adds one, so that their number holds.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "kit/base/uuid.hpp"
#include "kit/postgres/pool.hpp"

namespace evc::auth_service {

struct PasskeyRow {
  Uuid id, account_id;
  std::string credential_id_sealed, public_key_sealed, name_sealed;
  std::int64_t sign_count = 0;
  bool backup_eligible = false;
  bool backed_up = false;
  WallTime created_at{};
  std::optional<WallTime> last_used_at;
};
// unique-violation when the credential is somebody's already.
Task<Result<void>> insert_passkey(RequestContext& context, postgres::Transaction& transaction, PasskeyRow passkey,
                                  std::string credential_index);
// The first one first.
Task<Result<std::vector<PasskeyRow>>> passkeys_of(RequestContext& context, postgres::Pool& pool, Uuid account_id);
Task<Result<std::int64_t>> count_passkeys(RequestContext& context, postgres::Transaction& transaction, Uuid account_id);
Task<Result<std::optional<PasskeyRow>>> find_passkey(RequestContext& context, postgres::Pool& pool,
                                                     std::string credential_index);
// False when its counter does not go on by this, or it is gone: of two at once with one counter one is.
Task<Result<bool>> use_passkey(RequestContext& context, postgres::Pool& pool, Uuid id, std::int64_t sign_count,
                               bool backed_up, WallTime now);
// False when the account has no such one.
Task<Result<bool>> rename_passkey(RequestContext& context, postgres::Pool& pool, Uuid account_id, Uuid id,
                                  std::string name_sealed);
Task<Result<bool>> owns_passkey(RequestContext& context, postgres::Pool& pool, Uuid account_id, Uuid id);
// It is there until the commit; false: it is gone. Whoever locks the account as well does that first.
Task<Result<bool>> hold_passkey(RequestContext& context, postgres::Transaction& transaction, Uuid id);
Task<Result<bool>> delete_passkey(RequestContext& context, postgres::Transaction& transaction, Uuid account_id,
                                  Uuid id);
Task<Result<void>> delete_passkeys_of(RequestContext& context, postgres::Transaction& transaction, Uuid account_id);

// Where a sealed column of a passkey lives (kit/base/sealing.hpp).
std::string passkey_place(std::string_view column, const Uuid& id);

}  // namespace evc::auth_service
