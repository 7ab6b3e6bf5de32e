// Signing keys, sealed.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "kit/base/json.hpp"
#include "kit/base/sealing.hpp"
#include "kit/base/uuid.hpp"
#include "kit/postgres/pool.hpp"
#include "services/auth/domain/key_schedule.hpp"

namespace evc::auth_service {

enum class KeyAlgorithm { kEs256, kRs256 };

struct StoredKey {
  KeyTimes times;
  KeyAlgorithm algorithm = KeyAlgorithm::kEs256;
  std::string private_sealed;
  json::Value public_jwk;
};
Task<Result<std::vector<StoredKey>>> read_signing_keys(RequestContext& context, postgres::Transaction& transaction);
// Held until the transaction ends: one process at a time decides about keys.
Task<Result<void>> lock_key_schedule(RequestContext& context, postgres::Transaction& transaction);
Task<Result<void>> insert_signing_key(RequestContext& context, postgres::Transaction& transaction, StoredKey key);

// Those of the algorithm that would sign after `when` do not, but for `except`. They stay public for as long as their
// tokens may live.
Task<Result<void>> retire_signing_keys(RequestContext& context, postgres::Transaction& transaction,
                                       KeyAlgorithm algorithm, std::string except, WallTime when);
// Withdrawn at once, and refused by name. False: there is no such key, or it was revoked before.
Task<Result<bool>> revoke_signing_key(RequestContext& context, postgres::Transaction& transaction, std::string key_id,
                                      WallTime now, WallTime denied_until);

}  // namespace evc::auth_service
