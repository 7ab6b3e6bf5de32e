// Passkeys of people: a key in an authenticator that verifies who holds it (by finger, face or PIN) counts as password
// and second factor together. Adding and deleting one needs a proof, by password or passkey, inside the same session
// and not older than five minutes, and is told by mail. Challenges are kept here and good once. At most 20 a person.
// One per worker.
#pragma once

#include <boost/describe.hpp>
#include <initializer_list>
#include <optional>
#include <string>
#include <vector>

#include "kit/base/json.hpp"
#include "services/auth/api/credentials.hpp"
#include "services/auth/store/passkey_challenges.hpp"
#include "services/auth/store/passkeys.hpp"
#include "services/auth/webauthn/ceremony.hpp"

namespace evc::auth_service {

// Where passkeys hold, by the settings; by default the issuer's host and origin.
RelyingParty relying_party(const AuthSettings& settings);

struct PasskeyView {
  std::string passkey_id, name;
  WallTime created_at{};
  std::optional<WallTime> last_used_at;
  bool backup_eligible = false;
  bool backed_up = false;
};
BOOST_DESCRIBE_STRUCT(PasskeyView, (), (passkey_id, name, created_at, last_used_at, backup_eligible, backed_up))
struct PasskeyList {
  std::vector<PasskeyView> passkeys;
};
BOOST_DESCRIBE_STRUCT(PasskeyList, (), (passkeys))
struct PasskeyName {
  std::string name;
};
BOOST_DESCRIBE_STRUCT(PasskeyName, (), (name))
// `passkey` is what the client's PublicKeyCredential.toJSON() gives (WebAuthn §5.1): open, as the specification is.
struct PasskeyToAdd {
  std::string name;
  json::Value passkey;
};
BOOST_DESCRIBE_STRUCT(PasskeyToAdd, (), (name, passkey))
struct PasskeyToUse {
  json::Value passkey;
};
BOOST_DESCRIBE_STRUCT(PasskeyToUse, (), (passkey))
// Bytes in base64url at a path inside it; validation-failed at the pointer to what is missing or is none.
Result<std::string> passkey_bytes(const json::Value& passkey, std::initializer_list<std::string_view> path);
struct ProofRequest {
  std::optional<std::string> password, code;
  std::optional<json::Value> passkey;
};
BOOST_DESCRIBE_STRUCT(ProofRequest, (), (password, code, passkey))

class Passkeys {
 public:
  static constexpr std::int64_t kLimit = 20;
  static constexpr std::chrono::minutes kChallengeLife{5};
  static constexpr std::chrono::minutes kProofLife{5};

  struct Parts {
    postgres::Pool& pool;
    TokenIssuer& issuer;
    SignInThrottle& throttle;
    Credentials& credentials;
    Worker& worker;
    RelyingParty party;
    SealKey index_key;  // of credential ids
    SealKey mail_key;   // seals queued mails
  };
  explicit Passkeys(Parts parts) : parts_(std::move(parts)) {}

  // The session of the token that asks has just proved whose it is. credentials-invalid; validation-failed unless there
  // is either a password or a passkey, or a second factor's code is missing.
  Task<Result<void>> prove(RequestContext& context, ProofRequest request);
  // PublicKeyCredentialCreationOptionsJSON. proof-needed.
  Task<Result<json::Object>> begin_registration(RequestContext& context);
  // validation-failed at /passkey for what the ceremony refuses, conflict for one too many or one that is known,
  // proof-needed when the proof is too old by now.
  Task<Result<PasskeyView>> add(RequestContext& context, PasskeyToAdd request);
  Task<Result<PasskeyList>> list(RequestContext& context);
  // not-found for what is not the person's own.
  Task<Result<void>> rename(RequestContext& context, std::string passkey_id, std::string name);
  Task<Result<void>> remove(RequestContext& context, std::string passkey_id);

  // PublicKeyCredentialRequestOptionsJSON, but for the challenge the same for everybody. What is signed for one is not
  // good for the other; a proof's is asked for and given in one session.
  Task<Result<json::Object>> begin_sign_in(RequestContext& context);
  Task<Result<json::Object>> begin_proof(RequestContext& context);
  // As Credentials::login() answers. credentials-invalid for whatever is wrong.
  Task<Result<SignedIn>> sign_in(RequestContext& context, PasskeyToUse request, Origin origin);

 private:
  struct Presented {
    std::string credential_id, user_handle;
    Assertion assertion;
  };
  static Result<Presented> read_assertion(const json::Value& passkey);
  Task<Result<std::string>> new_challenge(RequestContext& context, ChallengePurpose purpose,
                                          std::optional<Uuid> session_id);
  Task<Result<bool>> use_challenge(RequestContext& context, std::string challenge, ChallengePurpose purpose,
                                   std::optional<Uuid> session_id);
  json::Object request_options(const std::string& challenge) const;
  // proof-needed, token-invalid when the session has ended.
  Task<Result<void>> need_proof(RequestContext& context);
  // The same until the commit.
  Task<Result<void>> lock_proved(RequestContext& context, postgres::Transaction& transaction, Uuid account);
  std::string index_of(const std::string& credential_id) const;
  Task<Result<PasskeyView>> store(RequestContext& context, Person person, NewPasskey made, std::string name);
  // Whose a passkey is that somebody shows: each part as far as it is there. Found by the same steps whoever it is.
  struct Candidate {
    std::optional<PasskeyRow> row;
    std::optional<Account> account;
    std::optional<SealKey> secret;
    MarkedFor marked_for;
  };
  Task<Result<Candidate>> look_up(RequestContext& context, const std::string& credential_id);
  // What the challenge was given for.
  struct Asked {
    ChallengePurpose purpose = ChallengePurpose::kSignIn;
    std::optional<Uuid> session_id;
  };
  // nullopt: refused. What is wrong is in the log.
  Task<Result<std::optional<Person>>> person_by(RequestContext& context, const Candidate& candidate,
                                                const Presented& presented, Asked asked);
  Task<Result<bool>> judge(RequestContext& context, const Person& person, const PasskeyRow& row,
                           const Presented& presented);
  // The same steps whatever was wrong.
  Task<Error> refuse(RequestContext& context, const Candidate& candidate);
  Task<Result<SignedIn>> sign_in_steps(RequestContext& context, Presented presented, Origin origin);
  Task<Result<void>> prove_by_passkey(RequestContext& context, json::Value passkey);

  Parts parts_;
};

}  // namespace evc::auth_service
