#include "services/auth/api/account_requests.hpp"

#include "kit/telemetry/log.hpp"
#include "services/auth/api/people.hpp"
#include "services/auth/domain/identity.hpp"
#include "services/auth/domain/refresh.hpp"
#include "services/auth/mail/mail.hpp"
#include "services/auth/store/keys.hpp"
#include "services/auth/store/mailed_codes.hpp"

namespace evc::auth_service {
namespace {

constexpr std::string_view kPlace = "auth.account_request";
constexpr std::int64_t kBatch = 20;
constexpr std::int64_t kTries = 10;
constexpr std::chrono::hours kMailWindow{1};
constexpr std::int64_t kMailsPerWindow = 5;  // codes and links to one person; more requests are dropped in silence

std::chrono::seconds distance_after(std::int64_t attempts) {
  return std::chrono::seconds(1 << attempts);
}

}  // namespace

Task<Result<void>> AccountRequests::take(RequestContext& context, AccountRequest request) {
  co_return co_await insert_account_request(context, parts_.pool, uuid_v7(),
                                            seal(parts_.request_key, json::encode_text(request), kPlace),
                                            context.clock->wall());
}

Task<Result<std::size_t>> AccountRequests::answer_due(RequestContext& context) {
  EVC_CO_TRY(transaction, co_await parts_.pool.begin(context));
  EVC_CO_TRY(due, co_await lock_due_requests(context, transaction, kBatch, context.clock->wall()));
  for (const DueRequest& request : due) EVC_CO_CHECK(co_await answer(context, transaction, request));
  EVC_CO_CHECK(co_await transaction.commit(context));
  co_return due.size();
}

Task<Result<void>> AccountRequests::answer(RequestContext& context, postgres::Transaction& transaction,
                                           DueRequest due) {
  EVC_CO_CHECK(co_await transaction.savepoint(context));
  auto done = co_await apply(context, transaction, due.sealed);
  if (done) {
    EVC_CO_CHECK(co_await transaction.release_savepoint(context));
    co_return co_await delete_account_request(context, transaction, due.id);
  }
  EVC_CO_CHECK(co_await transaction.rollback_to_savepoint(context));
  if (due.attempts + 1 < kTries)
    co_return co_await postpone_account_request(context, transaction, due.id,
                                                context.clock->wall() + distance_after(due.attempts));
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
  if (known->state == "unverified")
    co_return co_await send_verification(context, transaction, known->id, request.email);
  co_return co_await mail(context, transaction, already_registered_mail(request.email, parts_.settings.issuer));
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
  Account account{.id = id,
                  .email_sealed = seal(columns, request.email, account_place("email", id)),
                  .name_sealed = seal(columns, *request.name, account_place("name", id)),
                  .password_hash = *request.password_hash,
                  .role = std::nullopt,
                  .state = "unverified",
                  .created_at = now};
  // unique-violation when another process registers the address at this moment: the next try finds it.
  EVC_CO_CHECK(co_await insert_account(context, transaction, std::move(account), email_index));
  co_return co_await send_verification(context, transaction, id, request.email);
}

Task<Result<void>> AccountRequests::send_verification(RequestContext& context, postgres::Transaction& transaction,
                                                      Uuid account_id, std::string email) {
  const WallTime expires_at = context.clock->wall() + std::chrono::hours(parts_.settings.verification_hours);
  EVC_CO_TRY(sent, co_await count_verifications(context, transaction, account_id, expires_at - kMailWindow));
  if (sent >= kMailsPerWindow) co_return Result<void>{};
  const std::string token = new_refresh_token();
  EVC_CO_CHECK(co_await insert_verification(context, transaction, refresh_token_hash(token), account_id, expires_at));
  co_return co_await mail(context, transaction, verification_mail(email, parts_.settings.issuer, token));
}

Task<Result<void>> AccountRequests::send_reset_code(RequestContext& context, postgres::Transaction& transaction,
                                                    AccountRequest request) {
  const WallTime now = context.clock->wall();
  EVC_CO_TRY(known, co_await find_account_by_index(context, transaction, blind_index(parts_.index_key, request.email)));
  // Nobody to write to; operators get their passwords on the machine that runs auth.
  if (!known || known->role) co_return Result<void>{};
  if (known->state == "unverified")
    co_return co_await send_verification(context, transaction, known->id, request.email);
  if (known->state != "active") co_return Result<void>{};
  EVC_CO_TRY(sent, co_await count_mailed_codes(context, transaction, known->id, MailedPurpose::kPasswordReset,
                                               now - kMailWindow));
  if (sent >= kMailsPerWindow) co_return Result<void>{};
  const std::string code = new_refresh_token();
  const std::chrono::minutes life(parts_.settings.mailed_code_minutes);
  EVC_CO_CHECK(co_await insert_mailed_code(context, transaction,
                                           {.hash = refresh_token_hash(code),
                                            .purpose = MailedPurpose::kPasswordReset,
                                            .account_id = known->id,
                                            .created_at = now,
                                            .expires_at = now + life}));
  co_return co_await mail(context, transaction, password_reset_mail(request.email, code, life));
}

Task<Result<void>> AccountRequests::send_change_code(RequestContext& context, postgres::Transaction& transaction,
                                                     AccountRequest request) {
  if (!request.account_id) co_return fail(Code::kInternal, "a change of address without an account");
  const WallTime now = context.clock->wall();
  EVC_CO_TRY(account, co_await find_account(context, transaction, *request.account_id));
  if (!account || account->state != "active") co_return Result<void>{};
  EVC_CO_TRY(secret, co_await read_person(context, parts_.keystore, account->id, parts_.keystore_key));
  EVC_CO_TRY(person, person_of(*account, secret));
  EVC_CO_TRY(sent, co_await count_mailed_codes(context, transaction, account->id, MailedPurpose::kEmailChange,
                                               now - kMailWindow));
  if (sent >= kMailsPerWindow) co_return Result<void>{};
  EVC_CO_CHECK(co_await mail(context, transaction, notice_mail(person.email, Notice::kEmailChangeAsked)));
  const std::string index = blind_index(parts_.index_key, request.email);
  EVC_CO_TRY(taken, co_await find_account_by_index(context, transaction, index));
  const std::string code = new_refresh_token();
  const std::chrono::minutes life(parts_.settings.mailed_code_minutes);
  EVC_CO_CHECK(co_await insert_mailed_code(
      context, transaction,
      {.hash = refresh_token_hash(code),
       .purpose = MailedPurpose::kEmailChange,
       .account_id = account->id,
       .email_sealed = seal(column_key(secret, "auth"), request.email, account_place("email", account->id)),
       .email_index = index,
       .created_at = now,
       .expires_at = now + life}));
  // Of a taken address nobody ever gets the code; its row counts as one that was sent.
  co_return co_await mail(context, transaction,
                          taken ? already_registered_mail(request.email, parts_.settings.issuer)
                                : email_change_mail(request.email, code, life));
}

Task<Result<void>> AccountRequests::mail(RequestContext& context, postgres::Transaction& transaction,
                                         std::string text) {
  co_return co_await queue_mail(context, transaction, parts_.mail_key, std::move(text));
}

}  // namespace evc::auth_service
