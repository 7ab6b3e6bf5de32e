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
// One exchange at a time, from whatever machine: held until the transaction ends. False: another has it.
Task<Result<bool>> hold_exchange(RequestContext& context, postgres::Transaction& transaction);
// From its commit on every new secret is sealed under this key; the one that sealed before is `predecessor` unless the
// database names another.
Task<Result<void>> seal_under(RequestContext& context, postgres::Pool& keystore, std::string id,
                              std::string predecessor, WallTime now);
// Of the next so many people by id the secrets are sealed anew, where they are not.
struct ResealedPage {
  std::size_t resealed = 0;
  std::optional<Uuid> end;  // where the next page begins; none: this was the last one
};
Task<Result<ResealedPage>> reseal_page(RequestContext& context, postgres::Pool& keystore, KeystoreKey::Named under,
                                       KeystoreKey keys, std::optional<Uuid> after, std::int64_t people);
Task<Result<void>> forget_opening_keys(RequestContext& context, postgres::Pool& keystore);

}  // namespace evc::auth_service
