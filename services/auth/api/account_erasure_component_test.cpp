// Records and erasure of accounts on the real PostgreSQL: what is told, what is gone afterwards, and what a restored
// backup cannot bring back.
#include "services/auth/api/account_erasure.hpp"

#include <gtest/gtest.h>

#include "kit/base/bytes.hpp"
#include "kit/testing/temporary_folder.hpp"
#include "services/auth/api/account_records.hpp"
#include "services/auth/api/databases_fixture_test.hpp"

namespace evc::auth_service {
namespace {

using namespace std::chrono_literals;

constexpr const char* kEmail = "ana@example.org";

class AccountErasureTest : public DatabasesFixture {
 protected:
  AccountErasureTest() : DatabasesFixture({.size = 4}) {
    keys_.emplace(*pool_, key_);
    issuer_.emplace(settings_, *keys_, *pool_, *keystore_, key_);
    requests_.emplace(AccountRequests::Parts{.pool = *pool_,
                                             .keystore = *keystore_,
                                             .settings = settings_,
                                             .index_key = key_,
                                             .keystore_key = key_,
                                             .mail_key = key_,
                                             .request_key = key_});
    records_.emplace(*pool_, *issuer_);
    erasure_.emplace(AccountErasure::Parts{.pool = *pool_,
                                           .keystore = *keystore_,
                                           .requests = *requests_,
                                           .keystore_key = key_,
                                           .tombstone_file = folder_.path("tombstones")});
    context_.deadline = context_.clock->steady() + 60s;
    EXPECT_TRUE(run(keys_->refresh(context_)));
    ana_ = sign_up(kEmail);
  }

  void ask(AccountRequestKind kind, const std::string& email, std::optional<Uuid> account = {}) {
    const bool registers = kind == AccountRequestKind::kRegistration;
    ASSERT_TRUE(
        run(requests_->take(context_, {.kind = kind,
                                       .email = email,
                                       .name = registers ? std::optional<std::string>("Ana Souza") : std::nullopt,
                                       .password_hash = registers ? std::optional<std::string>("hash") : std::nullopt,
                                       .account_id = account,
                                       .proved = account ? std::optional<std::string>("hash") : std::nullopt})));
  }
  // Registered, verified, signed in once.
  Uuid sign_up(const std::string& email) {
    ask(AccountRequestKind::kRegistration, email);
    EXPECT_TRUE(run(requests_->answer_due(context_)));
    accounts_.query("UPDATE account SET state = 'active'");
    const Uuid id = *parse_uuid(accounts_.value("SELECT id FROM account ORDER BY created_at DESC LIMIT 1"));
    sign_in(id);
    return id;
  }
  Result<TokenPair> sign_in(const Uuid& id) {
    auto account = run(find_account(context_, *pool_, id)).value();
    if (!account) return fail(Code::kNotFound);
    auto secret = run(issuer_->person_secret(context_, id));
    if (!secret) return std::unexpected(secret.error());
    return run(issuer_->open_session(context_, *account, *secret, "Firefox, Linux"));
  }
  std::string count(const std::string& table) { return accounts_.value("SELECT count(*) FROM " + table); }
  std::string people() { return keystore_database_.value("SELECT count(*) FROM person"); }
  void send_all_mail() { accounts_.query("UPDATE mail SET sent_at = now(), sealed = ''"); }

