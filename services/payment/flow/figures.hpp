// The service's own gauges, read from the database at intervals: ledger imbalance and broken links of its chain (0 and
// 0, always), open cases, overdue steps, payments by state.
#pragma once

#include "kit/postgres/pool.hpp"
#include "kit/runtime/worker.hpp"

namespace evc::payment {

Task<> publish_figures(Worker& worker, postgres::Pool& pool);

}  // namespace evc::payment
