// What the owner of an account does with its password and address: the second half of Credentials.
#include "services/auth/api/credentials.hpp"
#include "services/auth/api/even_time.hpp"
#include "services/auth/domain/identity.hpp"
#include "services/auth/domain/password.hpp"
#include "services/auth/domain/refresh.hpp"
#include "services/auth/mail/mail.hpp"
#include "services/auth/store/audit_log.hpp"
#include "services/auth/store/mailed_codes.hpp"
#include "services/auth/store/sessions.hpp"

namespace evc::auth_service {

Task<Result<Person>> Credentials::person_in(RequestContext& context, postgres::Transaction& transaction,
                                            Uuid account_id) {
  EVC_CO_TRY(account, co_await lock_account(context, transaction, account_id));
  if (!account || account->state != "active" || account->role) co_return fail(Code::kVerificationInvalid);
  EVC_CO_TRY(secret, co_await parts_.issuer.person_secret(context, account_id));
  co_return person_of(std::move(*account), std::move(secret));
}

Task<Result<void>> Credentials::replace_password(RequestContext& context, Uuid account_id, std::string code_hash,
                                                 std::string password_hash) {
  const WallTime now = context.clock->wall();
  EVC_CO_TRY(transaction, co_await parts_.pool.begin(context));
  EVC_CO_TRY(person, co_await person_in(context, transaction, account_id));
  EVC_CO_TRY(used, co_await use_mailed_code(context, transaction, code_hash, MailedPurpose::kPasswordReset, now));
  // Sent to an address that is the account's no more.
  if (!used || used->bound_to != person.account.email_index) co_return fail(Code::kVerificationInvalid);
  EVC_CO_CHECK(co_await set_password(context, transaction, account_id, password_hash));
  EVC_CO_CHECK(co_await void_mailed_codes(context, transaction, account_id, now));
  EVC_CO_CHECK(co_await revoke_sessions_of(context, transaction, account_id, std::nullopt, "password reset", now,
                                           now + kDenyFor));
  EVC_CO_CHECK(
      co_await queue_mail(context, transaction, parts_.mail_key, notice_mail(person.email, Notice::kPasswordChanged)));
  EVC_CO_CHECK(co_await write_audit(context, transaction, of_owner(person, AuditAction::kPasswordReset)));
  co_return co_await transaction.commit(context);
}

Task<Result<void>> Credentials::confirm_reset(RequestContext& context, ResetRequest request) {
  EVC_CO_CHECK(check_new_password(request.new_password, *parts_.known_passwords, "/newPassword"));
  const std::string hash = refresh_token_hash(request.code);
  // Looked at first, so that a guess costs no Argon2; used only with the new password at hand.
  EVC_CO_TRY(owner, co_await owner_of_mailed_code(context, parts_.pool, hash, MailedPurpose::kPasswordReset,
                                                  context.clock->wall()));
  if (!owner) co_return fail(Code::kVerificationInvalid);
  EVC_CO_TRY(phc, co_await parts_.passwords.hash(context, std::move(request.new_password)));
  co_return co_await replace_password(context, *owner, hash, phc);
}

Task<Result<Person>> Credentials::signed_in_person(RequestContext& context) {
  const auto id = parse_uuid(context.principal.subject);
  if (!id) co_return fail(Code::kTokenInvalid);
  co_return co_await active_person(context, *id);
}

Task<Result<Person>> Credentials::active_person(RequestContext& context, Uuid account_id) {
  EVC_CO_TRY(account, co_await find_account(context, parts_.pool, account_id));
  if (!account || account->state != "active") co_return fail(Code::kTokenInvalid);
  EVC_CO_TRY(secret, co_await parts_.issuer.person_secret(context, account_id));
  co_return person_of(std::move(*account), std::move(secret));
}

Task<Result<SecondFactorVerdict>> Credentials::check_proof(RequestContext& context, Person person,
                                                           std::string session_id, PasswordProof proof) {
  EVC_CO_TRY(attempt, co_await parts_.throttle.begin_in_session(context, std::move(session_id)));
  auto matches =
      co_await parts_.passwords.verify(context, std::move(proof.password), std::optional(person.account.password_hash));
  if (matches && !*matches) co_return fail(Code::kCredentialsInvalid);
  SecondFactorVerdict second = SecondFactorVerdict::kGood;
  if (matches && proof.factors == Factors::kBoth) {
    EVC_CO_TRY(verdict, co_await parts_.second_factor.check(context, person, std::move(proof.code)));
    if (verdict == SecondFactorVerdict::kWrong) co_return fail(Code::kCredentialsInvalid);
    second = verdict;
  }
  co_await parts_.throttle.forgive(context, std::move(attempt));
  if (!matches) co_return std::unexpected(std::move(matches).error());
  co_return second;
}

Task<Result<void>> Credentials::prove_account(RequestContext& context, AccountProof proof) {
  EVC_CO_TRY(person, co_await active_person(context, proof.account_id));
  EVC_CO_TRY(second,
             co_await check_proof(
                 context, std::move(person), std::move(proof.session_id),
                 {.password = std::move(proof.password), .factors = Factors::kBoth, .code = std::move(proof.code)}));
  if (second == SecondFactorVerdict::kCodeNeeded) co_return fail_field("/code", "a second factor is on");
  co_return Result<void>{};
}

Task<Result<Person>> Credentials::prove_steps(RequestContext& context, PasswordProof proof) {
  EVC_CO_TRY(person, co_await signed_in_person(context));
  // With a code at hand none is asked for.
  EVC_CO_CHECK(co_await check_proof(context, person, context.principal.session_id, std::move(proof)));
  co_return std::move(person);
}

Task<Result<Person>> Credentials::prove(RequestContext& context, std::string password) {
  co_return co_await prove_steps(
      context, {.password = std::move(password), .factors = Factors::kPassword, .code = std::nullopt});
}

Task<Result<Person>> Credentials::prove_both(RequestContext& context, std::string password, std::string code) {
  co_return co_await prove_steps(context,
                                 {.password = std::move(password), .factors = Factors::kBoth, .code = std::move(code)});
}

Task<Result<RecoveryCodes>> Credentials::confirm_second_factor(RequestContext& context, std::string code) {
  EVC_CO_TRY(person, co_await signed_in_person(context));
  EVC_CO_TRY(attempt, co_await parts_.throttle.begin_in_session(context, context.principal.session_id));
  auto confirmed = co_await parts_.second_factor.confirm(context, std::move(person), std::move(code));
  if (confirmed || confirmed.error().code != Code::kCredentialsInvalid)
    co_await parts_.throttle.forgive(context, std::move(attempt));
  co_return confirmed;
}

Task<Result<SignedIn>> Credentials::change_password(RequestContext& context, PasswordChangeRequest request,
                                                    Origin origin) {
  EVC_CO_CHECK(check_new_password(request.new_password, *parts_.known_passwords, "/newPassword"));
  EVC_CO_TRY(person, co_await prove(context, std::move(request.password)));
  if (person.account.role) co_return fail(Code::kForbidden, "an operator's password is set by `evcosta operator`");
  EVC_CO_TRY(phc, co_await parts_.passwords.hash(context, std::move(request.new_password)));
  const WallTime now = context.clock->wall();
  const Uuid id = person.account.id;
  EVC_CO_TRY(transaction, co_await parts_.pool.begin(context));
  EVC_CO_TRY(present, co_await lock_account(context, transaction, id));
  // Changed meanwhile: what was proved is the old one.
  if (!present || present->state != "active" || present->password_hash != person.account.password_hash)
    co_return fail(Code::kCredentialsInvalid);
  EVC_CO_CHECK(co_await set_password(context, transaction, id, phc));
  EVC_CO_CHECK(co_await void_mailed_codes(context, transaction, id, now));
  EVC_CO_CHECK(
      co_await revoke_sessions_of(context, transaction, id, std::nullopt, "password changed", now, now + kDenyFor));
  EVC_CO_CHECK(
      co_await queue_mail(context, transaction, parts_.mail_key, notice_mail(person.email, Notice::kPasswordChanged)));
  EVC_CO_CHECK(co_await write_audit(context, transaction, of_owner(person, AuditAction::kPasswordChanged)));
  EVC_CO_CHECK(co_await transaction.commit(context));
  present->password_hash = phc;
  EVC_CO_TRY(tokens, co_await parts_.issuer.open_session(context, *present, person.secret, origin.device));
  const MarkedFor marked_for{.email_index = present->email_index,
                             .credentials = password_digest(credentials_of(*present))};
  co_return SignedIn{.tokens = std::move(tokens), .device_mark = parts_.throttle.mark_for(marked_for, origin, now)};
}

Task<Result<void>> Credentials::request_email_change(RequestContext& context, EmailChangeRequest request) {
  const SteadyTime begun = context.clock->steady();
  auto email = normalise_email(request.new_email);
  if (!email) co_return fail_field("/newEmail", "not an e-mail address");
  EVC_CO_TRY(person, co_await prove(context, std::move(request.password)));
  if (person.account.role)
    co_return fail(Code::kForbidden, "an operator's address is the one given to `evcosta operator`");
  auto taken = co_await parts_.requests.take(context, {.kind = AccountRequestKind::kEmailChange,
                                                       .email = *email,
                                                       .name = std::nullopt,
                                                       .password_hash = std::nullopt,
                                                       .account_id = person.account.id,
                                                       .proved = person.account.password_hash});
  co_await until_even_time(parts_.passwords.worker(), context, begun);
  co_return taken;
}

Task<Result<void>> Credentials::confirm_email_change(RequestContext& context, std::string code) {
  const WallTime now = context.clock->wall();
  const std::string hash = refresh_token_hash(code);
  EVC_CO_TRY(owner, co_await owner_of_mailed_code(context, parts_.pool, hash, MailedPurpose::kEmailChange, now));
  if (!owner) co_return fail(Code::kVerificationInvalid);
  EVC_CO_TRY(transaction, co_await parts_.pool.begin(context));
  EVC_CO_TRY(person, co_await person_in(context, transaction, *owner));
  EVC_CO_TRY(used, co_await use_mailed_code(context, transaction, hash, MailedPurpose::kEmailChange, now));
  // Asked for with a password that is the account's no more.
  if (!used || used->bound_to != password_digest(person.account.password_hash))
    co_return fail(Code::kVerificationInvalid);
  auto set = co_await set_email(context, transaction, *owner, used->email_index, used->email_sealed);
  if (!set && set.error().code == Code::kUniqueViolation) co_return fail(Code::kVerificationInvalid);
  EVC_CO_CHECK(std::move(set));
  // The old address is the account's no more: what was sent to it is worth nothing.
  EVC_CO_CHECK(co_await void_mailed_codes(context, transaction, *owner, now));
  EVC_CO_CHECK(
      co_await queue_mail(context, transaction, parts_.mail_key, notice_mail(person.email, Notice::kEmailChanged)));
  EVC_CO_CHECK(co_await write_audit(context, transaction, of_owner(person, AuditAction::kEmailChanged)));
  co_return co_await transaction.commit(context);
}

}  // namespace evc::auth_service
