// Passkeys on the real PostgreSQL and Redis, with an authenticator in software that does whatever it is told.
#include "services/auth/api/passkeys.hpp"

#include "services/auth/api/account_erasure.hpp"
#include "services/auth/api/account_records.hpp"
#include "services/auth/api/credentials_fixture_test.hpp"
#include "services/auth/api/maintenance.hpp"
#include "services/auth/store/second_factors.hpp"
#include "services/auth/webauthn/software_authenticator_test.hpp"

namespace evc::auth_service {
namespace {

using testing::kPresent;
using testing::kVerified;
using testing::kWithCredential;
using testing::SoftwareAuthenticator;

constexpr const char* kOrigin = "https://localhost:8443";
constexpr const char* kEmail = "ana@example.org";
constexpr unsigned kGood = kPresent | kVerified;

class PasskeysTest : public CredentialsTest {
 protected:
  PasskeysTest() {
    passkeys_.emplace(parts_with(*pool_));
    sign_up(kEmail);
    ana_ = signed_in(kEmail);
  }

  Passkeys::Parts parts_with(postgres::Pool& pool) {
    return {.pool = pool,
            .issuer = *issuer_,
            .throttle = *throttle_,
            .credentials = *credentials_,
            .worker = worker_,
            .party = relying_party(settings_),
            .index_key = master_,
            .mail_key = mail_key_};
  }
  // As a reset, a change of password or `evcosta operator` does it, while `meanwhile` waits for the account's row.
  template <class T>
  Result<T> while_sessions_end(Task<Result<T>> meanwhile) {
    auto transaction = run(pool_->begin(context_));
    const Uuid id = parse_uuid(ana_.principal.subject).value();
    EXPECT_TRUE(run(lock_account(context_, *transaction, id)));
    std::optional<Result<T>> outcome;
    worker_.tasks().spawn("meanwhile", evc::testing::keep_result(std::move(meanwhile), outcome));
    EXPECT_TRUE(evc::testing::run_until(worker_, [this] {
      return accounts_.value(
                 "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND "
                 "wait_event_type = 'Lock'") != "0";
    }));
    const WallTime now = context_.clock->wall();
    EXPECT_TRUE(run(revoke_sessions_of(context_, *transaction, id, std::nullopt, "reset", now, now + 15min)));
    EXPECT_TRUE(run(transaction->commit(context_)));
    EXPECT_TRUE(evc::testing::run_until(worker_, [&outcome] { return outcome.has_value(); }));
    return std::move(*outcome);
  }
  void prove(RequestContext& context) {
    const auto proved = run(passkeys_->prove(context, {.password = kPassword, .code = {}, .passkey = {}}));
    ASSERT_TRUE(proved) << proved.error().detail;
  }
  std::string challenge_for(RequestContext& context) {
    auto options = run(passkeys_->begin_registration(context));
    EXPECT_TRUE(options);
    if (options) handle_ = base64url_decode(options->at("user").at("id").as_string()).value();
    return options ? base64url_decode(options->at("challenge").as_string()).value() : "";
  }
  static PasskeyToAdd offer(const SoftwareAuthenticator& device, const std::string& challenge,
                            const std::string& origin = kOrigin, std::uint32_t count = 0) {
    const std::string data = device.authenticator_data("localhost", kGood | kWithCredential, count);
    return {
        .name = "Chave da Ana",
        .passkey = json::Object{
            {"rawId", base64url_encode(device.credential_id)},
            {"type", "public-key"},
            {"response",
             json::Object{{"clientDataJSON",
                           base64url_encode(SoftwareAuthenticator::client_data("webauthn.create", challenge, origin))},
                          {"attestationObject", base64url_encode(SoftwareAuthenticator::attestation_object(data))}}}}};
  }
  Result<PasskeyView> add(RequestContext& context, const SoftwareAuthenticator& device, std::uint32_t count = 0) {
    return run(passkeys_->add(context, offer(device, challenge_for(context), kOrigin, count)));
  }
  static std::string challenge_in(const Result<json::Object>& options) {
    EXPECT_TRUE(options);
    return options ? base64url_decode(options->at("challenge").as_string()).value() : "";
  }
  std::string sign_in_challenge() { return challenge_in(run(passkeys_->begin_sign_in(context_))); }
  std::string prove_with(RequestContext& context, json::Value passkey) {
    return name_of(run(passkeys_->prove(context, {.password = {}, .code = {}, .passkey = std::move(passkey)})));
  }
  json::Value assertion(const SoftwareAuthenticator& device, const std::string& challenge, std::uint32_t count = 0,
                        unsigned flags = kGood) {
    const std::string client = SoftwareAuthenticator::client_data("webauthn.get", challenge, kOrigin);
    const std::string data = device.authenticator_data("localhost", flags, count);
    return json::Object{{"rawId", base64url_encode(device.credential_id)},
                        {"response", json::Object{{"clientDataJSON", base64url_encode(client)},
                                                  {"authenticatorData", base64url_encode(data)},
                                                  {"signature", base64url_encode(device.sign(data, client))},
                                                  {"userHandle", base64url_encode(handle_)}}}};
  }
  std::string sign_in(json::Value passkey) {
    return name_of(run(passkeys_->sign_in(context_, {std::move(passkey)}, somewhere())));
  }
  template <class T>
  static std::string name_of(const Result<T>& outcome) {
    return outcome ? "ok" : std::string(info(outcome.error().code).name);
  }
  std::string acts(const std::string& action) {
    return accounts_.value("SELECT count(*) FROM audit_entry WHERE action = '" + action + "'");
  }

