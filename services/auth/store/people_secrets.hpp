// People's secrets, in the keystore database, each sealed under a key-encryption key that is kept outside it and named
// beside it. That key can be exchanged while everything runs: a new secret is sealed under the one that the database
// says, whatever the process knows, and every row is opened with the one that it names.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "kit/base/sealing.hpp"
#include "kit/base/uuid.hpp"
#include "kit/postgres/pool.hpp"
#include "services/auth/store/keystore_key.hpp"

namespace evc::auth_service {

Task<Result<void>> insert_person(RequestContext& context, postgres::Pool& keystore, Uuid id, SealKey secret,
                                 KeystoreKey keys, WallTime now);
// not-found once the person was erased.
Task<Result<SealKey>> read_person(RequestContext& context, postgres::Pool& keystore, Uuid id, KeystoreKey keys);
// Nothing that is sealed under its secret can be opened any more. Idempotent.
Task<Result<void>> delete_person(RequestContext& context, postgres::Pool& keystore, Uuid id);

// --- the exchange (api/keystore_exchange.hpp); each step can be repeated

struct KeystoreKeyNames {
  std::optional<std::string> sealing;
  std::vector<std::string> opening;  // replaced, with rows that still name them
};
Task<Result<KeystoreKeyNames>> keystore_key_names(RequestContext& context, postgres::Pool& keystore);
// From its commit on every new secret is sealed under this key.
Task<Result<void>> seal_under(RequestContext& context, postgres::Pool& keystore, std::string id, WallTime now);
// Of at most `limit` people the secrets are sealed anew; how many they were, 0: none is left.
Task<Result<std::size_t>> reseal_some(RequestContext& context, postgres::Pool& keystore, KeystoreKey::Named under,
                                      KeystoreKey keys, std::int64_t limit);
Task<Result<void>> forget_opening_keys(RequestContext& context, postgres::Pool& keystore);

}  // namespace evc::auth_service
