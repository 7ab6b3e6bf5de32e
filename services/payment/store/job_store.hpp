// Table provider_job: steps that are to be taken at the provider. A job is leased by whoever works on it; one that was
// left by a crash is taken up when its lease ends.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "kit/postgres/pool.hpp"
#include "kit/telemetry/trace_context.hpp"
#include "services/payment/domain/transitions.hpp"

namespace evc::payment::store {

struct JobRow {
  Uuid payment_id;
  Step step = Step::kAuthorise;
  std::int64_t amount = 0;
  int attempts = 0;
  WallTime created_at{};
  telemetry::TraceContext trace;  // of what made it necessary
  std::optional<Uuid> causation_id;
};

// For a batch. A step that is needed again (a clean-up) is opened again.
std::pair<postgres::Statement, postgres::Params> add_job(const Payment& payment, const Job& job,
                                                         const telemetry::TraceContext& trace,
                                                         std::optional<Uuid> causation_id, WallTime due_at);
std::pair<postgres::Statement, postgres::Params> finish_job(const Uuid& payment_id, Step step);

// Leases what is due, oldest first.
Task<Result<std::vector<JobRow>>> lease_due(RequestContext& context, postgres::Pool& pool, std::int64_t limit,
                                            std::chrono::milliseconds lease);
// The open job of one step, leased; nullopt when there is none or somebody works on it.
Task<Result<std::optional<JobRow>>> lease_one(RequestContext& context, postgres::Pool& pool, Uuid payment_id, Step step,
                                              std::chrono::milliseconds lease);
// To be asked again after `pause`; the lease ends.
Task<Result<void>> postpone(RequestContext& context, postgres::Pool& pool, Uuid payment_id, Step step,
                            std::chrono::milliseconds pause);
// The provider spoke: every open job of the payment is due now.
Task<Result<void>> hurry(RequestContext& context, postgres::Transaction& transaction, Uuid payment_id);

}  // namespace evc::payment::store
