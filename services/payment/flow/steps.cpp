#include "services/payment/flow/steps.hpp"

#include <algorithm>

#include "kit/base/bytes.hpp"
#include "kit/base/crash_point.hpp"
#include "kit/telemetry/log.hpp"
#include "kit/telemetry/span.hpp"
#include "services/payment/domain/increments.hpp"
#include "services/payment/domain/refunds.hpp"
#include "services/payment/store/payment_store.hpp"
#include "services/payment/store/refund_store.hpp"

namespace evc::payment {
namespace {

constexpr std::chrono::milliseconds kStepTimeout{12'000};
constexpr std::chrono::milliseconds kRecordTimeout{4'000};
constexpr std::chrono::milliseconds kSweepInterval{1'000};
constexpr int kTransactionTries = 5;

RequestContext context_in(const telemetry::TraceContext& trace, std::chrono::milliseconds limit) {
  RequestContext context;
  context.trace = trace;
  return context.with_timeout(limit);
}

}  // namespace

Steps::Steps(Worker& worker, postgres::Pool& pool, ProviderClient& provider, Recorder& recorder, StepOptions options)
    : worker_(worker), pool_(pool), provider_(provider), recorder_(recorder), options_(options) {}

std::chrono::milliseconds Steps::pause_after(int attempts) const {
  const std::int64_t whole = std::min<std::int64_t>(200LL << std::min(attempts, 12), options_.longest_pause.count());
  return std::chrono::milliseconds{whole / 2 +
                                   static_cast<std::int64_t>(random_u64() % static_cast<std::uint64_t>(whole / 2 + 1))};
}

Task<Finding> Steps::ask(RequestContext& context, const Payment& payment, const store::JobRow& job) {
  switch (job.step) {
    case Step::kAuthorise: {
      Finding finding = co_await provider_.look(context, payment, Step::kAuthorise);
      co_return while_it_may_come(std::move(finding), job.created_at, options_.never_heard_after,
                                  context.clock->wall());
    }
    case Step::kCapture:
      co_return co_await provider_.capture(context, payment, job.amount);
    case Step::kIncrement: {
      // Dropped meanwhile: the provider is not asked for money that nobody needs.
      const Increment* open = open_increment(payment);
      if (open == nullptr) co_return Finding{.outcome = Outcome::kDeclined};
      co_return co_await provider_.increment(context, payment, *open);
    }
    case Step::kRefund: {
      const auto refund = co_await store::running_refund(context, pool_, payment.id);
      if (!refund) co_return Finding{.outcome = Outcome::kUnknown};
      if (!*refund) co_return Finding{.outcome = Outcome::kRefused};  // it is over: its job ends
      co_return co_await provider_.refund(context, payment, **refund);
    }
    case Step::kVoid:
      break;
  }
  co_return co_await provider_.release(context, payment);
}

Task<Result<Reaction>> Steps::react(RequestContext& context, postgres::Transaction& transaction, Payment payment,
                                    Step step, Finding finding) {
  const WallTime now = context.clock->wall();
  if (step != Step::kRefund) co_return found(std::move(payment), step, finding, now);
  EVC_CO_TRY(refund, co_await store::running_refund(context, transaction, payment.id));
  if (!refund) co_return found(std::move(payment), step, finding, now);
  co_return refund_found(std::move(payment), std::move(*refund), finding, now);
}

Task<Result<Payment>> Steps::record(RequestContext& context, Uuid payment_id, Step step, Finding finding,
                                    std::optional<Uuid> causation_id) {
  Error last{.code = Code::kDatabaseConflict};
  for (int tried = 0; tried < kTransactionTries; ++tried) {
    auto transaction = co_await pool_.begin(context);
    if (!transaction) co_return std::unexpected(std::move(transaction).error());
    auto locked = co_await store::find_for_update(context, *transaction, payment_id);
    if (!locked) co_return std::unexpected(std::move(locked).error());
    if (!*locked) co_return fail(Code::kPaymentNotFound);
    if (finding.outcome == Outcome::kNotYet) co_return std::move(**locked);
    auto reaction = co_await react(context, *transaction, std::move(**locked), step, finding);
    if (!reaction) co_return std::unexpected(std::move(reaction).error());
    auto written =
        co_await recorder_.write(context, *transaction, *reaction, {.event_id = causation_id, .first_try_after = {}});
    if (written) written = EVC_STEP("payment.step.record", co_await transaction->commit(context));
    if (written) co_return reaction->payment;
    last = std::move(written).error();
    if (last.code != Code::kDatabaseConflict) break;
  }
  co_return std::unexpected(std::move(last));
}

Task<Result<Payment>> Steps::take(RequestContext& context, store::JobRow job) {
  auto transaction = co_await pool_.begin(context);
  if (!transaction) co_return std::unexpected(std::move(transaction).error());
  auto payment = co_await store::find_for_update(context, *transaction, job.payment_id);
  if (!payment) co_return std::unexpected(std::move(payment).error());
  if (!*payment) co_return fail(Code::kPaymentNotFound);
  // Read in a transaction of its own: nothing is locked while the provider is asked.
  EVC_CO_CHECK(EVC_STEP("payment.step.read", co_await transaction->commit(context)));
  const Finding finding = EVC_STEP("payment.step.ask", co_await ask(context, **payment, job));
  RequestContext recording = context_in(context.trace, kRecordTimeout);
  auto recorded = co_await record(recording, job.payment_id, job.step, finding, job.causation_id);
  if (recorded && (finding.outcome == Outcome::kNotYet || finding.outcome == Outcome::kUnknown)) {
    EVC_CO_CHECK(EVC_STEP("payment.step.postpone", co_await store::postpone(recording, pool_, job.payment_id, job.step,
                                                                            pause_after(job.attempts))));
  }
  co_return recorded;
}

Task<> Steps::take_in_background(store::JobRow job) {
  telemetry::Span span =
      telemetry::start_span("payment " + name_of(job.step), job.trace,
                            {.kind = telemetry::SpanKind::kInternal,
                             .attributes = {{"ev.retry.attempt", static_cast<std::int64_t>(job.attempts)}},
                             .links = {}});
  RequestContext context = context_in(span.context(), kStepTimeout);
  auto taken = co_await take(context, job);
  if (!taken) {
    span.fail(info(taken.error().code).name);
    EVC_LOG(kWarn, span.context(), "a step at the provider was not written down; it is taken again",
            {{telemetry::key::kErrorCode, info(taken.error().code).name},
             {telemetry::key::kErrorDetail, taken.error().detail}});
  }
  --running_;
}

Task<> Steps::take_due() {
  const std::size_t room = options_.parallel - std::min(running_, options_.parallel);
  if (room == 0) co_return;
  RequestContext context = background_context(kRecordTimeout);
  auto jobs = EVC_STEP("payment.step.lease",
                       co_await store::lease_due(context, pool_, static_cast<std::int64_t>(room), options_.lease));
  if (!jobs) co_return;  // the database is away: the next round asks again
  for (store::JobRow& job : *jobs) {
    ++running_;
    worker_.tasks().spawn("payment step", take_in_background(std::move(job)));
  }
}

Task<Result<void>> Steps::expire(RequestContext& context, Uuid payment_id) {
  auto transaction = co_await pool_.begin(context);
  if (!transaction) co_return std::unexpected(std::move(transaction).error());
  auto locked = co_await store::find_for_update(context, *transaction, payment_id);
  if (!locked) co_return std::unexpected(std::move(locked).error());
  if (!*locked) co_return fail(Code::kPaymentNotFound);
  const Reaction reaction = hold_expired(std::move(**locked), context.clock->wall());
  if (reaction.facts.empty()) co_return Result<void>{};
  EVC_CO_CHECK(co_await recorder_.write(context, *transaction, reaction, {}));
  co_return EVC_STEP("payment.expiry.commit", co_await transaction->commit(context));
}

Task<> Steps::expire_holds() {
  RequestContext context = background_context(kRecordTimeout);
  auto expired = co_await store::expired_holds(context, pool_, context.clock->wall());
  if (!expired) co_return;
  for (const Uuid& id : *expired) {
    RequestContext each = context_in(telemetry::TraceContext::root(), kRecordTimeout);
    auto done = co_await expire(each, id);
    if (!done)
      EVC_LOG(kWarn, each.trace, "an expired hold was not written down",
              {{telemetry::key::kErrorCode, info(done.error().code).name}});
  }
}

Task<> Steps::run() {
  SteadyTime next_sweep{};
  while (!worker_.tasks().cancelled()) {
    co_await take_due();
    if (std::chrono::steady_clock::now() >= next_sweep) {
      co_await expire_holds();
      next_sweep = std::chrono::steady_clock::now() + kSweepInterval;
    }
    co_await sleep_for(worker_, options_.poll);
  }
}

}  // namespace evc::payment
