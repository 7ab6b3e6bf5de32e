#include "services/auth/api/passkeys.hpp"

#include <algorithm>

#include "kit/base/bytes.hpp"
#include "services/auth/domain/identity.hpp"
#include "services/auth/mail/mail.hpp"
#include "services/auth/webauthn/credential_key.hpp"

namespace evc::auth_service {
namespace {

constexpr std::ptrdiff_t kNameLimit = 60;  // characters

// JSON is read as UTF-8 or not at all: of each character one byte is no continuation of it.
std::ptrdiff_t characters_in(const std::string& text) {
  return std::ranges::count_if(text, [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; });
}

Result<void> check_name(const std::string& name) {
  const bool control =
      std::ranges::any_of(name, [](char c) { return static_cast<unsigned char>(c) < ' ' || c == 0x7F; });
  if (name.empty() || characters_in(name) > kNameLimit || control)
    return fail_field("/name", "1 to 60 characters on one line");
  return {};
}

json::Object descriptor(const std::string& credential_id) {
  return {{"type", "public-key"}, {"id", base64url_encode(credential_id)}};
}

std::int64_t timeout_ms() {
  return std::chrono::milliseconds(Passkeys::kChallengeLife).count();
}

json::Array offered_algorithms() {
  json::Array offered;
  for (const std::int64_t algorithm : kCoseAlgorithms)
    offered.push_back(json::Object{{"type", "public-key"}, {"alg", algorithm}});
  return offered;
}

PasskeyView view_of(const PasskeyRow& row, std::string name) {
  return {.passkey_id = to_string(row.id),
          .name = std::move(name),
          .created_at = row.created_at,
          .last_used_at = row.last_used_at,
          .backup_eligible = row.backup_eligible,
          .backed_up = row.backed_up};
}

Result<Uuid> session_of(const RequestContext& context) {
  const auto session = parse_uuid(context.principal.session_id);
  if (!session) return fail(Code::kTokenInvalid);
  return *session;
}

// What PublicKeyCredential.toJSON() gives of a registration, as far as it is looked at.
struct Offered {
  std::string credential_id, client_data_json, attestation_object;
};
Result<Offered> read_offered(const json::Value& passkey) {
  EVC_TRY(id, passkey_bytes(passkey, {"rawId"}));
  EVC_TRY(client_data, passkey_bytes(passkey, {"response", "clientDataJSON"}));
  EVC_TRY(object, passkey_bytes(passkey, {"response", "attestationObject"}));
  return Offered{std::move(id), std::move(client_data), std::move(object)};
}

Result<void> check_standing(SessionStanding standing) {
  switch (standing) {
    case SessionStanding::kEnded:
      return fail(Code::kTokenInvalid);
    case SessionStanding::kUnproved:
      return fail(Code::kProofNeeded);
    case SessionStanding::kProved:
      break;
  }
  return {};
}

// To the one who is signed in and adds it, the reason is of use.
template <class T>
Result<T> told(Result<T> judged) {
  if (!judged) return fail_field("/passkey", judged.error().detail);
  return judged;
}

}  // namespace

RelyingParty relying_party(const AuthSettings& settings) {
  RelyingParty party{.id = settings.passkey_party_id, .origins = settings.passkey_origins};
  if (party.origins.empty()) party.origins = {settings.issuer};
  if (!party.id.empty()) return party;
  const std::string_view host = std::string_view(settings.issuer).substr(settings.issuer.find("://") + 3);
  party.id = host.substr(0, host.find_first_of(":/"));
  return party;
}

std::string Passkeys::index_of(const std::string& credential_id) const {
  const Digest digest = hmac_sha256(parts_.index_key.reveal(), credential_id);
  return std::string(view(digest));
}

Task<Result<std::string>> Passkeys::new_challenge(RequestContext& context, ChallengePurpose purpose,
                                                  std::optional<Uuid> session_id) {
  std::string challenge = random_bytes(32);
  const Digest hash = sha256(challenge);
  EVC_CO_CHECK(co_await insert_passkey_challenge(
      context, parts_.pool, {.hash = std::string(view(hash)), .purpose = purpose, .session_id = session_id},
      context.clock->wall() + kChallengeLife));
  co_return challenge;
}

Task<Result<bool>> Passkeys::use_challenge(RequestContext& context, std::string challenge, ChallengePurpose purpose,
                                           std::optional<Uuid> session_id) {
  const Digest hash = sha256(challenge);
  co_return co_await use_passkey_challenge(
      context, parts_.pool, {.hash = std::string(view(hash)), .purpose = purpose, .session_id = session_id},
      context.clock->wall());
}

Task<Result<void>> Passkeys::need_proof(RequestContext& context) {
  EVC_CO_TRY(session, session_of(context));
  EVC_CO_TRY(standing, co_await session_standing(context, parts_.pool, session, context.clock->wall() - kProofLife));
  co_return check_standing(standing);
}

Task<Result<void>> Passkeys::lock_proved(RequestContext& context, postgres::Transaction& transaction, Uuid account) {
  EVC_CO_TRY(session, session_of(context));
  EVC_CO_TRY(present, co_await lock_account(context, transaction, account));
  if (!present || present->state != "active") co_return fail(Code::kTokenInvalid);
  EVC_CO_TRY(standing,
             co_await lock_session_standing(context, transaction, session, context.clock->wall() - kProofLife));
  co_return check_standing(standing);
}

Task<Result<json::Object>> Passkeys::begin_registration(RequestContext& context) {
  EVC_CO_TRY(person, co_await parts_.credentials.signed_in_person(context));
  EVC_CO_CHECK(co_await need_proof(context));
  EVC_CO_TRY(session, session_of(context));
  const SealKey columns = column_key(person.secret, "auth");
  const Uuid id = person.account.id;
  EVC_CO_TRY(name, open_sealed(columns, person.account.name_sealed, account_place("name", id)));
  EVC_CO_TRY(rows, co_await passkeys_of(context, parts_.pool, id));
  json::Array known;
  for (const PasskeyRow& row : rows) {
    EVC_CO_TRY(credential, open_sealed(columns, row.credential_id_sealed, passkey_place("credential_id", row.id)));
    known.push_back(descriptor(credential));
  }
  EVC_CO_TRY(challenge, co_await new_challenge(context, ChallengePurpose::kRegistration, session));
  co_return json::Object{
      {"rp", json::Object{{"id", parts_.party.id}, {"name", "EV-Costa"}}},
      {"user", json::Object{{"id", base64url_encode(passkey_user_handle(person.secret))},
                            {"name", person.email},
                            {"displayName", name}}},
      {"challenge", base64url_encode(challenge)},
      {"pubKeyCredParams", offered_algorithms()},
      {"timeout", timeout_ms()},
      {"excludeCredentials", std::move(known)},
      {"authenticatorSelection",
       json::Object{{"residentKey", "required"}, {"requireResidentKey", true}, {"userVerification", "required"}}},
      {"attestation", "none"}};
}

Task<Result<PasskeyView>> Passkeys::add(RequestContext& context, PasskeyToAdd request) {
  EVC_CO_CHECK(check_name(request.name));
  EVC_CO_TRY(offered, read_offered(request.passkey));
  EVC_CO_TRY(person, co_await parts_.credentials.signed_in_person(context));
  EVC_CO_TRY(session, session_of(context));
  EVC_CO_TRY(said, told(judge_client_data(parts_.party, Ceremony::kRegistration, offered.client_data_json)));
  // Without one nothing is used up: a new proof, and the same answer is taken.
  EVC_CO_CHECK(co_await need_proof(context));
  EVC_CO_TRY(asked, co_await use_challenge(context, said.challenge, ChallengePurpose::kRegistration, session));
  if (!asked) co_return fail_field("/passkey", "the challenge is unknown, used or too old");
  EVC_CO_TRY(made, told(judge_registration(parts_.party, offered.attestation_object)));
  if (made.credential_id != offered.credential_id)
    co_return fail_field("/passkey", "rawId is not the credential's that was made");
  co_return co_await store(context, std::move(person), std::move(made), std::move(request.name));
}

Task<Result<PasskeyView>> Passkeys::store(RequestContext& context, Person person, NewPasskey made, std::string name) {
  const SealKey columns = column_key(person.secret, "auth");
  const Uuid id = uuid_v7();
  PasskeyRow row{.id = id,
                 .account_id = person.account.id,
                 .credential_id_sealed = seal(columns, made.credential_id, passkey_place("credential_id", id)),
                 .public_key_sealed = seal(columns, made.public_key, passkey_place("public_key", id)),
                 .name_sealed = seal(columns, name, passkey_place("name", id)),
                 .sign_count = made.sign_count,
                 .backup_eligible = made.backup_eligible,
                 .backed_up = made.backed_up,
                 .created_at = context.clock->wall()};
  EVC_CO_TRY(transaction, co_await parts_.pool.begin(context));
  // Whatever ended the session before this, a reset say, has ended what it was about to do.
  EVC_CO_CHECK(co_await lock_proved(context, transaction, person.account.id));
  EVC_CO_TRY(count, co_await count_passkeys(context, transaction, person.account.id));
  if (count >= kLimit) co_return fail(Code::kConflict, "20 passkeys are the most; delete one first");
  auto inserted = co_await insert_passkey(context, transaction, row, index_of(made.credential_id));
  if (!inserted && inserted.error().code == Code::kUniqueViolation)
    co_return fail(Code::kConflict, "this passkey is registered already");
  EVC_CO_CHECK(std::move(inserted));
  EVC_CO_CHECK(
      co_await queue_mail(context, transaction, parts_.mail_key, notice_mail(person.email, Notice::kPasskeyAdded)));
  EVC_CO_CHECK(co_await write_audit(context, transaction, of_owner(person, AuditAction::kPasskeyAdded)));
  EVC_CO_CHECK(co_await transaction.commit(context));
  co_return view_of(row, std::move(name));
}

Task<Result<PasskeyList>> Passkeys::list(RequestContext& context) {
  EVC_CO_TRY(person, co_await parts_.credentials.signed_in_person(context));
  EVC_CO_TRY(rows, co_await passkeys_of(context, parts_.pool, person.account.id));
  const SealKey columns = column_key(person.secret, "auth");
  PasskeyList list;
  for (const PasskeyRow& row : rows) {
    EVC_CO_TRY(name, open_sealed(columns, row.name_sealed, passkey_place("name", row.id)));
    list.passkeys.push_back(view_of(row, std::move(name)));
  }
  co_return list;
}

Task<Result<void>> Passkeys::rename(RequestContext& context, std::string passkey_id, std::string name) {
  EVC_CO_CHECK(check_name(name));
  const auto id = parse_uuid(passkey_id);
  if (!id) co_return fail(Code::kNotFound);
  EVC_CO_TRY(person, co_await parts_.credentials.signed_in_person(context));
  std::string sealed = seal(column_key(person.secret, "auth"), name, passkey_place("name", *id));
  EVC_CO_TRY(renamed, co_await rename_passkey(context, parts_.pool, person.account.id, *id, std::move(sealed)));
  if (!renamed) co_return fail(Code::kNotFound);
  co_return Result<void>{};
}

Task<Result<void>> Passkeys::remove(RequestContext& context, std::string passkey_id) {
  const auto id = parse_uuid(passkey_id);
  if (!id) co_return fail(Code::kNotFound);
  EVC_CO_TRY(person, co_await parts_.credentials.signed_in_person(context));
  // Anybody else's is not found, proof or not.
  EVC_CO_TRY(owned, co_await owns_passkey(context, parts_.pool, person.account.id, *id));
  if (!owned) co_return fail(Code::kNotFound);
  EVC_CO_CHECK(co_await need_proof(context));
  EVC_CO_TRY(transaction, co_await parts_.pool.begin(context));
  EVC_CO_CHECK(co_await lock_proved(context, transaction, person.account.id));
  EVC_CO_TRY(deleted, co_await delete_passkey(context, transaction, person.account.id, *id));
  if (!deleted) co_return fail(Code::kNotFound);
  EVC_CO_CHECK(
      co_await queue_mail(context, transaction, parts_.mail_key, notice_mail(person.email, Notice::kPasskeyDeleted)));
  EVC_CO_CHECK(co_await write_audit(context, transaction, of_owner(person, AuditAction::kPasskeyDeleted)));
  co_return co_await transaction.commit(context);
}

}  // namespace evc::auth_service
