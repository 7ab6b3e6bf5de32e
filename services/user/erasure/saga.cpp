#include "services/user/erasure/saga.hpp"

#include "kit/base/crash_point.hpp"
#include "kit/telemetry/log.hpp"
#include "kit/telemetry/metrics.hpp"

namespace evc::user {
namespace {

constexpr std::chrono::milliseconds kPoll{250};
constexpr std::chrono::seconds kStepTimeout{4};
constexpr std::chrono::seconds kClaim{5};  // longer than a step
constexpr std::chrono::seconds kReplayTimeout{60};
constexpr std::chrono::milliseconds kReplayPause{500};
constexpr std::chrono::milliseconds kFiguresInterval{10'000};
constexpr std::chrono::hours kToldFor{24 * 30};
constexpr std::int64_t kAlarmAfter = 10;

bool over(const Erasure& erasure) {
  return erasure.state == ErasureState::kDone || erasure.state == ErasureState::kRefused;
}

}  // namespace

Task<Result<std::optional<OpenPart>>> ErasureSaga::open_part(RequestContext& context, std::string pseudonym) {
  EVC_CO_TRY(charges, co_await parts_.charges.open(context, pseudonym));
  if (charges > 0) co_return OpenPart::kChargeOpen;
  EVC_CO_TRY(payments, co_await parts_.payments.open(context, pseudonym));
  if (payments > 0) co_return OpenPart::kPaymentOpen;
  co_return std::optional<OpenPart>{};
}

Task<Result<bool>> ErasureSaga::advance(RequestContext& context, std::optional<Uuid> id) {
  const WallTime now = context.clock->wall();
  EVC_CO_TRY(claimed, co_await claim_erasure(context, parts_.pool, id, now, now + kClaim));
  if (!claimed) co_return false;
  Erasure erasure = *claimed;
  while (!over(erasure)) {
    const ErasureState before = erasure.state;
    auto taken = co_await step(context, erasure);
    if (!taken) {
      co_await put_off(context, erasure, std::move(taken).error());
      break;
    }
    // Frozen: what was begun just before needs its time to be seen. As it was: somebody else has it.
    if (erasure.state == ErasureState::kFrozen || erasure.state == before) break;
  }
  co_return true;
}

Task<> ErasureSaga::put_off(RequestContext& context, Erasure erasure, Error error) {
  const bool alarm = erasure.attempts >= kAlarmAfter;
  const auto detail = error.detail.empty() ? std::string(info(error.code).name) : error.detail;
  if (alarm) {
    EVC_LOG(kError, context.trace, "An erasure does not come on", {{telemetry::key::kErrorDetail, detail}});
  } else {
    EVC_LOG(kWarn, context.trace, "A step of an erasure failed; it is tried again",
            {{telemetry::key::kErrorDetail, detail}});
  }
  // If this fails too, the claim ends by itself.
  co_await postpone_erasure(context, parts_.pool, erasure, context.clock->wall() + pause_after(erasure.attempts));
}

Task<Result<void>> ErasureSaga::step(RequestContext& context, Erasure& erasure) {
  switch (erasure.state) {
    case ErasureState::kRequested:
      co_return co_await freeze(context, erasure);
    case ErasureState::kFrozen:
      co_return co_await decide(context, erasure);
    case ErasureState::kDecided:
      co_return co_await destroy(context, erasure);
    case ErasureState::kDestroyed:
      co_return co_await clear(context, erasure);
    case ErasureState::kDone:
    case ErasureState::kRefused:
      break;
  }
  co_return Result<void>{};
}

Task<Result<void>> ErasureSaga::freeze(RequestContext& context, Erasure& erasure) {
  auto frozen = EVC_STEP("user.erasure.freeze", co_await parts_.account.freeze(context, *erasure.account_id));
  // No account: nothing can be begun, and there is nothing to wait for.
  if (!frozen && frozen.error().code == Code::kNotFound)
    co_return co_await move(context, erasure, ErasureState::kDecided, {});
  if (!frozen) co_return std::unexpected(std::move(frozen).error());
  co_return co_await move(context, erasure, ErasureState::kFrozen, kErasureSettle);
}

Task<Result<void>> ErasureSaga::decide(RequestContext& context, Erasure& erasure) {
  // Frozen again, for the pseudonym: that it belongs to this account is written nowhere.
  auto pseudonym = co_await parts_.account.freeze(context, *erasure.account_id);
  if (!pseudonym && pseudonym.error().code == Code::kNotFound)
    co_return co_await move(context, erasure, ErasureState::kDecided, {});
  if (!pseudonym) co_return std::unexpected(std::move(pseudonym).error());
  EVC_CO_TRY(open, co_await open_part(context, *pseudonym));
  if (open) co_return co_await refuse(context, erasure, *open);
  co_return co_await move(context, erasure, ErasureState::kDecided, {});
}

Task<Result<void>> ErasureSaga::destroy(RequestContext& context, Erasure& erasure) {
  EVC_CO_CHECK(EVC_STEP("user.erasure.destroy", co_await parts_.account.erase(context, *erasure.account_id)));
  co_return co_await move(context, erasure, ErasureState::kDestroyed, {});
}

Task<Result<void>> ErasureSaga::clear(RequestContext& context, Erasure& erasure) {
  const WallTime now = context.clock->wall();
  EVC_CO_TRY(transaction, co_await parts_.pool.begin(context));
  EVC_CO_CHECK(co_await delete_profile(context, transaction, *erasure.account_id));
  EVC_CO_TRY(finished, co_await finish_erasure(context, transaction, erasure, std::nullopt, now, now - kToldFor));
  EVC_CO_CHECK(EVC_STEP("user.erasure.clear", co_await transaction.commit(context)));
  parts_.forget(*erasure.account_id);
  erasure.state = ErasureState::kDone;
  if (finished) EVC_LOG(kInfo, context.trace, "A person was erased");
  co_return Result<void>{};
}

Task<Result<void>> ErasureSaga::refuse(RequestContext& context, Erasure& erasure, OpenPart part) {
  const WallTime now = context.clock->wall();
  EVC_CO_CHECK(co_await parts_.account.unfreeze(context, *erasure.account_id));
  EVC_CO_TRY(transaction, co_await parts_.pool.begin(context));
  EVC_CO_CHECK(co_await finish_erasure(context, transaction, erasure, part, now, now - kToldFor));
  EVC_CO_CHECK(EVC_STEP("user.erasure.refuse", co_await transaction.commit(context)));
  erasure.state = ErasureState::kRefused;
  co_return Result<void>{};
}

Task<Result<void>> ErasureSaga::move(RequestContext& context, Erasure& erasure, ErasureState to,
                                     std::chrono::milliseconds wait) {
  // While the claim lasts nobody else takes the next step, unless this process dies here.
  const WallTime due_at = context.clock->wall() + (wait > std::chrono::milliseconds::zero() ? wait : kClaim);
  EVC_CO_TRY(transaction, co_await parts_.pool.begin(context));
  EVC_CO_TRY(moved, co_await move_erasure(context, transaction, erasure, to, due_at));
  EVC_CO_CHECK(EVC_STEP("user.erasure.move", co_await transaction.commit(context)));
  if (!moved) co_return Result<void>{};
  erasure.state = to;
  erasure.attempts = 0;
  co_return Result<void>{};
}

Task<Result<std::int64_t>> ErasureSaga::replay(RequestContext& context) {
  std::int64_t deleted = 0;
  for (std::int64_t after = 0;;) {
    EVC_CO_TRY(people, co_await parts_.account.erased(context, after));
    if (people.next == after) co_return deleted;
    EVC_CO_TRY(here, co_await delete_profiles(context, parts_.pool, people.users));
    deleted += here;
    after = people.next;
  }
}

Task<> run_erasures(Worker& worker, ErasureSaga& saga) {
  while (!worker.tasks().cancelled()) {
    RequestContext context = background_context(kStepTimeout);
    auto advanced = co_await saga.advance(context, std::nullopt);
    if (!advanced)
      EVC_LOG(kWarn, "Erasures could not be looked for", {{telemetry::key::kErrorDetail, advanced.error().detail}});
    if (!advanced || !*advanced) co_await sleep_for(worker, kPoll);
  }
}

Task<> publish_erasure_figures(Worker& worker, postgres::Pool& pool) {
  telemetry::Gauge running = telemetry::metrics().gauge("user_erasures_running", "Erasures that have not ended");
  telemetry::Gauge oldest = telemetry::metrics().gauge("user_erasure_oldest_seconds",
                                                       "Time since the oldest running erasure was asked for; 0: none");
  while (!worker.tasks().cancelled()) {
    RequestContext context = background_context(kStepTimeout);
    auto figures = co_await running_erasures(context, pool, context.clock->wall());
    if (figures) {
      running.set(static_cast<double>(figures->count));
      oldest.set(static_cast<double>(figures->oldest_s));
    }
    co_await sleep_for(worker, kFiguresInterval);
  }
}

Task<> replay_erasures(Worker& worker, ErasureSaga& saga) {
  while (!worker.tasks().cancelled()) {
    RequestContext context = background_context(kReplayTimeout);
    auto deleted = co_await saga.replay(context);
    if (deleted) {
      if (*deleted > 0)
        EVC_LOG(kWarn, "A restored backup held people who had been erased; they are erased again",
                {{telemetry::key::kCount, *deleted}});
      co_return;
    }
    co_await sleep_for(worker, kReplayPause);
  }
}

}  // namespace evc::user
