#include "services/auth/webauthn/ceremony.hpp"

#include <algorithm>
#include <optional>

#include "kit/base/bytes.hpp"
#include "kit/base/json.hpp"
#include "services/auth/webauthn/credential_key.hpp"

namespace evc::auth_service {
namespace {

constexpr std::size_t kClientDataLimitBytes = 4 * 1024;
constexpr std::size_t kAuthenticatorDataLimitBytes = 8 * 1024;
constexpr std::size_t kCredentialIdMinBytes = 16;  // §4: at least 100 bits that nobody guesses
constexpr std::size_t kCredentialIdMaxBytes = 1023;

// §6.1
constexpr std::size_t kHashBytes = 32;
constexpr std::size_t kCounterBytes = 4;
constexpr std::size_t kAaguidBytes = 16;
constexpr std::size_t kLengthBytes = 2;
constexpr unsigned kUserPresent = 0x01;
constexpr unsigned kUserVerified = 0x04;
constexpr unsigned kBackupEligible = 0x08;
constexpr unsigned kBackedUp = 0x10;
constexpr unsigned kAttestedData = 0x40;
constexpr unsigned kExtensionData = 0x80;

std::unexpected<Error> refused(const char* reason) {
  return fail(Code::kBadRequest, reason);
}

struct AuthenticatorData {
  unsigned flags = 0;
  std::uint32_t sign_count = 0;
  std::string credential_id, public_key;  // of a registration
  bool has(unsigned flag) const { return (flags & flag) != 0; }
};

// Takes bytes off the front.
class Reader {
 public:
  explicit Reader(std::string_view bytes) : rest_(bytes) {}
  std::optional<std::string_view> take(std::size_t count) {
    if (rest_.size() < count) return std::nullopt;
    const std::string_view taken = rest_.substr(0, count);
    rest_.remove_prefix(count);
    return taken;
  }
  std::optional<std::uint32_t> number(std::size_t width) {
    const auto bytes = take(width);
    if (!bytes) return std::nullopt;
    std::uint32_t value = 0;
    for (const char byte : *bytes) value = value << 8U | static_cast<unsigned char>(byte);
    return value;
  }
  std::string_view rest() const { return rest_; }

