#include "services/auth/api/second_factor.hpp"

#include "services/auth/domain/identity.hpp"
#include "services/auth/domain/totp.hpp"
#include "services/auth/mail/mail.hpp"
#include "services/auth/store/second_factors.hpp"

namespace evc::auth_service {
namespace {

constexpr std::chrono::minutes kEnrolmentLife{10};  // between the secret and its first code

}  // namespace

Task<Result<SecondFactorVerdict>> SecondFactor::check(RequestContext& context, Person person,
                                                      std::optional<std::string> code) {
  const Account& account = person.account;
  if (account.second_factor_sealed.empty()) co_return SecondFactorVerdict::kGood;
  if (!code) co_return SecondFactorVerdict::kCodeNeeded;
  EVC_CO_TRY(secret, open_sealed(column_key(person.secret, "auth"), account.second_factor_sealed,
                                 second_factor_place(account.id)));
  const WallTime now = context.clock->wall();
  bool used = false;
  if (const auto step = matching_step(secret, *code, now, account.second_factor_step)) {
    EVC_CO_TRY(first, co_await use_totp_step(context, pool_, account.id, *step));
    used = first;
  } else {
    EVC_CO_TRY(first, co_await use_recovery_code(context, pool_, account.id, recovery_code_hash(*code), now));
    used = first;
  }
  co_return used ? SecondFactorVerdict::kGood : SecondFactorVerdict::kWrong;
}

Task<Result<TotpEnrolment>> SecondFactor::enrol(RequestContext& context, Person person) {
  const std::string secret = new_totp_secret();
  std::string sealed = seal(column_key(person.secret, "auth"), secret, second_factor_place(person.account.id));
  EVC_CO_TRY(put,
             co_await put_second_factor(context, pool_, person.account.id, std::move(sealed), context.clock->wall()));
  if (!put) co_return fail(Code::kForbidden, "a second factor is on already");
  co_return TotpEnrolment{.secret = totp_secret_text(secret), .uri = totp_uri(secret, person.email)};
}

Task<Result<RecoveryCodes>> SecondFactor::confirm(RequestContext& context, Person person, std::string code) {
  const Uuid id = person.account.id;
  const WallTime now = context.clock->wall();
  EVC_CO_TRY(sealed, co_await unconfirmed_second_factor(context, pool_, id, now - kEnrolmentLife));
  if (!sealed) co_return fail(Code::kNotFound);
  EVC_CO_TRY(secret, open_sealed(column_key(person.secret, "auth"), *sealed, second_factor_place(id)));
  const auto step = matching_step(secret, code, now, 0);
  if (!step) co_return fail(Code::kCredentialsInvalid);
  RecoveryCodes made{.recovery_codes = new_recovery_codes()};
  EVC_CO_TRY(transaction, co_await pool_.begin(context));
  EVC_CO_TRY(confirmed, co_await confirm_second_factor(context, transaction, id, *sealed, *step, now));
  if (!confirmed) co_return fail(Code::kNotFound);
  for (const std::string& each : made.recovery_codes)
    EVC_CO_CHECK(co_await insert_recovery_code(context, transaction, id, recovery_code_hash(each)));
  EVC_CO_CHECK(
      co_await queue_mail(context, transaction, mail_key_, notice_mail(person.email, Notice::kSecondFactorOn)));
  EVC_CO_CHECK(co_await write_audit(context, transaction, of_owner(person, AuditAction::kSecondFactorOn)));
  EVC_CO_CHECK(co_await transaction.commit(context));
  co_return made;
}

Task<Result<void>> SecondFactor::disable(RequestContext& context, Person person) {
  if (person.account.second_factor_sealed.empty()) co_return fail(Code::kNotFound);
  EVC_CO_TRY(transaction, co_await pool_.begin(context));
  EVC_CO_CHECK(co_await delete_second_factor(context, transaction, person.account.id));
  EVC_CO_CHECK(
      co_await queue_mail(context, transaction, mail_key_, notice_mail(person.email, Notice::kSecondFactorOff)));
  EVC_CO_CHECK(co_await write_audit(context, transaction, of_owner(person, AuditAction::kSecondFactorOff)));
  co_return co_await transaction.commit(context);
}

}  // namespace evc::auth_service