  std::optional<Passkeys> passkeys_;
  RequestContext ana_;
  std::string handle_;
};

TEST_F(PasskeysTest, OneIsMadeNamedUsedAndDeleted) {
  EXPECT_EQ(name_of(run(passkeys_->begin_registration(ana_))), "proof-needed");
  prove(ana_);
  const SoftwareAuthenticator device;
  const auto added = add(ana_, device);
  ASSERT_TRUE(added) << added.error().fields.front().detail;
  EXPECT_EQ(added->name, "Chave da Ana");
  EXPECT_NE(mails_to(kEmail).back().find("A passkey was added"), std::string::npos);

  EXPECT_EQ(sign_in(assertion(device, sign_in_challenge())), "ok");
  EXPECT_EQ(live_sessions(), "2");
  auto list = run(passkeys_->list(ana_));
  ASSERT_EQ(list->passkeys.size(), 1u);
  EXPECT_TRUE(list->passkeys[0].last_used_at);
  EXPECT_FALSE(list->passkeys[0].backed_up);

  ASSERT_TRUE(run(passkeys_->rename(ana_, added->passkey_id, "Telefone")));
  EXPECT_EQ(run(passkeys_->list(ana_))->passkeys[0].name, "Telefone");
  EXPECT_EQ(name_of(run(passkeys_->rename(ana_, added->passkey_id, "a\nb"))), "validation-failed");
  EXPECT_EQ(name_of(run(passkeys_->rename(ana_, added->passkey_id, std::string(61, 'a')))), "validation-failed");
  std::string sixty;
  for (int i = 0; i < 60; ++i) sixty += "\U0001F511";
  EXPECT_EQ(name_of(run(passkeys_->rename(ana_, added->passkey_id, sixty))), "ok");
  ASSERT_TRUE(run(passkeys_->rename(ana_, added->passkey_id, "Telefone")));
  EXPECT_EQ(
      accounts_.value("SELECT count(*) FROM passkey WHERE position('Telefone' IN encode(name_sealed, 'escape')) > 0"),
      "0");

  ASSERT_TRUE(run(passkeys_->remove(ana_, added->passkey_id)));
  EXPECT_NE(mails_to(kEmail).back().find("A passkey of your account was deleted"), std::string::npos);
  EXPECT_EQ(sign_in(assertion(device, sign_in_challenge())), "credentials-invalid");
  EXPECT_EQ(acts("passkey.added") + acts("passkey.deleted"), "11");
}

TEST_F(PasskeysTest, ItStandsForTheSecondFactorToo) {
  prove(ana_);
  const SoftwareAuthenticator device(kCoseEdDsa);
  ASSERT_TRUE(add(ana_, device));
  const auto person = run(credentials_->prove(ana_, kPassword));
  const auto enrolment = run(second_factor_->enrol(ana_, *person));
  ASSERT_TRUE(enrolment);
  const std::string secret =
      open_sealed(column_key(person->secret, "auth"),
                  hex_decode(accounts_.value("SELECT encode(secret_sealed, 'hex') FROM second_factor")).value(),
                  second_factor_place(person->account.id))
          .value();
  ASSERT_TRUE(run(credentials_->confirm_second_factor(ana_, totp_code(secret, totp_step(clock_.wall())))));
  EXPECT_EQ(code_of(login(kEmail, kPassword)), "code needed");
  EXPECT_EQ(sign_in(assertion(device, sign_in_challenge())), "ok");
  // The password alone proves nothing any more; the passkey does.
  EXPECT_EQ(name_of(run(passkeys_->prove(ana_, {.password = kPassword, .code = {}, .passkey = {}}))),
            "validation-failed");
  clock_.offset += Passkeys::kProofLife + 1s;
  EXPECT_EQ(name_of(run(passkeys_->begin_registration(ana_))), "proof-needed");
  EXPECT_EQ(prove_with(ana_, assertion(device, challenge_in(run(passkeys_->begin_proof(ana_))))), "ok");
  EXPECT_EQ(name_of(run(passkeys_->begin_registration(ana_))), "ok");
}

TEST_F(PasskeysTest, AProofIsOfItsSessionAndShort) {
  prove(ana_);
  RequestContext other = signed_in(kEmail);
  EXPECT_EQ(name_of(run(passkeys_->begin_registration(other))), "proof-needed");
  const std::string challenge = challenge_for(ana_);
  // Another session cannot answer what was asked of this one.
  prove(other);
  const SoftwareAuthenticator device;
  EXPECT_EQ(name_of(run(passkeys_->add(other, offer(device, challenge)))), "validation-failed");
  EXPECT_EQ(name_of(run(passkeys_->add(ana_, offer(device, challenge)))), "ok") << "the try of another used nothing up";
  clock_.offset += Passkeys::kProofLife + 1s;
  EXPECT_EQ(name_of(run(passkeys_->begin_registration(ana_))), "proof-needed");
  const std::string id = run(passkeys_->list(ana_))->passkeys.at(0).passkey_id;
  EXPECT_EQ(name_of(run(passkeys_->remove(ana_, id))), "proof-needed");
  EXPECT_EQ(run(passkeys_->list(ana_))->passkeys.size(), 1u);
  EXPECT_EQ(name_of(run(passkeys_->prove(ana_, {.password = "not it", .code = {}, .passkey = {}}))),
            "credentials-invalid");
  EXPECT_EQ(name_of(run(passkeys_->prove(ana_, {}))), "validation-failed");
}

TEST_F(PasskeysTest, ASessionThatHasEndedAddsAndDeletesNone) {
  prove(ana_);
  const auto added = add(ana_, SoftwareAuthenticator());
  ASSERT_TRUE(added);
  const SoftwareAuthenticator late;
  const std::string challenge = challenge_for(ana_);
  EXPECT_EQ(name_of(while_sessions_end(passkeys_->add(ana_, offer(late, challenge)))), "token-invalid");
  EXPECT_EQ(name_of(run(passkeys_->add(ana_, offer(late, challenge)))), "token-invalid") << "and later";
  EXPECT_EQ(name_of(run(passkeys_->begin_registration(ana_))), "token-invalid");
  EXPECT_EQ(name_of(run(passkeys_->remove(ana_, added->passkey_id))), "token-invalid");
  EXPECT_EQ(accounts_.value("SELECT count(*) FROM passkey"), "1");
  ana_ = signed_in(kEmail);
  prove(ana_);
  EXPECT_EQ(name_of(while_sessions_end(passkeys_->remove(ana_, added->passkey_id))), "token-invalid");
  EXPECT_EQ(accounts_.value("SELECT count(*) FROM passkey"), "1");
}

TEST_F(PasskeysTest, TheProofIsStillRecentWhenThePasskeyComes) {
  prove(ana_);
  clock_.offset += Passkeys::kProofLife - 10s;
  const SoftwareAuthenticator device;
  const std::string challenge = challenge_for(ana_);
  clock_.offset += 20s;
  EXPECT_EQ(name_of(run(passkeys_->add(ana_, offer(device, challenge)))), "proof-needed");
  prove(ana_);
  EXPECT_EQ(name_of(run(passkeys_->add(ana_, offer(device, challenge)))), "ok") << "the answer is not used up by that";
}

TEST_F(PasskeysTest, OneConnectionIsEnough) {
  postgres::Pool one(worker_, {.conninfo = accounts_.conninfo(), .size = 1, .acquire_timeout = 500ms});
  Passkeys passkeys(parts_with(one));
  prove(ana_);
  const auto added = run(passkeys.add(ana_, offer(SoftwareAuthenticator(), challenge_for(ana_))));
  ASSERT_TRUE(added) << added.error().detail;
  EXPECT_EQ(name_of(run(passkeys.remove(ana_, added->passkey_id))), "ok");
  one.close();
}

TEST_F(PasskeysTest, WhatIsSignedForOneThingIsNotGoodForAnother) {
  prove(ana_);
  const SoftwareAuthenticator device;
  ASSERT_TRUE(add(ana_, device));
  EXPECT_EQ(prove_with(ana_, assertion(device, sign_in_challenge())), "credentials-invalid") << "of a sign-in";
  EXPECT_EQ(sign_in(assertion(device, challenge_in(run(passkeys_->begin_proof(ana_))))), "credentials-invalid");
  RequestContext other = signed_in(kEmail);
  const json::Value proof = assertion(device, challenge_in(run(passkeys_->begin_proof(ana_))));
  EXPECT_EQ(prove_with(other, proof), "credentials-invalid") << "of another session of the same person";
  EXPECT_EQ(prove_with(ana_, proof), "ok");
  EXPECT_EQ(prove_with(ana_, proof), "credentials-invalid") << "replay";
}

TEST_F(PasskeysTest, EveryRefusedSignInIsRecordedAndNoProofIsTakenForOne) {
  prove(ana_);
  const SoftwareAuthenticator device;
  ASSERT_TRUE(add(ana_, device));
  const json::Value good = assertion(device, sign_in_challenge());
  EXPECT_EQ(sign_in(good), "ok");
  EXPECT_EQ(prove_with(ana_, good), "credentials-invalid");
  EXPECT_EQ(acts("signIn.failed"), "0");
  EXPECT_EQ(sign_in(good), "credentials-invalid") << "replay";
  EXPECT_EQ(acts("signIn.failed"), "1");
  EXPECT_EQ(sign_in(assertion(SoftwareAuthenticator(), sign_in_challenge())), "credentials-invalid") << "nobody's";
  EXPECT_EQ(acts("signIn.failed"), "2");
  const Uuid id = parse_uuid(ana_.principal.subject).value();
  accounts_.value("WITH frozen AS (UPDATE account SET state = 'erasing' WHERE id = '" + to_string(id) +
                  "' RETURNING 1) SELECT count(*) FROM frozen");
  EXPECT_EQ(sign_in(assertion(device, sign_in_challenge())), "credentials-invalid") << "not active";
  EXPECT_EQ(acts("signIn.failed"), "3");
  EXPECT_EQ(accounts_.value("SELECT count(*) FROM audit_entry WHERE action = 'signIn.failed' AND subject IS NULL"),
            "1");
}

TEST_F(PasskeysTest, GuessesOfNeighboursDoNotLockAMarkedDeviceOut) {
  prove(ana_);
  const SoftwareAuthenticator device;
  ASSERT_TRUE(add(ana_, device));
  Origin origin = somewhere();
  const auto known = run(passkeys_->sign_in(context_, {assertion(device, sign_in_challenge())}, origin));
  ASSERT_TRUE(known);
  std::string last;
  for (std::int64_t i = 0; i < 4 * settings_.failures_per_address && last != "rate-limited"; ++i)
    last = name_of(run(passkeys_->sign_in(context_, {assertion(device, "x")}, origin)));
  EXPECT_EQ(last, "rate-limited");
  origin.device_mark = known->device_mark;
  EXPECT_EQ(name_of(run(passkeys_->sign_in(context_, {assertion(device, sign_in_challenge())}, origin))), "ok");
}

TEST_F(PasskeysTest, ADeletedOneBeginsNoSession) {
  prove(ana_);
  const auto added = add(ana_, SoftwareAuthenticator());
  ASSERT_TRUE(added);
  const Person person = run(credentials_->prove(ana_, kPassword)).value();
  const Uuid passkey = parse_uuid(added->passkey_id).value();
  EXPECT_EQ(name_of(run(issuer_->open_session(context_, person.account, person.secret, "Firefox, Linux", passkey))),
            "ok");
  ASSERT_TRUE(run(passkeys_->remove(ana_, added->passkey_id)));
  EXPECT_EQ(name_of(run(issuer_->open_session(context_, person.account, person.secret, "Firefox, Linux", passkey))),
            "credentials-invalid");
  EXPECT_EQ(live_sessions(), "2");
}

TEST_F(PasskeysTest, OldChallengesGoSomeThousandAtATime) {
  sign_in_challenge();
  accounts_.value(
      "WITH made AS (INSERT INTO passkey_challenge (hash, purpose, expires_at) SELECT sha256(n::text::bytea), "
      "'signIn', "
      "now() - interval '1 hour' FROM generate_series(1, 5001) n RETURNING 1) SELECT count(*) FROM made");
  EXPECT_EQ(run(delete_old_passkey_challenges(context_, *pool_, context_.clock->wall())).value(), kChallengesDeleted);
  ASSERT_TRUE(run(wipe(context_, *pool_)));
  EXPECT_EQ(accounts_.value("SELECT count(*) FROM passkey_challenge"), "1");
}

TEST_F(PasskeysTest, AChallengeIsGoodOnceAndSoon) {
  prove(ana_);
  const SoftwareAuthenticator device;
  const std::string challenge = challenge_for(ana_);
  EXPECT_EQ(name_of(run(passkeys_->add(ana_, offer(device, challenge, "https://evil.example")))), "validation-failed");
  ASSERT_TRUE(run(passkeys_->add(ana_, offer(device, challenge))));
  EXPECT_EQ(name_of(run(passkeys_->add(ana_, offer(device, challenge)))), "validation-failed") << "again";
  EXPECT_EQ(name_of(run(passkeys_->add(ana_, offer(device, sign_in_challenge())))), "validation-failed")
      << "of a sign-in";

  const std::string asked = sign_in_challenge();
  const json::Value good = assertion(device, asked);
  EXPECT_EQ(sign_in(good), "ok");
  EXPECT_EQ(sign_in(good), "credentials-invalid") << "replay";
  EXPECT_EQ(sign_in(assertion(device, random_bytes(32))), "credentials-invalid") << "made up";
  EXPECT_EQ(sign_in(assertion(device, challenge_for(ana_))), "credentials-invalid") << "of a registration";
  const std::string late = sign_in_challenge();
  const std::string used = sign_in_challenge();
  EXPECT_EQ(sign_in(assertion(device, used, 0, kPresent)), "credentials-invalid") << "not verified";
  EXPECT_EQ(sign_in(assertion(device, used)), "credentials-invalid") << "a try that failed has used it up";
  clock_.offset += Passkeys::kChallengeLife + 1s;
  EXPECT_EQ(sign_in(assertion(device, late)), "credentials-invalid");
  ASSERT_TRUE(run(wipe(context_, *pool_)));
  EXPECT_EQ(accounts_.value("SELECT count(*) FROM passkey_challenge"), "0");
}

TEST_F(PasskeysTest, ACounterThatStepsBackIsRefusedAndRecorded) {
  prove(ana_);
  const SoftwareAuthenticator device;
  ASSERT_TRUE(add(ana_, device, 7));
  EXPECT_EQ(sign_in(assertion(device, sign_in_challenge(), 8)), "ok");
  EXPECT_EQ(sign_in(assertion(device, sign_in_challenge(), 8)), "credentials-invalid");
  EXPECT_EQ(sign_in(assertion(device, sign_in_challenge(), 0)), "credentials-invalid");
  EXPECT_EQ(acts("passkey.counterWentBack"), "2");
  EXPECT_EQ(sign_in(assertion(device, sign_in_challenge(), 9)), "ok");
}

TEST_F(PasskeysTest, AnotherPersonsIsNobodysBusiness) {
  prove(ana_);
  const SoftwareAuthenticator device;
  const auto added = add(ana_, device);
  ASSERT_TRUE(added);
  const std::string handle_of_ana = handle_;
  sign_up("bia@example.org");
  RequestContext bia = signed_in("bia@example.org");
  prove(bia);
  EXPECT_EQ(name_of(run(passkeys_->rename(bia, added->passkey_id, "Minha"))), "not-found");
  EXPECT_EQ(name_of(run(passkeys_->remove(bia, added->passkey_id))), "not-found");
  EXPECT_EQ(name_of(add(bia, device)), "conflict") << "the same credential";
  const SoftwareAuthenticator hers;
  ASSERT_TRUE(add(bia, hers));
  // Her handle with Ana's credential, and Ana's passkey as a proof in her session.
  EXPECT_EQ(sign_in(assertion(device, sign_in_challenge())), "credentials-invalid");
  handle_ = handle_of_ana;
  EXPECT_EQ(prove_with(bia, assertion(device, challenge_in(run(passkeys_->begin_proof(bia))))), "credentials-invalid");
  // Ana's id with another key.
  SoftwareAuthenticator forged;
  forged.credential_id = device.credential_id;
  EXPECT_EQ(sign_in(assertion(forged, sign_in_challenge())), "credentials-invalid");
  EXPECT_EQ(sign_in(assertion(device, sign_in_challenge())), "ok");
}

TEST_F(PasskeysTest, TwentyAreTheMost) {
  prove(ana_);
  for (int i = 0; i < Passkeys::kLimit; ++i) ASSERT_TRUE(add(ana_, SoftwareAuthenticator()));
  EXPECT_EQ(name_of(add(ana_, SoftwareAuthenticator())), "conflict");
  EXPECT_EQ(run(passkeys_->begin_registration(ana_))->at("excludeCredentials").as_array().size(), 20u);
}

TEST_F(PasskeysTest, GuessesOfAnAddressAreCounted) {
  const Origin origin = somewhere();
  handle_ = "nobody";
  std::string last;
  // One more each two seconds.
  for (std::int64_t i = 0; i < 4 * settings_.failures_per_address && last != "rate-limited"; ++i)
    last = name_of(run(passkeys_->sign_in(context_, {assertion(SoftwareAuthenticator(), "x", 0)}, origin)));
  EXPECT_EQ(last, "rate-limited");
}

TEST_F(PasskeysTest, WhatIsNoAssertionIsSaidToBeNone) {
  for (const json::Value& shape :
       {json::Value(nullptr), json::Value(json::Object{}), json::Value(json::Object{{"rawId", "a="}}),
        json::Value(json::Object{{"rawId", "AAAA"}, {"response", 7}})})
    EXPECT_EQ(sign_in(shape), "validation-failed");
}

TEST_F(PasskeysTest, ExportAndErasureKnowThem) {
  prove(ana_);
  ASSERT_TRUE(add(ana_, SoftwareAuthenticator()));
  sign_in_challenge();
  challenge_for(ana_);
  AccountRecords records(*pool_, *issuer_);
  const Uuid id = parse_uuid(ana_.principal.subject).value();
  const auto record = run(records.read(context_, id));
  ASSERT_TRUE(record);
  ASSERT_EQ(record->passkeys.size(), 1u);
  EXPECT_EQ(record->passkeys[0].name, "Chave da Ana");
  AccountErasure erasure(
      AccountErasure::Parts{.pool = *pool_,
                            .keystore = *keystore_,
                            .requests = *requests_,
                            .keystore_key = master_,
                            .tombstone_file = ::testing::TempDir() + "tombstones-" + to_string(uuid_v7())});
  ASSERT_TRUE(run(erasure.freeze(context_, id)));
  ASSERT_TRUE(run(erasure.erase(context_, id)));
  EXPECT_EQ(accounts_.value("SELECT count(*) FROM passkey"), "0");
  EXPECT_EQ(accounts_.value("SELECT count(*) FROM session_proof"), "0");
  EXPECT_EQ(accounts_.value("SELECT count(*) FROM passkey_challenge WHERE purpose = 'registration'"), "0");
}

TEST(RelyingParty, IsTheIssuerUnlessTheSettingsSayOtherwise) {
  const RelyingParty usual = relying_party({.issuer = "https://costa.example:8443"});
  EXPECT_EQ(usual.id, "costa.example");
  EXPECT_EQ(usual.origins, std::vector<std::string>{"https://costa.example:8443"});
  EXPECT_EQ(relying_party({.issuer = "https://costa.example"}).id, "costa.example");
  const RelyingParty other =
      relying_party({.issuer = "https://auth.costa.example",
                     .passkey_party_id = "costa.example",
                     .passkey_origins = {"https://app.costa.example", "android:apk-key-hash:x"}});
  EXPECT_EQ(other.id, "costa.example");
  EXPECT_EQ(other.origins.size(), 2u);
}

}  // namespace
}  // namespace evc::auth_service
