#include "services/auth/webauthn/ceremony.hpp"

#include <gtest/gtest.h>

#include "services/auth/webauthn/software_authenticator_test.hpp"

namespace evc::auth_service {
namespace {

using namespace testing;

const RelyingParty kParty{.id = "localhost", .origins = {"https://localhost:8443", "android:apk-key-hash:abc"}};
const std::string kChallenge = "thirty-two bytes of a challenge!";
constexpr unsigned kGood = kPresent | kVerified;

std::string answer(const Result<ClientData>& outcome) {
  return outcome ? "taken" : outcome.error().detail;
}
std::string client_data(const std::string& type, const std::string& origin, const std::string& more = "") {
  return SoftwareAuthenticator::client_data(type, kChallenge, origin, more);
}

TEST(ClientData, IsOfThisCeremonyAndOrigin) {
  const std::string good = client_data("webauthn.create", "https://localhost:8443", R"(,"crossOrigin":false,"new":{})");
  const auto judged = judge_client_data(kParty, Ceremony::kRegistration, good);
  ASSERT_TRUE(judged) << judged.error().detail;
  EXPECT_EQ(judged->challenge, kChallenge);
  EXPECT_EQ(
      answer(judge_client_data(kParty, Ceremony::kSignIn, client_data("webauthn.get", "android:apk-key-hash:abc"))),
      "taken");
  const std::string ours = "https://localhost:8443";
  for (const auto& [text, why] : std::initializer_list<std::pair<std::string, std::string>>{
           {client_data("webauthn.get", ours), "the client data is of another ceremony"},
           {client_data("payment.get", ours), "the client data is of another ceremony"},
           {R"({"challenge":"AAAA","origin":"https://localhost:8443"})", "the client data is of another ceremony"},
           {client_data("webauthn.create", "https://localhost"), "the origin is none of ours"},
           {client_data("webauthn.create", "https://localhost:8443/"), "the origin is none of ours"},
           {client_data("webauthn.create", "http://localhost:8443"), "the origin is none of ours"},
           {client_data("webauthn.create", "https://localhost:8443.evil.example"), "the origin is none of ours"},
           {client_data("webauthn.create", "HTTPS://LOCALHOST:8443"), "the origin is none of ours"},
           {client_data("webauthn.create", ours, R"(,"crossOrigin":true)"), "asked from inside somebody else's page"},
           {client_data("webauthn.create", ours, R"(,"crossOrigin":"no")"), "asked from inside somebody else's page"},
           {client_data("webauthn.create", ours, R"(,"topOrigin":"https://evil.example")"),
            "asked from inside somebody else's page"},
           {client_data("webauthn.create", ours, R"(,"origin":"https://evil.example")"),
            "the client data is no JSON object"},
           {R"({"type":"webauthn.create","challenge":"A=","origin":"https://localhost:8443"})",
            "the challenge is not base64url"},
           {R"({"type":"webauthn.create","challenge":"","origin":"https://localhost:8443"})",
            "the challenge is not base64url"},
           {R"({"type":"webauthn.create","challenge":7,"origin":"https://localhost:8443"})",
            "the challenge is not base64url"},
           {"[]", "the client data is no JSON object"},
           {"", "the client data is no JSON object"},
           {good + "x", "the client data is no JSON object"},
           {good.substr(0, good.size() - 1), "the client data is no JSON object"},
           {client_data("webauthn.create", ours, ",\"pad\":\"" + std::string(4096, 'x') + '"'),
            "the client data is too large"}})
    EXPECT_EQ(answer(judge_client_data(kParty, Ceremony::kRegistration, text)), why) << text;
}

class Registration : public ::testing::Test {
 protected:
  std::string data(unsigned flags) const { return device_.authenticator_data("localhost", flags | kWithCredential, 0); }
  static std::string judged(const std::string& object) {
    const auto outcome = judge_registration(kParty, object);
    return outcome ? "taken" : outcome.error().detail;
  }
  static std::string judged_data(const std::string& data) {
    return judged(SoftwareAuthenticator::attestation_object(data));
  }
  SoftwareAuthenticator device_;
};

TEST_F(Registration, GivesTheCredential) {
  for (const std::int64_t algorithm : kCoseAlgorithms) {
    const SoftwareAuthenticator device(algorithm);
    const std::string data =
        device.authenticator_data("localhost", kGood | kWithCredential | kMayBeBackedUp | kIsBackedUp, 7);
    const auto made = judge_registration(kParty, SoftwareAuthenticator::attestation_object(data));
    ASSERT_TRUE(made) << made.error().detail;
    EXPECT_EQ(made->credential_id, device.credential_id);
    EXPECT_EQ(made->public_key, device.cose_key());
    EXPECT_EQ(made->sign_count, 7u);
    EXPECT_TRUE(made->backup_eligible);
    EXPECT_TRUE(made->backed_up);
  }
}

TEST_F(Registration, AttestationIsReadAndNotTrusted) {
  const std::string statement =
      cbor_head(5, 2) + cbor_text("alg") + cbor_number(-7) + cbor_text("sig") + cbor_bytes("no signature");
  EXPECT_EQ(judged(SoftwareAuthenticator::attestation_object(data(kGood), "packed", statement)), "taken");
  EXPECT_EQ(judged(SoftwareAuthenticator::attestation_object(data(kGood), "none", statement)),
            "no attestation, and yet a statement");
  EXPECT_EQ(judged(SoftwareAuthenticator::attestation_object(data(kGood)) + '\0'), "CBOR: something follows it");
  EXPECT_EQ(judged(cbor_head(5, 1) + cbor_text("authData") + cbor_bytes(data(kGood))),
            "the attestation object is not fmt, attStmt and authData");
  EXPECT_EQ(judged(cbor_number(1)), "the attestation object is not fmt, attStmt and authData");
}

TEST_F(Registration, ExtensionsAreReadAndNotUsed) {
  const std::string some = cbor_head(5, 1) + cbor_text("credProtect") + cbor_number(2);
  EXPECT_EQ(judged_data(data(kGood | kWithExtensions) + some), "taken");
  EXPECT_EQ(judged_data(data(kGood | kWithExtensions) + some + '\0'), "something follows the authenticator data");
  EXPECT_EQ(judged_data(data(kGood | kWithExtensions) + cbor_number(1)), "the extensions are no map");
  EXPECT_EQ(judged_data(data(kGood | kWithExtensions)), "CBOR: ends too early");
}

TEST_F(Registration, RefusesWhatIsHostile) {
  EXPECT_EQ(judged_data(device_.authenticator_data("evil.example", kGood | kWithCredential, 0)),
            "the passkey is for another site");
  EXPECT_EQ(judged_data(data(kVerified)), "nobody was present");
  EXPECT_EQ(judged_data(data(kPresent)), "the authenticator did not verify who it was");
  EXPECT_EQ(judged_data(data(kGood | kIsBackedUp)), "backed up without being eligible for it");
  EXPECT_EQ(judged_data(device_.authenticator_data("localhost", kGood, 0)),
            "a new credential comes with a registration, and only there");
  EXPECT_EQ(judged_data(data(kGood) + "x"), "something follows the authenticator data");
  device_.credential_id = std::string(15, 'i');
  EXPECT_EQ(judged_data(data(kGood)), "the credential id has not 16 to 1023 bytes");
  device_.credential_id = std::string(1023, 'i');
  EXPECT_EQ(judged_data(data(kGood)), "taken");
  device_.credential_id = std::string(1024, 'i');
  EXPECT_EQ(judged_data(data(kGood)), "the credential id has not 16 to 1023 bytes");
}

TEST_F(Registration, RefusesWhatIsCutOff) {
  const std::string whole = data(kGood);
  for (std::size_t length = 0; length < whole.size(); ++length)
    EXPECT_NE(judged_data(whole.substr(0, length)), "taken") << length;
  const std::string object = SoftwareAuthenticator::attestation_object(whole);
  for (std::size_t length = 0; length < object.size(); ++length)
    EXPECT_NE(judged(object.substr(0, length)), "taken") << length;
}

TEST_F(Registration, RefusesKeysThatWereNotAskedFor) {
  const std::string point = hex_decode("6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296").value();
  const std::string y = hex_decode("4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5").value();
  const auto judged_key = [this](const std::string& key) {
    return judged_data(device_.authenticator_data("localhost", kGood | kWithCredential, 0, key));
  };
  EXPECT_EQ(judged_key(SoftwareAuthenticator::ec_cose_key(-7, 1, point, y)), "taken");
  const std::string shape = "the public key: ES256 goes with an uncompressed point of P-256 and nothing else";
  const std::string unknown = "the public key: its algorithm is none of those that were offered";
  EXPECT_EQ(judged_key(SoftwareAuthenticator::ec_cose_key(-7, 1, point, point)),
            "the public key: the point is not on the curve");
  EXPECT_EQ(judged_key(SoftwareAuthenticator::ec_cose_key(-7, 1, std::string(32, '\0'), std::string(32, '\0'))),
            "the public key: the point is not on the curve");
  EXPECT_EQ(judged_key(SoftwareAuthenticator::ec_cose_key(-7, 1, point.substr(1), y)), shape);
  EXPECT_EQ(judged_key(SoftwareAuthenticator::ec_cose_key(-7, 2, point, y)), shape);
  EXPECT_EQ(judged_key(SoftwareAuthenticator::ec_cose_key(-8, 1, point, y)),
            "the public key: EdDSA goes with a point of Ed25519 and nothing else");
  EXPECT_EQ(judged_key(SoftwareAuthenticator::ec_cose_key(-35, 1, point, y)), unknown);
  EXPECT_EQ(judged_key(SoftwareAuthenticator::ec_cose_key(-65535, 1, point, y)), unknown);
  EXPECT_EQ(judged_key(cbor_head(5, 0)), "the public key: it names no algorithm");
  std::string more = SoftwareAuthenticator::ec_cose_key(-7, 1, point, y) + cbor_number(4) + cbor_number(1);
  more.front() = '\xA6';
  EXPECT_EQ(judged_key(more), shape);
  std::string longer = SoftwareAuthenticator::ec_cose_key(-7, 1, point, y);
  longer.insert(2, 1, '\x18');  // the key type in two bytes
  EXPECT_EQ(judged_key(longer), "CBOR: longer than it need be");
  const SoftwareAuthenticator small(kCoseRs256, 1024);
  EXPECT_EQ(judged_key(small.cose_key()), "the public key: the modulus has less than 2048 bits");
  const auto rsa = [](const std::string& n, const std::string& e) {
    return cbor_head(5, 4) + cbor_number(1) + cbor_number(3) + cbor_number(3) + cbor_number(-257) + cbor_number(-1) +
           cbor_bytes(n) + cbor_number(-2) + cbor_bytes(e);
  };
  const std::string odd = std::string(256, '\xFF');
  const std::string unusable = "the public key: modulus and exponent are odd, and the exponent more than one";
  EXPECT_EQ(judged_key(rsa(odd, "\x01")), unusable);
  EXPECT_EQ(judged_key(rsa(odd, "\x02")), unusable);
  EXPECT_EQ(judged_key(rsa(std::string(256, '\xFE'), "\x03")), unusable);
  const std::string sizes =
      "the public key: RS256 goes with a modulus of at most 4096 bits, an exponent of at most 32, and nothing else";
  EXPECT_EQ(judged_key(rsa(std::string(513, '\xFF'), "\x03")), sizes);
  EXPECT_EQ(judged_key(rsa(odd, std::string(5, '\x03'))), sizes);
}

class SignIn : public ::testing::Test {
 protected:
  static KnownPasskey known(const SoftwareAuthenticator& device, std::uint32_t count = 0) {
    return {.public_key = device.cose_key(), .sign_count = count, .backup_eligible = false};
  }
  static Assertion signed_by(const SoftwareAuthenticator& device, unsigned flags, std::uint32_t count,
                             const std::string& party = "localhost") {
    Assertion made{.client_data_json = client_data("webauthn.get", "https://localhost:8443"),
                   .authenticator_data = device.authenticator_data(party, flags, count)};
    made.signature = device.sign(made.authenticator_data, made.client_data_json);
    return made;
  }
  static std::string judged(const KnownPasskey& known, const Assertion& assertion) {
    const auto outcome = judge_assertion(kParty, known, assertion);
    if (!outcome) return outcome.error().detail;
    return outcome->counter_went_back ? "counter" : "taken";
  }
  SoftwareAuthenticator device_;
};

TEST_F(SignIn, TakesASignatureOfEachKind) {
  for (const std::int64_t algorithm : kCoseAlgorithms) {
    const SoftwareAuthenticator device(algorithm);
    Assertion good = signed_by(device, kGood, 3);
    EXPECT_EQ(judged(known(device), good), "taken");
    for (std::size_t bit = 0; bit < 8 * good.signature.size(); ++bit) {
      Assertion other = good;
      other.signature[bit / 8] = static_cast<char>(other.signature[bit / 8] ^ (1 << bit % 8));
      EXPECT_EQ(judged(known(device), other), "the signature is wrong") << algorithm << " " << bit;
    }
    good.signature += '\0';
    EXPECT_EQ(judged(known(device), good), "the signature is wrong") << "something behind it";
    good.signature.clear();
    EXPECT_EQ(judged(known(device), good), "the signature is wrong") << "none";
  }
}

TEST_F(SignIn, CoversWhatTheClientSaid) {
  Assertion other = signed_by(device_, kGood, 1);
  other.client_data_json = client_data("webauthn.get", "https://localhost:8443", R"(,"crossOrigin":false)");
  EXPECT_EQ(judged(known(device_), other), "the signature is wrong");
  const SoftwareAuthenticator stranger;
  EXPECT_EQ(judged(known(stranger), signed_by(device_, kGood, 1)), "the signature is wrong");
}

TEST_F(SignIn, RefusesWhatIsHostile) {
  EXPECT_EQ(judged(known(device_), signed_by(device_, kPresent, 1)), "the authenticator did not verify who it was");
  EXPECT_EQ(judged(known(device_), signed_by(device_, kVerified, 1)), "nobody was present");
  EXPECT_EQ(judged(known(device_), signed_by(device_, kGood, 1, "evil.example")), "the passkey is for another site");
  EXPECT_EQ(judged(known(device_), signed_by(device_, kGood | kWithCredential, 1)),
            "a new credential comes with a registration, and only there");
  EXPECT_EQ(judged(known(device_), signed_by(device_, kGood | kIsBackedUp, 1)),
            "backed up without being eligible for it");
  EXPECT_EQ(judged(known(device_), signed_by(device_, kGood | kMayBeBackedUp, 1)),
            "the eligibility for backups has changed");
  const Assertion good = signed_by(device_, kGood, 1);
  for (std::size_t length = 0; length < good.authenticator_data.size(); ++length) {
    Assertion cut = good;
    cut.authenticator_data.resize(length);
    EXPECT_NE(judged(known(device_), cut), "taken");
  }
}

// ECDSA: (r, n − s) is as good a signature as (r, s), and WebAuthn takes both; the other forms of the same numbers it
// does not. Ed25519: S + L is refused.
TEST_F(SignIn, TheSameSignatureInAnotherFormIsNone) {
  Assertion good = signed_by(device_, kGood, 1);
  std::string padded = good.signature;  // r with a zero in front that DER does not have
  padded.insert(4, 1, '\0');
  padded[3] = static_cast<char>(padded[3] + 1);
  padded[1] = static_cast<char>(padded[1] + 1);
  good.signature = padded;
  EXPECT_EQ(judged(known(device_), good), "the signature is wrong");
  const SoftwareAuthenticator edwards(kCoseEdDsa);
  Assertion other = signed_by(edwards, kGood, 1);
  const std::string order = hex_decode("edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010").value();
  unsigned carry = 0;
  for (std::size_t i = 0; i < order.size(); ++i) {
    carry += static_cast<unsigned char>(other.signature[32 + i]) + static_cast<unsigned char>(order[i]);
    other.signature[32 + i] = static_cast<char>(carry & 0xFFU);
    carry >>= 8U;
  }
  EXPECT_EQ(judged(known(edwards), other), "the signature is wrong");
}

TEST_F(SignIn, TheCounterGoesOn) {
  EXPECT_EQ(judged(known(device_, 0), signed_by(device_, kGood, 0)), "taken") << "it has none";
  EXPECT_EQ(judged(known(device_, 0), signed_by(device_, kGood, 1)), "taken");
  EXPECT_EQ(judged(known(device_, 5), signed_by(device_, kGood, 6)), "taken");
  EXPECT_EQ(judged(known(device_, 5), signed_by(device_, kGood, 5)), "counter");
  EXPECT_EQ(judged(known(device_, 5), signed_by(device_, kGood, 4)), "counter");
  EXPECT_EQ(judged(known(device_, 5), signed_by(device_, kGood, 0)), "counter");
  EXPECT_EQ(judged(known(device_, 0xFFFFFFFE), signed_by(device_, kGood, 0xFFFFFFFF)), "taken");
}

}  // namespace
}  // namespace evc::auth_service
