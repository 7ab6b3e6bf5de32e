// What erasing a person does to the two databases of auth. The secret in the keystore goes first; without it nothing
// that is sealed opens any more, in no backup either.
#pragma once

#include <string>
#include <vector>

#include "kit/base/uuid.hpp"
#include "kit/postgres/pool.hpp"

namespace evc::auth_service {

enum class Freezing { kFrozen, kAlready, kUnknown, kNotActive };
// Nothing begins in the account any more. Idempotent.
Task<Result<Freezing>> freeze_account(RequestContext& context, postgres::Transaction& transaction, Uuid id);
// An account that is frozen is active again; any other stays as it is: false.
Task<Result<bool>> unfreeze_account(RequestContext& context, postgres::Transaction& transaction, Uuid id);

// The account and everything that names it; false when it is gone already.
Task<Result<bool>> delete_account(RequestContext& context, postgres::Transaction& transaction, Uuid id);

// Those of `ids` that are in either database: for many at once, after a restore.
Task<Result<std::vector<Uuid>>> accounts_among(RequestContext& context, postgres::Pool& pool, std::vector<Uuid> ids);
Task<Result<std::vector<Uuid>>> people_among(RequestContext& context, postgres::Pool& keystore, std::vector<Uuid> ids);

// Something that waits, sealed, and may be about a person. Locked until the transaction ends.
struct SealedRow {
  Uuid id;
  std::string sealed;
};
// At most 500, in the order of their ids, behind `after`.
Task<Result<std::vector<SealedRow>>> lock_queued_mail(RequestContext& context, postgres::Transaction& transaction,
                                                      Uuid after);
Task<Result<std::vector<SealedRow>>> lock_queued_requests(RequestContext& context, postgres::Transaction& transaction,
                                                          Uuid after);
Task<Result<void>> delete_mail(RequestContext& context, postgres::Transaction& transaction, Uuid id);

}  // namespace evc::auth_service
