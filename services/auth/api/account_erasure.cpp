#include "services/auth/api/account_erasure.hpp"

#include "kit/base/crash_point.hpp"
#include "kit/telemetry/log.hpp"
#include "services/auth/api/people.hpp"
#include "services/auth/domain/identity.hpp"
#include "services/auth/domain/refresh.hpp"
#include "services/auth/store/account_records.hpp"
#include "services/auth/store/audit_log.hpp"
#include "services/auth/store/erasures.hpp"
#include "services/auth/store/people_secrets.hpp"
#include "services/auth/store/sessions.hpp"

namespace evc::auth_service {
namespace {

constexpr std::size_t kPart = 1000;
constexpr std::string_view kReason = "erasure";

AuditEntry entry_of(AuditAction action, std::string subject) {
  const bool asked = action == AuditAction::kErasureAsked;
  return {.action = action,
          .actor = asked ? AuditActor::kOwner : AuditActor::kAuth,
          .subject = std::move(subject),
          .detail = {}};
}

}  // namespace

Task<Result<std::string>> AccountErasure::freeze(RequestContext& context, Uuid account_id) {
  const WallTime now = context.clock->wall();
  EVC_CO_TRY(secret, co_await read_person(context, parts_.keystore, account_id, parts_.keystore_key));
  const std::string subject = pseudonym(secret, "events");
  EVC_CO_TRY(transaction, co_await parts_.pool.begin(context));
  EVC_CO_TRY(freezing, co_await freeze_account(context, transaction, account_id));
  if (freezing == Freezing::kUnknown) co_return fail(Code::kNotFound);
  if (freezing == Freezing::kNotActive) co_return fail(Code::kConflict, "the account is not active");
  EVC_CO_CHECK(co_await revoke_sessions_of(context, transaction, account_id, std::nullopt, std::string(kReason), now,
                                           now + kDenyFor));
  if (freezing == Freezing::kFrozen)
    EVC_CO_CHECK(co_await write_audit(context, transaction, entry_of(AuditAction::kErasureAsked, subject)));
  EVC_CO_CHECK(EVC_STEP("auth.erasure.freeze", co_await transaction.commit(context)));
  co_return subject;
}

Task<Result<void>> AccountErasure::unfreeze(RequestContext& context, Uuid account_id) {
  EVC_CO_TRY(secret, co_await read_person(context, parts_.keystore, account_id, parts_.keystore_key));
  EVC_CO_TRY(transaction, co_await parts_.pool.begin(context));
  EVC_CO_TRY(unfrozen, co_await unfreeze_account(context, transaction, account_id));
  if (!unfrozen) co_return Result<void>{};
  EVC_CO_CHECK(
      co_await write_audit(context, transaction, entry_of(AuditAction::kErasureRefused, pseudonym(secret, "events"))));
  co_return co_await transaction.commit(context);
}

Task<Result<void>> AccountErasure::erase(RequestContext& context, Uuid account_id) {
  // Before the end of the secret: whoever is erased can be erased again, whatever happens in between.
  EVC_CO_CHECK(EVC_STEP("auth.erasure.tombstone", tombstones_.append(account_id, context.clock->wall())));
  co_return co_await erase_what_is_here(context, account_id);
}

Task<Result<void>> AccountErasure::erase_what_is_here(RequestContext& context, Uuid account_id) {
  EVC_CO_TRY(subject, co_await empty_queues(context, account_id));
  EVC_CO_CHECK(EVC_STEP("auth.erasure.secret", co_await delete_person(context, parts_.keystore, account_id)));
  EVC_CO_CHECK(co_await delete_rows(context, account_id, subject));
  EVC_LOG(kInfo, context.trace, "An account was erased");
  co_return Result<void>{};
}

Task<Result<std::set<std::string>>> AccountErasure::addresses_of(RequestContext& context, Account account,
                                                                 SealKey secret) {
  const Uuid id = account.id;
  EVC_CO_TRY(person, person_of(std::move(account), secret));
  std::set<std::string> addresses{person.email};
  EVC_CO_TRY(codes, co_await mailed_codes_of(context, parts_.pool, id));
  for (const RecordedCode& code : codes) {
    if (code.email_sealed.empty()) continue;
    EVC_CO_TRY(email, open_sealed(column_key(secret, "auth"), code.email_sealed, account_place("email", id)));
    addresses.insert(email);
  }
  co_return addresses;
}

Task<Result<std::string>> AccountErasure::empty_queues(RequestContext& context, Uuid account_id) {
  auto secret = co_await read_person(context, parts_.keystore, account_id, parts_.keystore_key);
  // Gone already: so are the queues, and whose they were.
  if (!secret && secret.error().code == Code::kNotFound) co_return std::string();
  if (!secret) co_return std::unexpected(std::move(secret).error());
  const std::string subject = pseudonym(*secret, "events");
  EVC_CO_TRY(account, co_await find_account(context, parts_.pool, account_id));
  if (!account) co_return subject;
  EVC_CO_TRY(addresses, co_await addresses_of(context, *account, *secret));
  EVC_CO_TRY(transaction, co_await parts_.pool.begin(context));
  EVC_CO_CHECK(co_await parts_.requests.forget(context, transaction, account_id, addresses));
  EVC_CO_CHECK(EVC_STEP("auth.erasure.queues", co_await transaction.commit(context)));
  co_return subject;
}

Task<Result<void>> AccountErasure::delete_rows(RequestContext& context, Uuid account_id, std::string subject) {
  const WallTime now = context.clock->wall();
  EVC_CO_TRY(transaction, co_await parts_.pool.begin(context));
  // Of an account that was restored sessions may live.
  EVC_CO_CHECK(co_await revoke_sessions_of(context, transaction, account_id, std::nullopt, std::string(kReason), now,
                                           now + kDenyFor));
  EVC_CO_TRY(deleted, co_await delete_account(context, transaction, account_id));
  if (deleted)
    EVC_CO_CHECK(co_await write_audit(context, transaction, entry_of(AuditAction::kErased, std::move(subject))));
  co_return EVC_STEP("auth.erasure.rows", co_await transaction.commit(context));
}

Task<Result<std::size_t>> AccountErasure::erase_again(RequestContext& context, std::vector<Uuid> ids) {
  EVC_CO_TRY(people, co_await people_among(context, parts_.keystore, ids));
  EVC_CO_TRY(accounts, co_await accounts_among(context, parts_.pool, ids));
  std::set<Uuid> here(people.begin(), people.end());
  here.insert(accounts.begin(), accounts.end());
  for (const Uuid& id : here) EVC_CO_CHECK(co_await erase_what_is_here(context, id));
  co_return here.size();
}

Task<Result<std::size_t>> AccountErasure::replay(RequestContext& context) {
  std::size_t erased_again = 0;
  std::size_t unreadable = 0;
  for (std::uint64_t from = 0;;) {
    EVC_CO_TRY(part, tombstones_.read(from, kPart));
    if (part.next == from) break;
    EVC_CO_TRY(erased, co_await erase_again(context, part.accounts));
    erased_again += erased;
    unreadable += part.unreadable;
    from = part.next;
  }
  if (unreadable > 0)
    EVC_LOG(kError, "Tombstones cannot be read: who they name may be back after a restore",
            {{telemetry::key::kCount, static_cast<std::int64_t>(unreadable)}});
  co_return erased_again;
}

Result<Tombstones::Part> AccountErasure::erased(std::uint64_t from) const {
  return tombstones_.read(from, kPart);
}

}  // namespace evc::auth_service
