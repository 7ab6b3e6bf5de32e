#include "services/payment/store/job_store.hpp"

#include "kit/base/assert.hpp"

namespace evc::payment::store {
namespace {

using postgres::Params;
using postgres::Rows;
using postgres::Statement;

#define JOB_COLUMNS "j.payment_id, j.step, j.amount, j.attempts, j.created_at, j.traceparent, j.causation_id"

constexpr Statement kAdd{
    "payment.job.add",
    "INSERT INTO provider_job (payment_id, step, amount, due_at, created_at, deadline_at, traceparent, causation_id) "
    "VALUES ($1, $2, $3, $4, now(), now() + interval '5 minutes', $5, $6) "
    "ON CONFLICT (payment_id, step) DO UPDATE SET done_at = NULL, due_at = EXCLUDED.due_at, attempts = 0, amount = "
    "EXCLUDED.amount, created_at = EXCLUDED.created_at, deadline_at = EXCLUDED.deadline_at, leased_until = "
    "'-infinity', traceparent = EXCLUDED.traceparent, causation_id = EXCLUDED.causation_id WHERE provider_job.done_at "
    "IS NOT NULL"};
constexpr Statement kFinish{
    "payment.job.finish",
    "UPDATE provider_job SET done_at = now() WHERE payment_id = $1 AND step = $2 AND done_at IS NULL"};
constexpr Statement kLeaseDue{
    "payment.job.lease due",
    "UPDATE provider_job j SET leased_until = now() + $2 * interval '1 millisecond', attempts = j.attempts + 1 FROM ("
    "SELECT payment_id, step FROM provider_job WHERE done_at IS NULL AND due_at <= now() AND leased_until < now() "
    "ORDER BY due_at LIMIT $1 FOR UPDATE SKIP LOCKED) due "
    "WHERE j.payment_id = due.payment_id AND j.step = due.step RETURNING " JOB_COLUMNS};
constexpr Statement kLeaseOne{
    "payment.job.lease one",
    "UPDATE provider_job j SET leased_until = now() + $3 * interval '1 millisecond', attempts = j.attempts + 1 "
    "WHERE payment_id = $1 AND step = $2 AND done_at IS NULL AND leased_until < now() RETURNING " JOB_COLUMNS};
constexpr Statement kPostpone{
    "payment.job.postpone",
    "UPDATE provider_job SET leased_until = '-infinity', due_at = now() + $3 * interval '1 millisecond' "
    "WHERE payment_id = $1 AND step = $2 AND done_at IS NULL"};
constexpr Statement kHurry{
    "payment.job.hurry",
    "UPDATE provider_job SET due_at = now() WHERE payment_id = $1 AND done_at IS NULL AND due_at > now()"};

JobRow job_at(const Rows& rows, std::size_t row) {
  const auto step = from_name<Step>(rows.text(row, 1));
  EVC_ASSERT(step.has_value());
  return {.payment_id = rows.get<Uuid>(row, 0),
          .step = *step,
          .amount = rows.get<std::int64_t>(row, 2),
          .attempts = rows.get<int>(row, 3),
          .created_at = rows.get<WallTime>(row, 4),
          .trace = telemetry::TraceContext::parse(rows.text(row, 5)).value_or(telemetry::TraceContext::root()),
          .causation_id = rows.get<std::optional<Uuid>>(row, 6)};
}

Result<void> only_error(const Result<Rows>& rows) {
  if (!rows) return std::unexpected(rows.error());
  return {};
}

}  // namespace

std::pair<Statement, Params> add_job(const Payment& payment, const Job& job, const telemetry::TraceContext& trace,
                                     std::optional<Uuid> causation_id, WallTime due_at) {
  return {kAdd, Params(payment.id, name_of(job.step), job.amount, due_at, trace.traceparent(), causation_id)};
}

std::pair<Statement, Params> finish_job(const Uuid& payment_id, Step step) {
  return {kFinish, Params(payment_id, name_of(step))};
}

Task<Result<std::vector<JobRow>>> lease_due(RequestContext& context, postgres::Pool& pool, std::int64_t limit,
                                            std::chrono::milliseconds lease) {
  auto rows = co_await pool.exec(context, kLeaseDue, Params(limit, static_cast<std::int64_t>(lease.count())));
  if (!rows) co_return std::unexpected(std::move(rows).error());
  std::vector<JobRow> jobs;
  for (std::size_t row = 0; row < rows->size(); ++row) jobs.push_back(job_at(*rows, row));
  co_return jobs;
}

Task<Result<std::optional<JobRow>>> lease_one(RequestContext& context, postgres::Pool& pool, Uuid payment_id, Step step,
                                              std::chrono::milliseconds lease) {
  auto rows = co_await pool.exec(context, kLeaseOne,
                                 Params(payment_id, name_of(step), static_cast<std::int64_t>(lease.count())));
  if (!rows) co_return std::unexpected(std::move(rows).error());
  if (rows->empty()) co_return std::optional<JobRow>{};
  co_return job_at(*rows, 0);
}

Task<Result<void>> postpone(RequestContext& context, postgres::Pool& pool, Uuid payment_id, Step step,
                            std::chrono::milliseconds pause) {
  co_return only_error(co_await pool.exec(context, kPostpone,
                                          Params(payment_id, name_of(step), static_cast<std::int64_t>(pause.count()))));
}

Task<Result<void>> hurry(RequestContext& context, postgres::Transaction& transaction, Uuid payment_id) {
  co_return only_error(co_await transaction.exec(context, kHurry, Params(payment_id)));
}

}  // namespace evc::payment::store
