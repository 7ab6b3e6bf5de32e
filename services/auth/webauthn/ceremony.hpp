// The two ceremonies of WebAuthn Level 3 as decisions, free of I/O and clocks: §7.1 (a new passkey) and §7.2 (a sign-in
// with one). Whoever calls has found the challenge and used it up. Every refusal is bad-request with the reason, which
// is for the log. User presence and verification are required; attestation is read and not trusted.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "kit/base/result.hpp"

namespace evc::auth_service {

struct RelyingParty {
  std::string id;                    // a domain; passkeys hold for it alone
  std::vector<std::string> origins;  // whose pages and apps may ask, exactly as clients write them
};

enum class Ceremony { kRegistration, kSignIn };
// What the client says about the ceremony; it is covered by the signature. At most 4 KiB.
struct ClientData {
  std::string challenge;  // bytes
};
// Of this kind of ceremony, at one of the origins, in no frame of somebody else's page.
Result<ClientData> judge_client_data(const RelyingParty& party, Ceremony ceremony, std::string_view client_data_json);

struct NewPasskey {
  std::string credential_id;  // 16 to 1023 bytes
  std::string public_key;     // COSE, as it came
  std::uint32_t sign_count = 0;
  bool backup_eligible = false;  // it may live on several devices
  bool backed_up = false;        // and does
};
// After judge_client_data().
Result<NewPasskey> judge_registration(const RelyingParty& party, std::string_view attestation_object);

struct KnownPasskey {
  std::string public_key;
  std::uint32_t sign_count = 0;
  bool backup_eligible = false;
};
struct Assertion {
  std::string client_data_json, authenticator_data, signature;
};
struct SignInVerdict {
  std::uint32_t sign_count = 0;
  bool backed_up = false;
  // The counter did not go on: there may be a second copy of a key that cannot be copied.
  bool counter_went_back = false;
};
// After judge_client_data().
Result<SignInVerdict> judge_assertion(const RelyingParty& party, const KnownPasskey& known, const Assertion& assertion);

}  // namespace evc::auth_service