  SealKey key_{random_bytes(32)};
  AuthSettings settings_{.issuer = "https://localhost:8443"};
  evc::testing::TemporaryFolder folder_;
  std::optional<KeyRing> keys_;
  std::optional<TokenIssuer> issuer_;
  std::optional<AccountRequests> requests_;
  std::optional<AccountRecords> records_;
  std::optional<AccountErasure> erasure_;
  RequestContext context_;
  Uuid ana_;
};

TEST_F(AccountErasureTest, RecordsTellEverythingButSecrets) {
  ask(AccountRequestKind::kEmailChange, "nova@example.org", ana_);
  ASSERT_TRUE(run(requests_->answer_due(context_)));
  accounts_.query("INSERT INTO second_factor VALUES ('" + to_string(ana_) + "', 'sealed', now(), now())");
  accounts_.query("INSERT INTO recovery_code VALUES ('" + to_string(ana_) + "', 'a'), ('" + to_string(ana_) +
                  "', 'b')");
  accounts_.query("UPDATE recovery_code SET used_at = now() WHERE hash = 'a'");
  ASSERT_TRUE(sign_in(ana_));
  accounts_.query(
      "UPDATE session SET revoked_at = now(), revoked_reason = 'logout' WHERE id = (SELECT id FROM session "
      "ORDER BY created_at LIMIT 1)");
  const AccountRecord record = run(records_->read(context_, ana_)).value();
  EXPECT_EQ(record.email, kEmail);
  EXPECT_EQ(record.name, "Ana Souza");
  EXPECT_EQ(record.state, "active");
  EXPECT_TRUE(record.pseudonym.starts_with("p1."));
  ASSERT_EQ(record.sessions.size(), 2U) << "those that have ended, too";
  EXPECT_EQ(record.sessions.at(0).device, "Firefox, Linux");
  EXPECT_EQ(record.sessions.at(0).end_reason, "logout");
  EXPECT_FALSE(record.sessions.at(1).ended_at);
  EXPECT_EQ(record.verifications.size(), 1U);
  ASSERT_EQ(record.mailed_codes.size(), 1U);
  EXPECT_EQ(record.mailed_codes.at(0).email, "nova@example.org");
  EXPECT_EQ(record.second_factor.state, "on");
  EXPECT_EQ(record.second_factor.recovery_codes_left, 1);
  ASSERT_EQ(record.audit.size(), 2U);
  EXPECT_EQ(record.audit.at(0).action, "session.begun");
  const std::string text = json::encode_text(record);
  for (const char* secret : {"hash", "sealed"}) EXPECT_EQ(text.find(secret), std::string::npos) << text;
  EXPECT_EQ(run(records_->read(context_, uuid_v7())).error().code, Code::kNotFound);
}

TEST_F(AccountErasureTest, NothingBeginsInAFrozenAccountAndThatCanBeTakenBack) {
  const TokenPair before = sign_in(ana_).value();
  const std::string pseudonym = run(erasure_->freeze(context_, ana_)).value();
  EXPECT_EQ(pseudonym, run(records_->read(context_, ana_)).value().pseudonym);
  EXPECT_EQ(run(issuer_->refresh(context_, before.refresh_token)).error().code, Code::kRefreshTokenInvalid);
  EXPECT_EQ(sign_in(ana_).error().code, Code::kCredentialsInvalid);
  EXPECT_EQ(count("denied"), "2") << "access tokens of both sessions";
  EXPECT_EQ(run(erasure_->freeze(context_, ana_)).value(), pseudonym) << "frozen stays frozen";
  ASSERT_TRUE(run(erasure_->unfreeze(context_, ana_)));
  EXPECT_TRUE(sign_in(ana_));
  EXPECT_EQ(run(erasure_->freeze(context_, uuid_v7())).error().code, Code::kNotFound);
  accounts_.query("UPDATE account SET state = 'locked'");
  EXPECT_EQ(run(erasure_->freeze(context_, ana_)).error().code, Code::kConflict);
  ASSERT_TRUE(run(erasure_->unfreeze(context_, ana_)));
  EXPECT_EQ(accounts_.value("SELECT state FROM account"), "locked");
}

TEST_F(AccountErasureTest, NothingIsLeftOfOneAndTheOtherLosesNothing) {
  const Uuid bia = sign_up("bia@example.org");
  ask(AccountRequestKind::kPasswordReset, kEmail);
  ask(AccountRequestKind::kEmailChange, "nova@example.org", ana_);
  ASSERT_TRUE(run(requests_->answer_due(context_)));
  accounts_.query("INSERT INTO second_factor VALUES ('" + to_string(ana_) + "', 'sealed', now(), now())");
  accounts_.query("INSERT INTO recovery_code VALUES ('" + to_string(ana_) + "', 'a')");
  const std::string pseudonym = run(erasure_->freeze(context_, ana_)).value();
  ASSERT_TRUE(run(erasure_->freeze(context_, ana_)));
  ASSERT_TRUE(run(erasure_->erase(context_, ana_)));
  EXPECT_EQ(people(), "1");
  EXPECT_EQ(count("account"), "1");
  for (const char* table : {"session", "verification", "refresh_token"}) EXPECT_EQ(count(table), "1") << table;
  for (const char* table : {"mailed_code", "second_factor", "recovery_code"}) EXPECT_EQ(count(table), "0") << table;
  EXPECT_TRUE(sign_in(bia));
  ASSERT_TRUE(run(erasure_->erase(context_, ana_))) << "what is gone is gone";
  EXPECT_EQ(accounts_.value("SELECT string_agg(action || ' ' || actor, ', ' ORDER BY position) FROM audit_entry WHERE "
                            "subject = '" +
                            pseudonym + "' AND action LIKE '%eras%'"),
            "erasure.asked owner, account.erased auth");
  EXPECT_EQ(erasure_->erased(0).value().accounts, (std::vector<Uuid>{ana_, ana_}));
  EXPECT_EQ(folder_.read("tombstones").find(kEmail), std::string::npos);
}

TEST_F(AccountErasureTest, WhatWaitsForOneIsNeitherAnsweredNorSent) {
  send_all_mail();
  const Uuid bia = sign_up("bia@example.org");
  ask(AccountRequestKind::kPasswordReset, kEmail);
  ask(AccountRequestKind::kEmailChange, "nova@example.org", ana_);
  ASSERT_TRUE(run(requests_->answer_due(context_)));
  EXPECT_EQ(count("mail WHERE sent_at IS NULL"), "4")
      << "Bia's link, a code, word to the old address, a code to the new";
  ask(AccountRequestKind::kPasswordReset, kEmail);
  ask(AccountRequestKind::kEmailChange, "outra@example.org", ana_);
  ask(AccountRequestKind::kPasswordReset, "bia@example.org");
  ASSERT_TRUE(run(erasure_->erase(context_, ana_)));
  EXPECT_EQ(count("mail WHERE sent_at IS NULL"), "1");
  EXPECT_EQ(count("account_request"), "1");
  ASSERT_TRUE(run(requests_->answer_due(context_)));
  EXPECT_EQ(count("mailed_code WHERE account_id = '" + to_string(bia) + "'"), "1");
}

TEST_F(AccountErasureTest, TheSameAddressIsAnotherPersonAfterwards) {
  const AccountRecord before = run(records_->read(context_, ana_)).value();
  ASSERT_TRUE(run(erasure_->erase(context_, ana_)));
  const Uuid again = sign_up(kEmail);
  const AccountRecord after = run(records_->read(context_, again)).value();
  EXPECT_NE(after.account_id, before.account_id);
  EXPECT_NE(after.pseudonym, before.pseudonym);
  EXPECT_EQ(run(erasure_->replay(context_)).value(), 0U);
  EXPECT_EQ(count("account"), "1") << "a tombstone is about one life";
}

TEST_F(AccountErasureTest, WhoWasErasedIsErasedAgainAfterARestore) {
  // Yesterday's backups, of the accounts and of the keystore.
  accounts_.query("CREATE TABLE backup_account AS TABLE account; CREATE TABLE backup_session AS TABLE session");
  keystore_database_.query("CREATE TABLE backup_person AS TABLE person");
  const Uuid bia = sign_up("bia@example.org");
  ASSERT_TRUE(run(erasure_->erase(context_, ana_)));
  accounts_.query("INSERT INTO account TABLE backup_account; INSERT INTO session TABLE backup_session");
  EXPECT_EQ(run(records_->read(context_, ana_)).error().code, Code::kNotFound) << "unreadable without the secret";
  EXPECT_EQ(run(erasure_->replay(context_)).value(), 1U);
  EXPECT_EQ(count("account"), "1");
  keystore_database_.query("INSERT INTO person TABLE backup_person");
  EXPECT_EQ(run(erasure_->replay(context_)).value(), 1U) << "a secret alone is a person, too";
  EXPECT_EQ(people(), "1");
  EXPECT_EQ(run(erasure_->replay(context_)).value(), 0U);
  EXPECT_TRUE(sign_in(bia));
}

TEST_F(AccountErasureTest, WithoutATombstoneNobodyIsErased) {
  AccountErasure nowhere(AccountErasure::Parts{.pool = *pool_,
                                               .keystore = *keystore_,
                                               .requests = *requests_,
                                               .keystore_key = key_,
                                               .tombstone_file = "/proc/nowhere/tombstones"});
  EXPECT_EQ(run(nowhere.erase(context_, ana_)).error().code, Code::kServiceUnavailable);
  EXPECT_EQ(people(), "1");
  EXPECT_TRUE(sign_in(ana_));
}

}  // namespace
}  // namespace evc::auth_service
