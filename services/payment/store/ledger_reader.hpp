// Reads what the ledger says about one session, for operators.
#pragma once

#include <string>
#include <vector>

#include "kit/base/money.hpp"
#include "kit/postgres/pool.hpp"

namespace evc::payment::store {

struct TransferRow {
  std::int64_t position = 0;
  std::string kind;           // single, pending, post, void
  std::string debit, credit;  // the accounts' codes
  Money amount;
  WallTime at{};
};
// In the ledger's order, at most 200.
Task<Result<std::vector<TransferRow>>> transfers_of_session(RequestContext& context, postgres::Pool& pool,
                                                            Uuid session_id);

}  // namespace evc::payment::store
