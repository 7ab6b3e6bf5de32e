#include "services/auth/api/credentials.hpp"

#include "kit/base/bytes.hpp"
#include "services/auth/api/even_time.hpp"
#include "services/auth/domain/identity.hpp"
#include "services/auth/domain/password.hpp"
#include "services/auth/domain/refresh.hpp"

namespace evc::auth_service {
namespace {

constexpr std::size_t kNameLimitBytes = 480;  // 120 characters

Result<std::string> check_registration(const RegisterRequest& request, const KnownPasswords& known) {
  EVC_TRY(email, normalise_email(request.email));
  EVC_CHECK(check_new_password(request.password, known));
  const bool control = request.name.find_first_of("\r\n") != std::string::npos;
  if (request.name.empty() || request.name.size() > kNameLimitBytes || control)
    return fail_field("/name", "1 to 120 characters on one line");
  return email;
}

}  // namespace

Task<Result<void>> Credentials::register_steps(RequestContext& context, RegisterRequest request) {
  EVC_CO_TRY(email, check_registration(request, *parts_.known_passwords));
  EVC_CO_TRY(phc, co_await parts_.passwords.hash(context, request.password));
  co_return co_await parts_.requests.take(context, {.kind = AccountRequestKind::kRegistration,
                                                    .email = email,
                                                    .name = request.name,
                                                    .password_hash = phc,
                                                    .account_id = std::nullopt,
                                                    .proved = std::nullopt});
}

Task<Result<void>> Credentials::register_account(RequestContext& context, RegisterRequest request) {
  const SteadyTime begun = context.clock->steady();
  auto outcome = co_await register_steps(context, std::move(request));
  co_await until_even_time(parts_.passwords.worker(), context, begun);
  co_return outcome;
}

Task<Result<void>> Credentials::verify(RequestContext& context, std::string token) {
  EVC_CO_TRY(good, co_await use_verification(context, parts_.pool, refresh_token_hash(token), context.clock->wall()));
  if (!good) co_return fail(Code::kVerificationInvalid);
  co_return Result<void>{};
}

Task<Result<Credentials::Candidate>> Credentials::look_up(RequestContext& context, std::string email) {
  Candidate candidate;
  // What is no address at all is looked up too, under an index that nobody has.
  const std::string index = blind_index(parts_.index_key, normalise_email(email).value_or("\n" + email.substr(0, 256)));
  EVC_CO_TRY(account, co_await find_account_by_index(context, parts_.pool, index));
  candidate.marked_for = {.email_index = index,
                          .credentials = password_digest(account ? credentials_of(*account) : "")};
  candidate.account = std::move(account);
  const Uuid id = candidate.account ? candidate.account->id : random_uuid();
  auto secret = co_await parts_.issuer.person_secret(context, id);
  if (secret) {
    candidate.secret = std::move(*secret);
  } else if (secret.error().code != Code::kNotFound) {
    co_return std::unexpected(std::move(secret).error());
  }
  co_return candidate;
}

// The same steps whoever it was.
Task<Error> Credentials::refuse(RequestContext& context, std::optional<SealKey> secret) {
  auto written = co_await write_audit(context, parts_.pool,
                                      {.action = AuditAction::kSignInFailed,
                                       .actor = AuditActor::kAnybody,
                                       .subject = secret ? pseudonym(*secret, "events") : "",
                                       .detail = {}});
  co_return written ? Error{.code = Code::kCredentialsInvalid} : std::move(written).error();
}

// The password by one Argon2 run; or that it was proved a moment ago, and what signs in is still the same.
Task<Result<bool>> Credentials::check_first_factor(RequestContext& context, const Candidate& candidate,
                                                   SignInAttempt attempt) {
  if (attempt.proved)
    co_return candidate.account&& equal_constant_time(*attempt.proved, hex_encode(candidate.marked_for.credentials));
  std::optional<std::string> phc;
  if (candidate.account) phc = candidate.account->password_hash;
  co_return co_await parts_.passwords.verify(context, std::move(attempt.password), std::move(phc));
}

Task<Result<IdentityProof>> Credentials::identity_steps(RequestContext& context, SignInAttempt attempt, Origin origin) {
  EVC_CO_TRY(candidate, co_await look_up(context, attempt.email));
  EVC_CO_TRY(counted, co_await parts_.throttle.begin(context, candidate.marked_for, origin));
  auto matches = co_await check_first_factor(context, candidate, attempt);
  if (!matches) {
    co_await parts_.throttle.forgive(context, std::move(counted));  // nothing was tried
    co_return std::unexpected(std::move(matches).error());
  }
  if (!*matches || !candidate.account || !candidate.secret || candidate.account->state != "active")
    co_return std::unexpected(co_await refuse(context, candidate.secret));
  EVC_CO_TRY(person, person_of(*candidate.account, *candidate.secret));
  EVC_CO_TRY(second, co_await parts_.second_factor.check(context, person, attempt.code));
  if (second == SecondFactorVerdict::kWrong) co_return std::unexpected(co_await refuse(context, candidate.secret));
  co_await parts_.throttle.forgive(context, std::move(counted));
  IdentityProof proof{.person = std::nullopt, .proved = hex_encode(candidate.marked_for.credentials)};
  if (second == SecondFactorVerdict::kCodeNeeded) co_return proof;
  const bool both = !person.account.second_factor_sealed.empty();
  proof.person =
      ProvedPerson{.person = std::move(person),
                   .device_mark = parts_.throttle.mark_for(candidate.marked_for, origin, context.clock->wall()),
                   .methods = both ? "pwd otp mfa" : "pwd"};
  co_return proof;
}

Task<Result<IdentityProof>> Credentials::identify(RequestContext& context, SignInAttempt attempt, Origin origin) {
  const SteadyTime begun = context.clock->steady();
  auto outcome = co_await identity_steps(context, std::move(attempt), std::move(origin));
  co_await until_even_time(parts_.passwords.worker(), context, begun);
  co_return outcome;
}

Task<Result<std::optional<SignedIn>>> Credentials::login_steps(RequestContext& context, LoginRequest request,
                                                               Origin origin) {
  EVC_CO_TRY(proof, co_await identity_steps(context,
                                            {.email = std::move(request.email),
                                             .password = std::move(request.password),
                                             .code = std::move(request.code),
                                             .proved = std::nullopt},
                                            origin));
  if (!proof.person) co_return std::optional<SignedIn>{};
  const Person& person = proof.person->person;
  EVC_CO_TRY(tokens, co_await parts_.issuer.open_session(context, person.account, person.secret, origin.device));
  co_return SignedIn{.tokens = std::move(tokens), .device_mark = std::move(proof.person->device_mark)};
}

Task<Result<std::optional<SignedIn>>> Credentials::login(RequestContext& context, LoginRequest request, Origin origin) {
  const SteadyTime begun = context.clock->steady();
  auto outcome = co_await login_steps(context, std::move(request), std::move(origin));
  co_await until_even_time(parts_.passwords.worker(), context, begun);
  co_return outcome;
}

Task<Result<void>> Credentials::request_reset(RequestContext& context, AddressRequest request) {
  const SteadyTime begun = context.clock->steady();
  EVC_CO_TRY(email, normalise_email(request.email));
  auto taken = co_await parts_.requests.take(context, {.kind = AccountRequestKind::kPasswordReset,
                                                       .email = email,
                                                       .name = std::nullopt,
                                                       .password_hash = std::nullopt,
                                                       .account_id = std::nullopt,
                                                       .proved = std::nullopt});
  co_await until_even_time(parts_.passwords.worker(), context, begun);
  co_return taken;
}

}  // namespace evc::auth_service
