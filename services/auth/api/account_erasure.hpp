// Erasing a person: frozen first, so that nothing begins any more, then erased for good. The point of no return is the
// end of the person's secret in the keystore: from then on no pseudonym leads to them and nothing that is sealed opens.
// Every call is idempotent; the user service repeats them until they are done. One per worker.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "kit/base/sealing.hpp"
#include "kit/postgres/pool.hpp"
#include "services/auth/api/account_requests.hpp"
#include "services/auth/tombstones/tombstones.hpp"

namespace evc::auth_service {

class AccountErasure {
 public:
  struct Parts {
    postgres::Pool& pool;
    postgres::Pool& keystore;
    AccountRequests& requests;
    KeystoreKey keystore_key;
    std::string tombstone_file;
  };
  explicit AccountErasure(Parts parts) : parts_(std::move(parts)), tombstones_(parts_.tombstone_file) {}

  // Ends every session. The pseudonym, by which others know the person. not-found; conflict for an account that is
  // neither active nor frozen.
  Task<Result<std::string>> freeze(RequestContext& context, Uuid account_id);
  Task<Result<void>> unfreeze(RequestContext& context, Uuid account_id);
  // Tombstone, what waits in queues, the secret, the rows. Good for who is gone already.
  Task<Result<void>> erase(RequestContext& context, Uuid account_id);
  // Erases again whoever has a tombstone and is here: a backup was restored. How many that were.
  Task<Result<std::size_t>> replay(RequestContext& context);
  Result<Tombstones::Part> erased(std::uint64_t from) const;

 private:
  Task<Result<void>> erase_what_is_here(RequestContext& context, Uuid account_id);
  // Of the account and of each address that was to be its own.
  Task<Result<std::set<std::string>>> addresses_of(RequestContext& context, Account account, SealKey secret);
  // The person's pseudonym; empty when nobody can tell it any more.
  Task<Result<std::string>> empty_queues(RequestContext& context, Uuid account_id);
  Task<Result<void>> delete_rows(RequestContext& context, Uuid account_id, std::string subject);
  Task<Result<std::size_t>> erase_again(RequestContext& context, std::vector<Uuid> ids);

  Parts parts_;
  Tombstones tombstones_;
};

}  // namespace evc::auth_service
