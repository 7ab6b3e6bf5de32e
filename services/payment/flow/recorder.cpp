#include "services/payment/flow/recorder.hpp"

#include "kit/telemetry/log.hpp"
#include "services/payment/store/job_store.hpp"
#include "services/payment/store/ledger_store.hpp"
#include "services/payment/store/payment_store.hpp"
#include "services/payment/store/refund_store.hpp"

namespace evc::payment {

Task<Result<void>> Recorder::write(RequestContext& context, postgres::Transaction& transaction,
                                   const Reaction& reaction, Cause cause) {
  const Payment& payment = reaction.payment;
  std::vector<std::pair<postgres::Statement, postgres::Params>> batch;
  batch.push_back(store::update(payment));
  for (const Job& job : reaction.new_jobs) {
    batch.push_back(
        store::add_job(payment, job, context.trace, cause.event_id, context.clock->wall() + cause.first_try_after));
  }
  if (reaction.refund) batch.push_back(store::update_refund(*reaction.refund));
  if (reaction.done) batch.push_back(store::finish_job(payment.id, *reaction.done));
  if (reaction.reconciliation)
    batch.push_back(store::open_case(payment, *reaction.reconciliation, context.trace.trace_id_hex()));
  // Last, because everybody's transfers meet in the same accounts.
  for (auto& statement : store::post(reaction.transfers, payment.session_id)) batch.push_back(std::move(statement));
  auto written = co_await transaction.exec_all(context, std::move(batch));
  if (!written) co_return std::unexpected(std::move(written).error());
  if (reaction.reconciliation) {
    EVC_LOG(kError, context.trace, "a payment needs a person",
            {{telemetry::key::kReference, payment.reference},
             {telemetry::key::kReason, text_of(*reaction.reconciliation)}});
  }
  for (const Fact& fact : reaction.facts) {
    messaging::EventDraft draft{.topic = "payment.events",
                                .key = to_string(payment.session_id),
                                .type = fact.type,
                                .data = fact.data,
                                .user_id = payment.puid,
                                .correlation_id = payment.correlation_id,
                                .causation_id = cause.event_id};
    auto appended = co_await outbox_.append(context, transaction, std::move(draft));
    if (!appended) co_return std::unexpected(std::move(appended).error());
  }
  co_return Result<void>{};
}

}  // namespace evc::payment
