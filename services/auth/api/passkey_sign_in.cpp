// Who signs in with a passkey, and who proves with one whose session it is: the second half of Passkeys.
#include "kit/base/bytes.hpp"
#include "kit/telemetry/log.hpp"
#include "services/auth/api/even_time.hpp"
#include "services/auth/api/passkeys.hpp"
#include "services/auth/domain/identity.hpp"
#include "services/auth/domain/password.hpp"

namespace evc::auth_service {
namespace {

// Outside it is credentials-invalid, whatever it was.
void log_refusal(const RequestContext& context, const std::string& reason) {
  EVC_LOG(kInfo, context.trace, "A passkey was refused", {{telemetry::key::kReason, reason}});
}

}  // namespace

Result<std::string> passkey_bytes(const json::Value& passkey, std::initializer_list<std::string_view> path) {
  const json::Value* value = &passkey;
  std::string pointer = "/passkey";
  for (const std::string_view name : path) {
    pointer += "/" + std::string(name);
    value = value->is_object() ? value->get_object().if_contains(name) : nullptr;
    if (value == nullptr) return fail_field(std::move(pointer), "missing");
  }
  auto bytes = value->is_string() ? base64url_decode(std::string_view(value->get_string())) : std::nullopt;
  if (!bytes || bytes->empty()) return fail_field(std::move(pointer), "bytes in base64url");
  return std::move(*bytes);
}

Result<Passkeys::Presented> Passkeys::read_assertion(const json::Value& passkey) {
  EVC_TRY(id, passkey_bytes(passkey, {"rawId"}));
  EVC_TRY(client_data, passkey_bytes(passkey, {"response", "clientDataJSON"}));
  EVC_TRY(data, passkey_bytes(passkey, {"response", "authenticatorData"}));
  EVC_TRY(signature, passkey_bytes(passkey, {"response", "signature"}));
  EVC_TRY(handle, passkey_bytes(passkey, {"response", "userHandle"}));
  return Presented{.credential_id = std::move(id),
                   .user_handle = std::move(handle),
                   .assertion = {.client_data_json = std::move(client_data),
                                 .authenticator_data = std::move(data),
                                 .signature = std::move(signature)}};
}

json::Object Passkeys::request_options(const std::string& challenge) const {
  return {{"challenge", base64url_encode(challenge)},
          {"timeout", std::chrono::milliseconds(kChallengeLife).count()},
          {"rpId", parts_.party.id},
          {"allowCredentials", json::Array{}},
          {"userVerification", "required"}};
}

Task<Result<json::Object>> Passkeys::begin_sign_in(RequestContext& context) {
  EVC_CO_TRY(challenge, co_await new_challenge(context, ChallengePurpose::kSignIn, std::nullopt));
  co_return request_options(challenge);
}

Task<Result<json::Object>> Passkeys::begin_proof(RequestContext& context) {
  const auto session = parse_uuid(context.principal.session_id);
  if (!session) co_return fail(Code::kTokenInvalid);
  EVC_CO_TRY(challenge, co_await new_challenge(context, ChallengePurpose::kProof, *session));
  co_return request_options(challenge);
}

Task<Result<Passkeys::Candidate>> Passkeys::look_up(RequestContext& context, const std::string& credential_id) {
  Candidate candidate;
  EVC_CO_TRY(row, co_await find_passkey(context, parts_.pool, index_of(credential_id)));
  const Uuid id = row ? row->account_id : random_uuid();
  EVC_CO_TRY(account, co_await find_account(context, parts_.pool, id));
  auto secret = co_await parts_.issuer.person_secret(context, id);
  if (!secret && secret.error().code != Code::kNotFound) co_return std::unexpected(std::move(secret).error());
  candidate.marked_for = {.email_index = account ? account->email_index : "",
                          .credentials = password_digest(account ? credentials_of(*account) : "")};
  candidate.row = std::move(row);
  candidate.account = std::move(account);
  if (secret) candidate.secret = std::move(*secret);
  co_return candidate;
}

Task<Result<bool>> Passkeys::judge(RequestContext& context, const Person& person, const PasskeyRow& row,
                                   const Presented& presented) {
  if (!equal_constant_time(presented.user_handle, passkey_user_handle(person.secret))) {
    log_refusal(context, "the passkey is another person's");
    co_return false;
  }
  EVC_CO_TRY(
      key, open_sealed(column_key(person.secret, "auth"), row.public_key_sealed, passkey_place("public_key", row.id)));
  const KnownPasskey known{.public_key = key,
                           .sign_count = static_cast<std::uint32_t>(row.sign_count),
                           .backup_eligible = row.backup_eligible};
  auto verdict = judge_assertion(parts_.party, known, presented.assertion);
  if (!verdict) {
    log_refusal(context, verdict.error().detail);
    co_return false;
  }
  bool used = false;
  if (!verdict->counter_went_back) {
    EVC_CO_TRY(counted, co_await use_passkey(context, parts_.pool, row.id, verdict->sign_count, verdict->backed_up,
                                             context.clock->wall()));
    used = counted;
  }
  if (used) co_return true;
  // §7.2: a sign that there is a second copy of the key. One that was used or deleted at this very moment looks the
  // same.
  log_refusal(context, "its counter did not go on");
  EVC_CO_CHECK(co_await write_audit(context, parts_.pool,
                                    {.action = AuditAction::kPasskeyCounterWentBack,
                                     .actor = AuditActor::kAnybody,
                                     .subject = pseudonym(person.secret, "events"),
                                     .detail = {{"passkeyId", to_string(row.id)}}}));
  co_return false;
}

Task<Result<std::optional<Person>>> Passkeys::person_by(RequestContext& context, const Candidate& candidate,
                                                        const Presented& presented, Asked asked) {
  const auto said = judge_client_data(parts_.party, Ceremony::kSignIn, presented.assertion.client_data_json);
  if (!said) {
    log_refusal(context, said.error().detail);
    co_return std::optional<Person>{};
  }
  EVC_CO_TRY(good_challenge, co_await use_challenge(context, said->challenge, asked.purpose, asked.session_id));
  if (!good_challenge) {
    log_refusal(context, "the challenge is unknown, used, too old or another's");
    co_return std::optional<Person>{};
  }
  if (!candidate.row || !candidate.account || !candidate.secret || candidate.account->state != "active") {
    log_refusal(context, "there is no such passkey of an active account");
    co_return std::optional<Person>{};
  }
  EVC_CO_TRY(person, person_of(*candidate.account, *candidate.secret));
  EVC_CO_TRY(good, co_await judge(context, person, *candidate.row, presented));
  if (!good) co_return std::optional<Person>{};
  co_return std::move(person);
}

Task<Error> Passkeys::refuse(RequestContext& context, const Candidate& candidate) {
  auto written = co_await write_audit(context, parts_.pool,
                                      {.action = AuditAction::kSignInFailed,
                                       .actor = AuditActor::kAnybody,
                                       .subject = candidate.secret ? pseudonym(*candidate.secret, "events") : "",
                                       .detail = {}});
  co_return written ? Error{.code = Code::kCredentialsInvalid} : std::move(written).error();
}

Task<Result<SignedIn>> Passkeys::sign_in_steps(RequestContext& context, Presented presented, Origin origin) {
  EVC_CO_TRY(candidate, co_await look_up(context, presented.credential_id));
  EVC_CO_TRY(attempt, co_await parts_.throttle.begin_at(context, candidate.marked_for, origin));
  auto person = co_await person_by(context, candidate, presented, {.purpose = ChallengePurpose::kSignIn});
  if (person && !*person) co_return std::unexpected(co_await refuse(context, candidate));
  co_await parts_.throttle.forgive(context, std::move(attempt));  // nothing was tried, or it is good
  if (!person) co_return std::unexpected(std::move(person).error());
  EVC_CO_TRY(tokens, co_await parts_.issuer.open_session(context, (*person)->account, (*person)->secret, origin.device,
                                                         candidate.row->id));
  co_return SignedIn{.tokens = std::move(tokens),
                     .device_mark = parts_.throttle.mark_for(candidate.marked_for, origin, context.clock->wall())};
}

Task<Result<SignedIn>> Passkeys::sign_in(RequestContext& context, PasskeyToUse request, Origin origin) {
  const SteadyTime begun = context.clock->steady();
  EVC_CO_TRY(presented, read_assertion(request.passkey));
  auto outcome = co_await sign_in_steps(context, std::move(presented), std::move(origin));
  co_await until_even_time(parts_.worker, context, begun);
  co_return outcome;
}

// As with a password, a proof that fails is no sign-in that fails: the audit log does not tell of it.
Task<Result<void>> Passkeys::prove_by_passkey(RequestContext& context, json::Value passkey) {
  EVC_CO_TRY(presented, read_assertion(passkey));
  const auto session = parse_uuid(context.principal.session_id);
  if (!session) co_return fail(Code::kTokenInvalid);
  EVC_CO_TRY(attempt, co_await parts_.throttle.begin_in_session(context, context.principal.session_id));
  auto candidate = co_await look_up(context, presented.credential_id);
  if (!candidate) {
    co_await parts_.throttle.forgive(context, std::move(attempt));  // nothing was tried
    co_return std::unexpected(std::move(candidate).error());
  }
  auto person =
      co_await person_by(context, *candidate, presented, {.purpose = ChallengePurpose::kProof, .session_id = *session});
  const bool refused = person && (!*person || to_string((*person)->account.id) != context.principal.subject);
  if (refused) co_return fail(Code::kCredentialsInvalid);
  co_await parts_.throttle.forgive(context, std::move(attempt));
  if (!person) co_return std::unexpected(std::move(person).error());
  co_return Result<void>{};
}

Task<Result<void>> Passkeys::prove(RequestContext& context, ProofRequest request) {
  if (request.password.has_value() == request.passkey.has_value())
    co_return fail_field("", "either password, with code where a second factor is on, or passkey");
  const auto session = parse_uuid(context.principal.session_id);
  const auto account = parse_uuid(context.principal.subject);
  if (!session || !account) co_return fail(Code::kTokenInvalid);
  if (request.passkey) {
    EVC_CO_CHECK(co_await prove_by_passkey(context, std::move(*request.passkey)));
  } else {
    EVC_CO_CHECK(co_await parts_.credentials.prove_account(context, {.account_id = *account,
                                                                     .session_id = context.principal.session_id,
                                                                     .password = std::move(*request.password),
                                                                     .code = std::move(request.code)}));
  }
  co_return co_await put_session_proof(context, parts_.pool, *session, context.clock->wall());
}

}  // namespace evc::auth_service
