// What was asked for an address and not yet done. The request is stored sealed and answered before anybody has looked
// whether the address is known; background work takes it from here.
#pragma once

#include <optional>
#include <string>

#include "kit/base/uuid.hpp"
#include "kit/postgres/pool.hpp"

namespace evc::auth_service {

Task<Result<void>> insert_account_request(RequestContext& context, postgres::Pool& pool, Uuid id, std::string sealed,
                                          WallTime now);

struct DueRequest {
  Uuid id;
  std::string sealed;
  std::int64_t attempts = 0;
  WallTime created_at{};
};
// The one that is due for longest; locked until the transaction ends, other processes skip it. nullopt: none is.
Task<Result<std::optional<DueRequest>>> lock_due_request(RequestContext& context, postgres::Transaction& transaction,
                                                         WallTime now);
Task<Result<void>> delete_account_request(RequestContext& context, postgres::Transaction& transaction, Uuid id);
// It failed: counted, and not before `due_at` again.
Task<Result<void>> postpone_account_request(RequestContext& context, postgres::Transaction& transaction, Uuid id,
                                            WallTime due_at);

}  // namespace evc::auth_service
