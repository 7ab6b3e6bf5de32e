#include "services/auth/api/credentials.hpp"

#include "kit/base/bytes.hpp"
#include "kit/redis/rate_limit.hpp"
#include "kit/telemetry/log.hpp"
#include "services/auth/domain/identity.hpp"
#include "services/auth/domain/refresh.hpp"
#include "services/auth/mail/mail.hpp"

namespace evc::auth_service {
namespace {

constexpr std::size_t kNameLimitBytes = 480;  // 120 characters
constexpr std::chrono::milliseconds kLoginGrain{25};

Result<std::string> check_registration(const RegisterRequest& request) {
  EVC_TRY(email, normalise_email(request.email));
  EVC_CHECK(check_new_password(request.password));
  const bool control = request.name.find_first_of("\r\n") != std::string::npos;
  if (request.name.empty() || request.name.size() > kNameLimitBytes || control)
    return fail_field("/name", "1 to 120 characters on one line");
  return email;
}

redis::Limit per_account(const AuthSettings& settings) {
  return {.burst = settings.failures_per_account,
          .count = settings.failures_per_account,
          .period = std::chrono::minutes(15)};
}
redis::Limit per_address(const AuthSettings& settings) {
  return {.burst = settings.failures_per_address,
          .count = settings.failures_per_address,
          .period = std::chrono::minutes(1)};
}

Error too_many(std::chrono::milliseconds retry_after) {
  return Error{.code = Code::kRateLimited, .detail = "too many failed sign-ins", .retry_after = retry_after};
}

}  // namespace

Credentials::Credentials(Parts parts) : parts_(std::move(parts)) {}

Task<Result<void>> Credentials::create(RequestContext& context, Account account, SealKey secret, std::string index,
                                       std::string token, std::string mail) {
  // The secret first: an account without one could never sign in, a secret without an account harms nobody.
  EVC_CO_CHECK(
      co_await insert_person(context, parts_.keystore, account.id, secret, parts_.keystore_key, account.created_at));
  EVC_CO_TRY(transaction, co_await parts_.pool.begin(context));
  EVC_CO_CHECK(co_await insert_account(context, transaction, account, index));
  const WallTime expires_at = account.created_at + std::chrono::hours(parts_.issuer.settings().verification_hours);
  EVC_CO_CHECK(co_await insert_verification(context, transaction, refresh_token_hash(token), account.id, expires_at));
  EVC_CO_CHECK(co_await insert_mail(context, transaction, uuid_v7(), seal(parts_.mail_key, mail, "auth.mail"),
                                    account.created_at));
  co_return co_await transaction.commit(context);
}

Task<Result<void>> Credentials::register_account(RequestContext& context, RegisterRequest request) {
  EVC_CO_TRY(email, check_registration(request));
  const WallTime now = context.clock->wall();
  const auto hasher = parts_.hasher;
  EVC_CO_TRY(phc, co_await parts_.hashing->run(parts_.worker, context.deadline, [hasher, password = request.password] {
    return hasher->hash(password);
  }));
  const std::string index = blind_index(parts_.index_key, email);
  EVC_CO_TRY(known, co_await find_account_by_index(context, parts_.pool, index));
  const std::string token = new_refresh_token();
  const std::string& issuer = parts_.issuer.settings().issuer;
  if (!known) {
    const SealKey secret = new_person_secret();
    const Uuid id = random_uuid();
    const SealKey columns = column_key(secret, "auth");
    Account account{.id = id,
                    .email_sealed = seal(columns, email, account_place("email", id)),
                    .name_sealed = seal(columns, request.name, account_place("name", id)),
                    .password_hash = phc,
                    .role = std::nullopt,
                    .state = "unverified",
                    .created_at = now};
    auto created =
        co_await create(context, std::move(account), secret, index, token, verification_mail(email, issuer, token));
    if (created || created.error().code != Code::kUniqueViolation) co_return created;
    // Another request registered the address a moment ago: go on as for a known one.
  }
  EVC_CO_TRY(transaction, co_await parts_.pool.begin(context));
  if (known && known->state == "unverified") {
    EVC_CO_CHECK(co_await insert_verification(context, transaction, refresh_token_hash(token), known->id,
                                              now + std::chrono::hours(parts_.issuer.settings().verification_hours)));
    EVC_CO_CHECK(co_await insert_mail(context, transaction, uuid_v7(),
                                      seal(parts_.mail_key, verification_mail(email, issuer, token), "auth.mail"),
                                      now));
  } else {
    EVC_CO_CHECK(co_await insert_mail(context, transaction, uuid_v7(),
                                      seal(parts_.mail_key, already_registered_mail(email, issuer), "auth.mail"), now));
  }
  co_return co_await transaction.commit(context);
}

Task<Result<void>> Credentials::verify(RequestContext& context, std::string token) {
  EVC_CO_TRY(good, co_await use_verification(context, parts_.pool, refresh_token_hash(token), context.clock->wall()));
  if (!good) co_return fail(Code::kVerificationInvalid);
  co_return Result<void>{};
}

Task<Result<Credentials::Candidate>> Credentials::look_up(RequestContext& context, const LoginRequest& request) {
  Candidate candidate;
  // What is no address at all is looked up too, under an index that nobody has.
  candidate.index =
      blind_index(parts_.index_key, normalise_email(request.email).value_or("\n" + request.email.substr(0, 256)));
  EVC_CO_TRY(account, co_await find_account_by_index(context, parts_.pool, candidate.index));
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

Task<Result<void>> Credentials::check_limits(RequestContext& context, const Candidate& candidate,
                                             const std::string& address) {
  // Without Redis nobody can count failures, so nobody signs in: fail closed.
  const AuthSettings& settings = parts_.issuer.settings();
  auto by_account = co_await redis::take(parts_.redis, context, "auth:failures:account:" + hex_encode(candidate.index),
                                         per_account(settings), 0);
  if (!by_account)
    co_return std::unexpected(Error{.code = Code::kServiceUnavailable,
                                    .detail = "sign-in is not possible at the moment",
                                    .retry_after = std::chrono::seconds(5)});
  if (by_account->remaining < 1) co_return std::unexpected(too_many(by_account->reset_after));
  auto by_address =
      co_await redis::take(parts_.redis, context, "auth:failures:address:" + address, per_address(settings), 0);
  if (!by_address)
    co_return std::unexpected(Error{.code = Code::kServiceUnavailable,
                                    .detail = "sign-in is not possible at the moment",
                                    .retry_after = std::chrono::seconds(5)});
  if (by_address->remaining < 1) co_return std::unexpected(too_many(by_address->reset_after));
  co_return Result<void>{};
}

Task<> Credentials::count_failure(RequestContext& context, const Candidate& candidate, const std::string& address) {
  const AuthSettings& settings = parts_.issuer.settings();
  co_await redis::take(parts_.redis, context, "auth:failures:account:" + hex_encode(candidate.index),
                       per_account(settings), 1);
  co_await redis::take(parts_.redis, context, "auth:failures:address:" + address, per_address(settings), 1);
}

Task<Result<TokenPair>> Credentials::login_steps(RequestContext& context, LoginRequest request, std::string address) {
  EVC_CO_TRY(candidate, co_await look_up(context, request));
  EVC_CO_CHECK(co_await check_limits(context, candidate, address));
  const auto hasher = parts_.hasher;
  const std::string phc = candidate.account ? candidate.account->password_hash : hasher->decoy();
  EVC_CO_TRY(matches,
             co_await parts_.hashing->run(parts_.worker, context.deadline, [hasher, phc, password = request.password] {
               return hasher->verify(password, phc);
             }));
  if (!matches || !candidate.account || !candidate.secret || candidate.account->state != "active") {
    co_await count_failure(context, candidate, address);
    co_return fail(Code::kCredentialsInvalid);
  }
  co_return co_await parts_.issuer.open_session(context, *candidate.account, *candidate.secret);
}

Task<Result<TokenPair>> Credentials::login(RequestContext& context, LoginRequest request, std::string address) {
  const SteadyTime begun = context.clock->steady();
  auto outcome = co_await login_steps(context, std::move(request), std::move(address));
  const auto spent = std::chrono::duration_cast<std::chrono::milliseconds>(context.clock->steady() - begun);
  co_await sleep_for(parts_.worker, kLoginGrain - spent % kLoginGrain);
  co_return outcome;
}

}  // namespace evc::auth_service
