// What the owner of an account does with its password and address: the second half of Credentials.
#include "services/auth/api/credentials.hpp"
#include "services/auth/api/even_time.hpp"
#include "services/auth/domain/identity.hpp"
#include "services/auth/domain/refresh.hpp"
#include "services/auth/mail/mail.hpp"
#include "services/auth/store/mailed_codes.hpp"
#include "services/auth/store/sessions.hpp"

namespace evc::auth_service {

Task<Result<Person>> Credentials::person_in(RequestContext& context, postgres::Transaction& transaction,
                                            Uuid account_id) {
  EVC_CO_TRY(account, co_await find_account(context, transaction, account_id));
  if (!account || account->state != "active") co_return fail(Code::kVerificationInvalid);
  EVC_CO_TRY(secret, co_await parts_.issuer.person_secret(context, account_id));
  co_return person_of(std::move(*account), std::move(secret));
}

Task<Result<void>> Credentials::replace_password(RequestContext& context, std::string code_hash,
                                                 std::string password_hash) {
  const WallTime now = context.clock->wall();
  EVC_CO_TRY(transaction, co_await parts_.pool.begin(context));
  EVC_CO_TRY(used, co_await use_mailed_code(context, transaction, code_hash, MailedPurpose::kPasswordReset, now));
  if (!used) co_return fail(Code::kVerificationInvalid);
  EVC_CO_TRY(person, co_await person_in(context, transaction, used->account_id));
  EVC_CO_TRY(set, co_await set_password(context, transaction, used->account_id, password_hash, std::nullopt));
  if (!set) co_return fail(Code::kVerificationInvalid);
  EVC_CO_CHECK(co_await void_mailed_codes(context, transaction, used->account_id, now));
  EVC_CO_CHECK(co_await revoke_sessions_of(context, transaction, used->account_id, std::nullopt, "password reset", now,
                                           now + kDenyFor));
  EVC_CO_CHECK(
      co_await queue_mail(context, transaction, parts_.mail_key, notice_mail(person.email, Notice::kPasswordChanged)));
  co_return co_await transaction.commit(context);
}

Task<Result<void>> Credentials::confirm_reset(RequestContext& context, ResetRequest request) {
  EVC_CO_CHECK(check_new_password(request.new_password, "/newPassword"));
  const std::string hash = refresh_token_hash(request.code);
  // Looked at first, so that a guess costs no Argon2; used only with the new password at hand.
  EVC_CO_TRY(good, co_await is_mailed_code_good(context, parts_.pool, hash, MailedPurpose::kPasswordReset,
                                                context.clock->wall()));
  if (!good) co_return fail(Code::kVerificationInvalid);
  EVC_CO_TRY(phc, co_await parts_.passwords.hash(context, std::move(request.new_password)));
  co_return co_await replace_password(context, hash, phc);
}

Task<Result<Person>> Credentials::signed_in_person(RequestContext& context) {
  const auto id = parse_uuid(context.principal.subject);
  if (!id) co_return fail(Code::kTokenInvalid);
  EVC_CO_TRY(account, co_await find_account(context, parts_.pool, *id));
  if (!account || account->state != "active") co_return fail(Code::kTokenInvalid);
  EVC_CO_TRY(secret, co_await parts_.issuer.person_secret(context, *id));
  co_return person_of(std::move(*account), std::move(secret));
}

Task<Result<Person>> Credentials::prove_steps(RequestContext& context, std::string password,
                                              std::optional<std::string> code, Origin origin) {
  EVC_CO_TRY(person, co_await signed_in_person(context));
  EVC_CO_TRY(attempt,
             co_await parts_.throttle.begin(context, blind_index(parts_.index_key, person.email), std::move(origin)));
  auto matches =
      co_await parts_.passwords.verify(context, std::move(password), std::optional(person.account.password_hash));
  if (matches && !*matches) co_return fail(Code::kCredentialsInvalid);
  if (matches && code) {
    EVC_CO_TRY(second, co_await parts_.second_factor.check(context, person, std::move(code)));
    if (second != SecondFactorVerdict::kGood) co_return fail(Code::kCredentialsInvalid);
  }
  co_await parts_.throttle.forgive(context, std::move(attempt));
  if (!matches) co_return std::unexpected(std::move(matches).error());
  co_return std::move(person);
}

Task<Result<Person>> Credentials::prove(RequestContext& context, std::string password, Origin origin) {
  co_return co_await prove_steps(context, std::move(password), std::nullopt, std::move(origin));
}

Task<Result<Person>> Credentials::prove_both(RequestContext& context, std::string password, std::string code,
                                             Origin origin) {
  co_return co_await prove_steps(context, std::move(password), std::move(code), std::move(origin));
}

Task<Result<void>> Credentials::change_password(RequestContext& context, PasswordChangeRequest request, Origin origin) {
  EVC_CO_CHECK(check_new_password(request.new_password, "/newPassword"));
  EVC_CO_TRY(person, co_await prove(context, std::move(request.password), std::move(origin)));
  EVC_CO_TRY(phc, co_await parts_.passwords.hash(context, std::move(request.new_password)));
  const WallTime now = context.clock->wall();
  const Uuid id = person.account.id;
  std::optional<Uuid> own_session;
  if (const auto parsed = parse_uuid(context.principal.session_id)) own_session = *parsed;
  EVC_CO_TRY(transaction, co_await parts_.pool.begin(context));
  EVC_CO_TRY(set, co_await set_password(context, transaction, id, phc, person.account.password_hash));
  if (!set) co_return fail(Code::kCredentialsInvalid);  // changed meanwhile: what was proved is the old one
  EVC_CO_CHECK(co_await void_mailed_codes(context, transaction, id, now));
  EVC_CO_CHECK(
      co_await revoke_sessions_of(context, transaction, id, own_session, "password changed", now, now + kDenyFor));
  EVC_CO_CHECK(
      co_await queue_mail(context, transaction, parts_.mail_key, notice_mail(person.email, Notice::kPasswordChanged)));
  co_return co_await transaction.commit(context);
}

Task<Result<void>> Credentials::request_email_change(RequestContext& context, EmailChangeRequest request,
                                                     Origin origin) {
  const SteadyTime begun = context.clock->steady();
  auto email = normalise_email(request.new_email);
  if (!email) co_return fail_field("/newEmail", "not an e-mail address");
  EVC_CO_TRY(person, co_await prove(context, std::move(request.password), std::move(origin)));
  auto taken = co_await parts_.requests.take(context, {.kind = AccountRequestKind::kEmailChange,
                                                       .email = *email,
                                                       .name = std::nullopt,
                                                       .password_hash = std::nullopt,
                                                       .account_id = person.account.id});
  co_await until_even_time(parts_.passwords.worker(), context, begun);
  co_return taken;
}

Task<Result<void>> Credentials::confirm_email_change(RequestContext& context, std::string code) {
  const WallTime now = context.clock->wall();
  EVC_CO_TRY(transaction, co_await parts_.pool.begin(context));
  EVC_CO_TRY(
      used, co_await use_mailed_code(context, transaction, refresh_token_hash(code), MailedPurpose::kEmailChange, now));
  if (!used) co_return fail(Code::kVerificationInvalid);
  EVC_CO_TRY(person, co_await person_in(context, transaction, used->account_id));
  auto set = co_await set_email(context, transaction, used->account_id, used->email_index, used->email_sealed);
  if (!set && set.error().code == Code::kUniqueViolation) co_return fail(Code::kVerificationInvalid);
  EVC_CO_CHECK(std::move(set));
  // The old address is the account's no more: what was sent to it is worth nothing.
  EVC_CO_CHECK(co_await void_mailed_codes(context, transaction, used->account_id, now));
  EVC_CO_CHECK(
      co_await queue_mail(context, transaction, parts_.mail_key, notice_mail(person.email, Notice::kEmailChanged)));
  co_return co_await transaction.commit(context);
}

}  // namespace evc::auth_service
