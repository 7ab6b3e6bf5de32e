#include "services/auth/api/maintenance.hpp"

#include "kit/telemetry/log.hpp"
#include "services/auth/domain/refresh.hpp"
#include "services/auth/mail/mail.hpp"
#include "services/auth/store/accounts.hpp"
#include "services/auth/store/browser_sessions.hpp"
#include "services/auth/store/clients.hpp"
#include "services/auth/store/keys.hpp"
#include "services/auth/store/mailed_codes.hpp"
#include "services/auth/store/passkey_challenges.hpp"
#include "services/auth/store/people_secrets.hpp"
#include "services/auth/store/sessions.hpp"

namespace evc::auth_service {
namespace {

constexpr std::chrono::milliseconds kMailPoll{250};
constexpr std::chrono::seconds kKeyPoll{1};
constexpr std::chrono::seconds kWipePoll{10};
constexpr std::chrono::seconds kStepTimeout{10};
constexpr std::chrono::seconds kReplayTimeout{60};
constexpr std::chrono::milliseconds kReplayPause{500};
constexpr std::int64_t kMailBatch = 20;
constexpr std::chrono::hours kPurgePoll{1};
constexpr std::chrono::hours kLinksKept{24};           // after their end
constexpr std::chrono::hours kUnverifiedKept{24 * 7};  // since their registration

Task<Result<void>> send_batch(RequestContext& context, postgres::Pool& pool, const SealKey& mail_key,
                              const std::string& spool_dir) {
  EVC_CO_TRY(transaction, co_await pool.begin(context));
  EVC_CO_TRY(mails, co_await lock_unsent_mail(context, transaction, kMailBatch));
  for (const UnsentMail& mail : mails) {
    EVC_CO_TRY(text, open_sealed(mail_key, mail.sealed, "auth.mail"));
    EVC_CO_CHECK(spool_mail(spool_dir, mail.id, text));
    EVC_CO_CHECK(co_await mark_mail_sent(context, transaction, mail.id, context.clock->wall()));
  }
  co_return co_await transaction.commit(context);
}

}  // namespace

Task<Result<void>> wipe(RequestContext& context, postgres::Pool& pool) {
  const WallTime now = context.clock->wall();
  EVC_CO_CHECK(co_await wipe_expired_successors(context, pool, now - kRefreshGrace));
  std::int64_t deleted = kChallengesDeleted;
  while (deleted == kChallengesDeleted) {
    EVC_CO_TRY(some, co_await delete_old_passkey_challenges(context, pool, now));
    deleted = some;
  }
  co_return Result<void>{};
}

Task<Result<void>> purge(RequestContext& context, postgres::Pool& pool, postgres::Pool& keystore) {
  const WallTime now = context.clock->wall();
  EVC_CO_CHECK(co_await delete_old_mailed_codes(context, pool, now - kLinksKept));
  EVC_CO_CHECK(co_await delete_old_denied(context, pool, now - kLinksKept));
  EVC_CO_CHECK(co_await end_old_browser_sessions(context, pool, now));
  EVC_CO_CHECK(co_await delete_old_grants(context, pool, now - kLinksKept));
  EVC_CO_TRY(deleted, co_await delete_unverified(context, pool, now - kLinksKept, now - kUnverifiedKept));
  // An account that is gone and a secret that stays harms nobody.
  for (const Uuid& id : deleted) EVC_CO_CHECK(co_await delete_person(context, keystore, id));
  co_return Result<void>{};
}

Task<> erase_again(Worker& worker, AccountErasure& erasure, std::atomic<bool>& replayed) {
  while (!replayed && !worker.tasks().cancelled()) {
    RequestContext context = background_context(kReplayTimeout);
    auto erased = co_await erasure.replay(context);
    replayed = erased.has_value();
    if (!erased) {
      EVC_LOG(kWarn, "The tombstones could not be replayed yet",
              {{telemetry::key::kErrorDetail, erased.error().detail}});
      co_await sleep_for(worker, kReplayPause);
    } else if (*erased > 0) {
      EVC_LOG(kWarn, "A restored backup held people who had been erased; they are erased again",
              {{telemetry::key::kCount, static_cast<std::int64_t>(*erased)}});
    }
  }
}

Task<> answer_and_send(Worker& worker, AccountRequests& requests, postgres::Pool& pool, SealKey mail_key,
                       std::string spool_dir) {
  while (!worker.tasks().cancelled()) {
    RequestContext answering = background_context(kStepTimeout);
    auto answered = co_await requests.answer_due(answering);
    if (!answered)
      EVC_LOG(kWarn, "Requests about accounts could not be answered; they stay",
              {{telemetry::key::kErrorDetail, answered.error().detail}});
    RequestContext sending = background_context(kStepTimeout);
    auto sent = co_await send_batch(sending, pool, mail_key, spool_dir);
    if (!sent)
      EVC_LOG(kWarn, "Mails could not be sent; they stay queued",
              {{telemetry::key::kErrorDetail, sent.error().detail}});
    if (answered && sent && *answered == AccountRequests::kBatch) continue;
    const bool good = answered && sent;
    co_await sleep_for(worker, good ? kMailPoll : std::chrono::milliseconds(kStepTimeout));
  }
}

Task<> keep_keys(Worker& worker, KeyRing& keys) {
  while (!worker.tasks().cancelled()) {
    RequestContext context = background_context(kStepTimeout);
    auto refreshed = co_await keys.refresh(context);
    if (!refreshed)
      EVC_LOG(kWarn, "The signing keys could not be read", {{telemetry::key::kErrorDetail, refreshed.error().detail}});
    co_await sleep_for(worker, refreshed ? std::chrono::milliseconds(kKeyPoll) : std::chrono::milliseconds(500));
  }
}

Task<> wipe_after_grace(Worker& worker, postgres::Pool& pool) {
  while (!worker.tasks().cancelled()) {
    co_await sleep_for(worker, kWipePoll);
    RequestContext context = background_context(kStepTimeout);
    auto wiped = co_await wipe(context, pool);
    if (!wiped)
      EVC_LOG(kWarn, "What is over could not be wiped; it stays for now",
              {{telemetry::key::kErrorDetail, wiped.error().detail}});
  }
}

Task<> purge_unused(Worker& worker, postgres::Pool& pool, postgres::Pool& keystore) {
  while (!worker.tasks().cancelled()) {
    RequestContext context = background_context(kStepTimeout);
    auto purged = co_await purge(context, pool, keystore);
    if (!purged)
      EVC_LOG(kWarn, "What nobody has confirmed could not be deleted; it stays for now",
              {{telemetry::key::kErrorDetail, purged.error().detail}});
    co_await sleep_for(worker, kPurgePoll);
  }
}

}  // namespace evc::auth_service
