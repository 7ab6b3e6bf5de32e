#include "services/auth/api/account_requests.hpp"

#include <algorithm>

#include "kit/telemetry/log.hpp"
#include "services/auth/api/people.hpp"
#include "services/auth/domain/identity.hpp"
#include "services/auth/domain/password.hpp"
#include "services/auth/domain/refresh.hpp"
#include "services/auth/mail/mail.hpp"
#include "services/auth/store/erasures.hpp"
#include "services/auth/store/mailed_codes.hpp"
#include "services/auth/store/people_secrets.hpp"

namespace evc::auth_service {
namespace {

constexpr std::string_view kPlace = "auth.account_request";
constexpr std::int64_t kTries = 10;          // of a request that fails by itself
constexpr std::chrono::hours kPatience{24};  // with databases that are away
constexpr std::int64_t kLongestDoubling = 8;
constexpr std::chrono::seconds kEach{10};
constexpr std::chrono::seconds kWork{6};  // of these, before the request is put off
constexpr std::chrono::hours kLinkWindow{1};
// Mails of one kind to one person in a window; more requests are dropped in silence. The window of codes is their life,
// so that somebody else's requests can never leave the owner without a good one.
constexpr std::int64_t kMailsPerWindow = 5;

std::chrono::seconds distance_after(std::int64_t attempts) {
  return std::chrono::seconds(std::int64_t{1} << std::min(attempts, kLongestDoubling));
}

}  // namespace

Task<Result<void>> AccountRequests::take(RequestContext& context, AccountRequest request) {
  co_return co_await insert_account_request(context, parts_.pool, uuid_v7(),
                                            seal(parts_.request_key, json::encode_text(request), kPlace),
                                            context.clock->wall());
}

Task<Result<std::size_t>> AccountRequests::answer_due(RequestContext& context) {
  std::size_t answered = 0;
  while (answered < kBatch) {
    RequestContext own = context;
    own.deadline = context.clock->steady() + kEach;
    EVC_CO_TRY(found, co_await answer_next(own));
    if (!found) break;
    ++answered;
  }
  co_return answered;
}

Task<Result<bool>> AccountRequests::answer_next(RequestContext& context) {
  EVC_CO_TRY(transaction, co_await parts_.pool.begin(context));
  EVC_CO_TRY(due, co_await lock_due_request(context, transaction, context.clock->wall()));
  if (!due) co_return false;
  EVC_CO_CHECK(co_await answer(context, transaction, std::move(*due)));
  EVC_CO_CHECK(co_await transaction.commit(context));
  co_return true;
}

Task<Result<void>> AccountRequests::answer(RequestContext& context, postgres::Transaction& transaction,
                                           DueRequest due) {
  EVC_CO_CHECK(co_await transaction.savepoint(context));
  RequestContext work = context;
  work.deadline = context.clock->steady() + kWork;
  auto done = co_await apply(work, transaction, due.sealed);
  if (done) {
    EVC_CO_CHECK(co_await transaction.release_savepoint(context));
    co_return co_await delete_account_request(context, transaction, due.id);
  }
  EVC_CO_CHECK(co_await transaction.rollback_to_savepoint(context));
  const WallTime now = context.clock->wall();
  const bool passes = info(done.error().code).retryable;
  if (passes ? now < due.created_at + kPatience : due.attempts + 1 < kTries)
    co_return co_await postpone_account_request(context, transaction, due.id, now + distance_after(due.attempts));
  EVC_LOG(kError, context.trace, "A request about an account was given up",
          {{telemetry::key::kErrorDetail, done.error().detail}});
  co_return co_await delete_account_request(context, transaction, due.id);
}

Task<Result<void>> AccountRequests::apply(RequestContext& context, postgres::Transaction& transaction,
                                          std::string sealed) {
  EVC_CO_TRY(text, open_sealed(parts_.request_key, sealed, kPlace));
  EVC_CO_TRY(request, json::decode_text<AccountRequest>(text));
  switch (request.kind) {
    case AccountRequestKind::kRegistration:
      co_return co_await register_address(context, transaction, std::move(request));
    case AccountRequestKind::kPasswordReset:
      co_return co_await send_reset_code(context, transaction, std::move(request));
    case AccountRequestKind::kEmailChange:
      co_return co_await send_change_code(context, transaction, std::move(request));
  }
  co_return fail(Code::kInternal, "a request of an unknown kind");
}

Task<Result<void>> AccountRequests::register_address(RequestContext& context, postgres::Transaction& transaction,
                                                     AccountRequest request) {
  const std::string index = blind_index(parts_.index_key, request.email);
  EVC_CO_TRY(known, co_await find_account_by_index(context, transaction, index));
  if (!known) co_return co_await create_account(context, transaction, std::move(request), index);
  if (known->state != "unverified")
    co_return co_await send_counted(context, transaction, known->id,
                                    already_registered_mail(request.email, parts_.settings.issuer));
  if (!request.name) co_return fail(Code::kInternal, "a registration without a name");
  EVC_CO_TRY(secret, co_await read_person(context, parts_.keystore, known->id, parts_.keystore_key));
  std::string name = seal(column_key(secret, "auth"), *request.name, account_place("name", known->id));
  co_return co_await send_verification(context, transaction, known->id, std::move(request), std::move(name));
}

Task<Result<void>> AccountRequests::create_account(RequestContext& context, postgres::Transaction& transaction,
                                                   AccountRequest request, std::string email_index) {
  if (!request.name || !request.password_hash) co_return fail(Code::kInternal, "a registration without a password");
  const WallTime now = context.clock->wall();
  const SealKey secret = new_person_secret();
  const Uuid id = random_uuid();
  const SealKey columns = column_key(secret, "auth");
  // The secret first: an account without one could never sign in, a secret without an account harms nobody.
  EVC_CO_CHECK(co_await insert_person(context, parts_.keystore, id, secret, parts_.keystore_key, now));
  const std::string name_sealed = seal(columns, *request.name, account_place("name", id));
  Account account{.id = id,
                  .email_sealed = seal(columns, request.email, account_place("email", id)),
                  .name_sealed = name_sealed,
                  .password_hash = *request.password_hash,
                  .role = std::nullopt,
                  .state = "unverified",
                  .created_at = now};
  // unique-violation when another process registers the address at this moment: the next try finds it.
  EVC_CO_CHECK(co_await insert_account(context, transaction, std::move(account), email_index));
  co_return co_await send_verification(context, transaction, id, std::move(request), name_sealed);
}

Task<Result<bool>> AccountRequests::may_verify(RequestContext& context, postgres::Transaction& transaction,
                                               Uuid account_id) {
  const WallTime expires_at = context.clock->wall() + std::chrono::hours(parts_.settings.verification_hours);
  EVC_CO_TRY(sent, co_await count_verifications(context, transaction, account_id, expires_at - kLinkWindow));
  co_return sent < kMailsPerWindow;
}

Task<Result<void>> AccountRequests::send_verification(RequestContext& context, postgres::Transaction& transaction,
                                                      Uuid account_id, AccountRequest request,
                                                      std::string name_sealed) {
  if (!request.password_hash) co_return fail(Code::kInternal, "a registration without a password");
  EVC_CO_TRY(may, co_await may_verify(context, transaction, account_id));
  if (!may) co_return Result<void>{};
  const std::string token = new_refresh_token();
  const WallTime expires_at = context.clock->wall() + std::chrono::hours(parts_.settings.verification_hours);
  EVC_CO_CHECK(co_await insert_verification(context, transaction,
                                            {.token_hash = refresh_token_hash(token),
                                             .account_id = account_id,
                                             .expires_at = expires_at,
                                             .password_hash = *request.password_hash,
                                             .name_sealed = std::move(name_sealed)}));
  co_return co_await mail(context, transaction, verification_mail(request.email, parts_.settings.issuer, token));
}

Task<Result<void>> AccountRequests::send_counted(RequestContext& context, postgres::Transaction& transaction,
                                                 Uuid account_id, std::string text) {
  EVC_CO_TRY(may, co_await may_verify(context, transaction, account_id));
  if (!may) co_return Result<void>{};
  const WallTime expires_at = context.clock->wall() + std::chrono::hours(parts_.settings.verification_hours);
  EVC_CO_CHECK(co_await insert_verification(context, transaction,
                                            {.token_hash = refresh_token_hash(new_refresh_token()),
                                             .account_id = account_id,
                                             .expires_at = expires_at,
                                             .password_hash = {},
                                             .name_sealed = {}}));
  co_return co_await mail(context, transaction, std::move(text));
}

Task<Result<void>> AccountRequests::send_reset_code(RequestContext& context, postgres::Transaction& transaction,
                                                    AccountRequest request) {
  const WallTime now = context.clock->wall();
  EVC_CO_TRY(known, co_await find_account_by_index(context, transaction, blind_index(parts_.index_key, request.email)));
  // Nobody to write to; operators get their passwords on the machine that runs auth.
  if (!known || known->role) co_return Result<void>{};
  // No link: it would activate the password of whoever registered the address.
  if (known->state == "unverified")
    co_return co_await send_counted(context, transaction, known->id, not_verified_mail(request.email));
  if (known->state != "active") co_return Result<void>{};
  const std::chrono::minutes life(parts_.settings.mailed_code_minutes);
  EVC_CO_TRY(sent,
             co_await count_mailed_codes(context, transaction, known->id, MailedPurpose::kPasswordReset, now - life));
  if (sent >= kMailsPerWindow) co_return Result<void>{};
  const std::string code = new_refresh_token();
  EVC_CO_CHECK(co_await insert_mailed_code(context, transaction,
                                           {.hash = refresh_token_hash(code),
                                            .purpose = MailedPurpose::kPasswordReset,
                                            .account_id = known->id,
                                            .email_sealed = std::nullopt,
                                            .email_index = std::nullopt,
                                            .bound_to = known->email_index,
                                            .created_at = now,
                                            .expires_at = now + life}));
  co_return co_await mail(context, transaction, password_reset_mail(request.email, code, life));
}

Task<Result<void>> AccountRequests::send_change_code(RequestContext& context, postgres::Transaction& transaction,
                                                     AccountRequest request) {
  if (!request.account_id || !request.proved) co_return fail(Code::kInternal, "a change of address without an account");
  const WallTime now = context.clock->wall();
  EVC_CO_TRY(account, co_await find_account(context, transaction, *request.account_id));
  // The password that allowed it is not the account's any more.
  if (!account || account->state != "active" || account->password_hash != *request.proved) co_return Result<void>{};
  EVC_CO_TRY(secret, co_await read_person(context, parts_.keystore, account->id, parts_.keystore_key));
  EVC_CO_TRY(person, person_of(*account, secret));
  const std::chrono::minutes life(parts_.settings.mailed_code_minutes);
  EVC_CO_TRY(sent,
             co_await count_mailed_codes(context, transaction, account->id, MailedPurpose::kEmailChange, now - life));
  if (sent >= kMailsPerWindow) co_return Result<void>{};
  EVC_CO_CHECK(co_await mail(context, transaction, notice_mail(person.email, Notice::kEmailChangeAsked)));
  const std::string index = blind_index(parts_.index_key, request.email);
  EVC_CO_TRY(taken, co_await find_account_by_index(context, transaction, index));
  const std::string code = new_refresh_token();
  EVC_CO_CHECK(co_await insert_mailed_code(
      context, transaction,
      {.hash = refresh_token_hash(code),
       .purpose = MailedPurpose::kEmailChange,
       .account_id = account->id,
       .email_sealed = seal(column_key(secret, "auth"), request.email, account_place("email", account->id)),
       .email_index = index,
       .bound_to = password_digest(account->password_hash),
       .created_at = now,
       .expires_at = now + life}));
  // Of a taken address nobody ever gets the code; its row counts as one that was sent.
  co_return co_await mail(context, transaction,
                          taken ? already_registered_mail(request.email, parts_.settings.issuer)
                                : email_change_mail(request.email, code, life));
}

Task<Result<void>> AccountRequests::forget(RequestContext& context, postgres::Transaction& transaction, Uuid account_id,
                                           std::set<std::string> addresses) {
  EVC_CO_CHECK(co_await forget_requests(context, transaction, account_id, addresses));
  co_return co_await forget_mails(context, transaction, std::move(addresses));
}

Task<Result<void>> AccountRequests::forget_requests(RequestContext& context, postgres::Transaction& transaction,
                                                    Uuid account_id, std::set<std::string> addresses) {
  for (Uuid after{};;) {
    EVC_CO_TRY(waiting, co_await lock_queued_requests(context, transaction, after));
    if (waiting.empty()) co_return Result<void>{};
    after = waiting.back().id;
    for (const SealedRow& row : waiting) {
      const auto text = open_sealed(parts_.request_key, row.sealed, kPlace);
      const auto request = text ? json::decode_text<AccountRequest>(*text) : fail(Code::kInternal);
      if (!request) continue;  // answer() gives it up
      const bool theirs = request->account_id == account_id || addresses.contains(request->email);
      if (theirs) EVC_CO_CHECK(co_await delete_account_request(context, transaction, row.id));
    }
  }
}

Task<Result<void>> AccountRequests::forget_mails(RequestContext& context, postgres::Transaction& transaction,
                                                 std::set<std::string> addresses) {
  for (Uuid after{};;) {
    EVC_CO_TRY(waiting, co_await lock_queued_mail(context, transaction, after));
    if (waiting.empty()) co_return Result<void>{};
    after = waiting.back().id;
    for (const SealedRow& row : waiting) {
      const auto text = open_sealed(parts_.mail_key, row.sealed, kMailPlace);
      if (text && addresses.contains(recipient_of(*text)))
        EVC_CO_CHECK(co_await delete_mail(context, transaction, row.id));
    }
  }
}

Task<Result<void>> AccountRequests::mail(RequestContext& context, postgres::Transaction& transaction,
                                         std::string text) {
  co_return co_await queue_mail(context, transaction, parts_.mail_key, std::move(text));
}

}  // namespace evc::auth_service
