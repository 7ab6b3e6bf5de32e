// Writes transfers. The accounts are made where they are missing and locked in the order of their ids before the first
// transfer, so that concurrent transactions cannot deadlock.
#pragma once

#include <utility>
#include <vector>

#include "kit/postgres/pool.hpp"
#include "services/payment/domain/ledger.hpp"

namespace evc::payment::store {

// The statements of all that, for a batch in the transaction of the change; empty for no transfers. A rule that is
// broken comes back as constraint-violation or unique-violation.
std::vector<std::pair<postgres::Statement, postgres::Params>> post(const std::vector<Transfer>& transfers,
                                                                   const Uuid& session_id);

}  // namespace evc::payment::store
