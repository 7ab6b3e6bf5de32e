// Exchanges the key-encryption key of the keystore while everything runs, for `evcosta keys rotate-kek`:
// 1. its successor is written beside it (`<file>.next`);
// 2. the database says that new secrets are sealed under it;
// 3. every other secret is sealed anew, some at a time;
// 4. it takes the place of the old one, whose file is gone with that;
// 5. the database forgets the old one's name.
// Whatever ends it in between, carry_out() goes on where it was. One at a time.
#pragma once

#include "kit/postgres/pool.hpp"
#include "services/auth/store/keystore_key.hpp"

namespace evc::auth_service {

class KeystoreExchange {
 public:
  struct Parts {
    postgres::Pool& pool;      // for the audit log
    postgres::Pool& keystore;  // two connections at least
    std::string key_file;
    std::int64_t batch = 100;
  };
  struct Outcome {
    std::string key_id;
    std::size_t resealed = 0;
    bool resumed = false;  // an exchange that was begun before
  };
  explicit KeystoreExchange(Parts parts) : parts_(std::move(parts)) {}

  Task<Result<Outcome>> carry_out(RequestContext& context);

 private:
  // The successor, made unless it is there.
  Result<KeystoreKey::Named> successor() const;
  // One round over everybody, while `holding` holds the exchange.
  Task<Result<std::size_t>> reseal_round(RequestContext& context, postgres::Transaction& holding,
                                         KeystoreKey::Named under);
  Task<Result<std::size_t>> reseal(RequestContext& context, postgres::Transaction& holding, KeystoreKey::Named under);
  Task<Result<Outcome>> steps(RequestContext& context, postgres::Transaction& holding);
  Task<Result<void>> conclude(RequestContext& context, std::string key_id);

  Parts parts_;
};

}  // namespace evc::auth_service