 private:
  std::string_view rest_;
};

// §6.5.1: AAGUID, the length of the credential id, the id, its key.
Result<void> read_attested(Reader& reader, AuthenticatorData& data) {
  const auto aaguid = reader.take(kAaguidBytes);
  const auto length = aaguid ? reader.number(kLengthBytes) : std::nullopt;
  if (!length || *length < kCredentialIdMinBytes || *length > kCredentialIdMaxBytes)
    return refused("the credential id has not 16 to 1023 bytes");
  const auto id = reader.take(*length);
  if (!id) return refused("the authenticator data ends too early");
  EVC_TRY(key, decode_cbor_front(reader.rest()));
  EVC_CHECK(CredentialKey::from_cose(key.value));
  data.credential_id = *id;
  data.public_key = reader.take(key.length).value();
  return {};
}

Result<void> judge_flags(const AuthenticatorData& data) {
  if (!data.has(kUserPresent)) return refused("nobody was present");
  if (!data.has(kUserVerified)) return refused("the authenticator did not verify who it was");
  if (data.has(kBackedUp) && !data.has(kBackupEligible)) return refused("backed up without being eligible for it");
  return {};
}

Result<AuthenticatorData> read_authenticator_data(const RelyingParty& party, Ceremony ceremony,
                                                  std::string_view bytes) {
  if (bytes.size() > kAuthenticatorDataLimitBytes) return refused("the authenticator data is too large");
  Reader reader(bytes);
  const auto hash = reader.take(kHashBytes);
  const auto flags = hash ? reader.number(1) : std::nullopt;
  const auto count = flags ? reader.number(kCounterBytes) : std::nullopt;
  if (!count) return refused("the authenticator data ends too early");
  const Digest expected = sha256(party.id);
  if (*hash != view(expected)) return refused("the passkey is for another site");
  AuthenticatorData data{.flags = *flags, .sign_count = *count};
  EVC_CHECK(judge_flags(data));
  if (data.has(kAttestedData) != (ceremony == Ceremony::kRegistration))
    return refused("a new credential comes with a registration, and only there");
  if (data.has(kAttestedData)) EVC_CHECK(read_attested(reader, data));
  if (data.has(kExtensionData)) {
    EVC_TRY(extensions, decode_cbor_front(reader.rest()));
    if (extensions.value.kind != CborValue::Kind::kMap) return refused("the extensions are no map");
    reader.take(extensions.length);
  }
  if (!reader.rest().empty()) return refused("something follows the authenticator data");
  return data;
}

std::optional<std::string_view> text_at(const json::Object& object, std::string_view name) {
  const json::Value* value = object.if_contains(name);
  if (value == nullptr || !value->is_string()) return std::nullopt;
  return std::string_view(value->get_string());
}

bool in_a_foreign_frame(const json::Object& data) {
  const json::Value* crossed = data.if_contains("crossOrigin");
  const bool same = crossed == nullptr || (crossed->is_bool() && !crossed->get_bool());
  return !same || data.contains("topOrigin");
}

}  // namespace

Result<ClientData> judge_client_data(const RelyingParty& party, Ceremony ceremony, std::string_view client_data_json) {
  if (client_data_json.size() > kClientDataLimitBytes) return refused("the client data is too large");
  const auto parsed = json::parse(client_data_json);
  if (!parsed || !parsed->is_object()) return refused("the client data is no JSON object");
  const json::Object& data = parsed->get_object();
  const std::string_view type = ceremony == Ceremony::kRegistration ? "webauthn.create" : "webauthn.get";
  if (text_at(data, "type") != type) return refused("the client data is of another ceremony");
  const auto origin = text_at(data, "origin");
  if (!origin || std::ranges::find(party.origins, *origin) == party.origins.end())
    return refused("the origin is none of ours");
  if (in_a_foreign_frame(data)) return refused("asked from inside somebody else's page");
  const auto challenge = text_at(data, "challenge");
  auto bytes = challenge ? base64url_decode(*challenge) : std::nullopt;
  if (!bytes || bytes->empty()) return refused("the challenge is not base64url");
  return ClientData{.challenge = std::move(*bytes)};
}

Result<NewPasskey> judge_registration(const RelyingParty& party, std::string_view attestation_object) {
  EVC_TRY(object, decode_cbor(attestation_object));
  const CborValue* format = object.find("fmt");
  const CborValue* statement = object.find("attStmt");
  const CborValue* data = object.find("authData");
  constexpr std::size_t kMembers = 3;
  if (object.items.size() != 2 * kMembers || format == nullptr || format->kind != CborValue::Kind::kText ||
      statement == nullptr || data == nullptr || data->kind != CborValue::Kind::kBytes)
    return refused("the attestation object is not fmt, attStmt and authData");
  const bool empty = statement->kind == CborValue::Kind::kMap && statement->items.empty();
  if (format->bytes == "none" && !empty) return refused("no attestation, and yet a statement");
  EVC_TRY(read, read_authenticator_data(party, Ceremony::kRegistration, data->bytes));
  return NewPasskey{.credential_id = std::move(read.credential_id),
                    .public_key = std::move(read.public_key),
                    .sign_count = read.sign_count,
                    .backup_eligible = read.has(kBackupEligible),
                    .backed_up = read.has(kBackedUp)};
}

Result<SignInVerdict> judge_assertion(const RelyingParty& party, const KnownPasskey& known,
                                      const Assertion& assertion) {
  EVC_TRY(data, read_authenticator_data(party, Ceremony::kSignIn, assertion.authenticator_data));
  EVC_TRY(cose, decode_cbor(known.public_key));
  EVC_TRY(key, CredentialKey::from_cose(cose));
  const Digest client_data_hash = sha256(assertion.client_data_json);
  if (!key.verifies(assertion.authenticator_data + std::string(view(client_data_hash)), assertion.signature))
    return refused("the signature is wrong");
  // §7.2: eligibility never changes in the life of a credential.
  if (data.has(kBackupEligible) != known.backup_eligible) return refused("the eligibility for backups has changed");
  const bool counts = data.sign_count != 0 || known.sign_count != 0;
  return SignInVerdict{.sign_count = data.sign_count,
                       .backed_up = data.has(kBackedUp),
                       .counter_went_back = counts && data.sign_count <= known.sign_count};
}

}  // namespace evc::auth_service
