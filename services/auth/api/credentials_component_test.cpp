// Registration, sign-in and its limits, and sessions.
#include <gtest/gtest.h>

#include <map>

#include "services/auth/api/credentials_fixture_test.hpp"
#include "services/auth/api/maintenance.hpp"

namespace evc::auth_service {
namespace {

TEST_F(CredentialsTest, RegistrationLooksAtNothingAndMailsSayWhatHappened) {
  const RegisterRequest request{"ana@example.org", kPassword, "Ana"};
  ASSERT_TRUE(run(credentials_->register_account(context_, request)));
  EXPECT_EQ(accounts_.value("SELECT count(*) FROM account"), "0") << "nobody has looked before the answer";
  const auto first = mails_to("ana@example.org");
  ASSERT_EQ(first.size(), 1U);
  EXPECT_EQ(accounts_.value("SELECT count(*) FROM account_request"), "0");
  EXPECT_EQ(code_of(login("ana@example.org", kPassword)), "credentials-invalid") << "not verified yet";
  ASSERT_TRUE(run(credentials_->register_account(context_, request)));
  EXPECT_NE(mails_to("ana@example.org").back().find("/auth/verify?token="), std::string::npos);
  ASSERT_TRUE(run(credentials_->verify(context_, secret_in(first[0]))));
  ASSERT_TRUE(run(credentials_->register_account(context_, request)));
  EXPECT_EQ(mails_to("ana@example.org").back().find("/auth/verify?token="), std::string::npos);
  EXPECT_EQ(accounts_.value("SELECT count(*) FROM account"), "1");
  EXPECT_EQ(code_of(login("ana@example.org", kPassword)), "ok");
}

TEST_F(CredentialsTest, EachLinkActivatesThePasswordThatWasAskedForWithIt) {
  constexpr const char* kMallorys = "a-senha-do-mallory-aqui";
  ASSERT_TRUE(run(credentials_->register_account(context_, {"ana@example.org", kMallorys, "Mallory"})));
  mails_to("ana@example.org");
  ASSERT_TRUE(run(credentials_->register_account(context_, {"ana@example.org", kPassword, "Ana"})));
  const auto mails = mails_to("ana@example.org");
  ASSERT_EQ(mails.size(), 2U);
  ASSERT_TRUE(run(credentials_->verify(context_, secret_in(mails[1]))));
  EXPECT_EQ(code_of(login("ana@example.org", kMallorys)), "credentials-invalid");
  EXPECT_EQ(code_of(login("ana@example.org", kPassword)), "ok");
  ASSERT_TRUE(run(credentials_->verify(context_, secret_in(mails[0]))));
  EXPECT_EQ(code_of(login("ana@example.org", kMallorys)), "credentials-invalid")
      << "an active account is not activated";
}

TEST_F(CredentialsTest, MailsAboutAnAccountThatIsThereAreCounted) {
  sign_up("ana@example.org");
  for (int i = 0; i < 8; ++i)
    ASSERT_TRUE(run(credentials_->register_account(context_, {"ana@example.org", kOtherPassword, "Mallory"})));
  EXPECT_EQ(mails_to("ana@example.org").size(), 5U) << "the link and four words about the account";
}

TEST_F(CredentialsTest, WhatNobodyConfirmsAndWhatIsOverIsDeleted) {
  sign_up("ana@example.org");
  RequestContext ana = signed_in("ana@example.org");
  ASSERT_TRUE(run(sessions_->end_one(ana, ana.principal.session_id)));
  ASSERT_TRUE(run(credentials_->request_reset(context_, {"ana@example.org"})));
  ASSERT_TRUE(run(credentials_->register_account(context_, {"nobody@example.org", kPassword, "Nobody"})));
  ASSERT_EQ(mails_to("nobody@example.org").size(), 1U);
  const auto left = [&](std::chrono::hours later) {
    clock_.offset = later;
    EXPECT_TRUE(run(purge(context_, *pool_, *keystore_)));
    std::string counts;
    for (const char* table : {"account", "verification", "mailed_code", "denied"})
      counts += accounts_.value("SELECT count(*) FROM " + std::string(table)) + " ";
    return counts + keystore_database_.value("SELECT count(*) FROM person");
  };
  EXPECT_EQ(left(std::chrono::hours(23)), "2 2 1 1 2");
  EXPECT_EQ(left(std::chrono::hours(24 * 3)), "2 0 0 0 2") << "links end after a day, and stay for another";
  EXPECT_EQ(left(std::chrono::hours(24 * 8)), "1 0 0 0 1") << "who is verified stays";
}

TEST_F(CredentialsTest, RequestThatFailsIsTriedAgainLaterAndHoldsUpNobody) {
  accounts_.query(
      "INSERT INTO account_request (id, sealed, created_at, due_at) VALUES (gen_random_uuid(), 'x', now(), now())");
  ASSERT_TRUE(run(credentials_->register_account(context_, {"ana@example.org", kPassword, "Ana"})));
  EXPECT_EQ(mails_to("ana@example.org").size(), 1U);
  EXPECT_EQ(accounts_.value("SELECT attempts FROM account_request WHERE due_at > now()"), "1");
  clock_.offset = std::chrono::hours(1);
  for (int i = 0; i < 9; ++i, clock_.offset += std::chrono::hours(1)) ASSERT_TRUE(run(requests_->answer_due(context_)));
  EXPECT_EQ(accounts_.value("SELECT count(*) FROM account_request"), "0") << "given up after ten tries";
}

TEST_F(CredentialsTest, RequestsOutliveAKeystoreThatIsAway) {
  keystore_database_.query("ALTER TABLE person RENAME TO away");
  ASSERT_TRUE(run(credentials_->register_account(context_, {"ana@example.org", kPassword, "Ana"})));
  EXPECT_TRUE(mails_to("ana@example.org").empty());
  EXPECT_EQ(accounts_.value("SELECT attempts FROM account_request"), "1");
  keystore_database_.query("ALTER TABLE away RENAME TO person");
  clock_.offset += 10s;
  EXPECT_EQ(mails_to("ana@example.org").size(), 1U);
}

TEST_F(CredentialsTest, AFloodOfGuessesIsNotEvaluatedAndTheOwnersDeviceSignsIn) {
  sign_up("ana@example.org");
  const std::string mark = login("ana@example.org", kPassword).value()->device_mark;
  std::vector<Result<std::optional<SignedIn>>> answers;
  for (std::size_t wave = 1; wave <= 5; ++wave) run(guess("ana@example.org", wave * 40, answers));
  std::map<std::string, std::int64_t> codes;
  for (const auto& answer : answers) ++codes[code_of(answer)];
  const std::map<std::string, std::int64_t> expected{{"credentials-invalid", settings_.failures_per_account},
                                                     {"rate-limited", 200 - settings_.failures_per_account}};
  EXPECT_EQ(codes, expected) << "however many come at once";
  EXPECT_EQ(code_of(login("ana@example.org", kPassword)), "rate-limited");
  EXPECT_EQ(code_of(login("ana@example.org", kPassword, mark)), "ok") << "the owner's device has its own bucket";
  for (int i = 0; i < settings_.failures_per_account; ++i)
    EXPECT_EQ(code_of(login("ana@example.org", "not-it-at-all-no", mark)), "credentials-invalid");
  EXPECT_EQ(code_of(login("ana@example.org", kPassword, mark)), "rate-limited") << "a stolen mark guesses no more";
}

TEST_F(CredentialsTest, MarksDieWithThePasswordAndWithTheSecondFactor) {
  sign_up("ana@example.org");
  const std::string mark = login("ana@example.org", kPassword).value()->device_mark;
  EXPECT_EQ(login("ana@example.org", kPassword, mark).value()->device_mark, mark) << "a device has one";
  const auto marked = [&](const std::string& with) {
    for (int i = 0; i < settings_.failures_per_account; ++i) login("ana@example.org", "not-it-at-all-no");
    return code_of(login("ana@example.org", "not-it-at-all-no", with)) == "credentials-invalid";
  };
  EXPECT_TRUE(marked(mark));
  ASSERT_TRUE(run(credentials_->request_reset(context_, {"ana@example.org"})));
  ASSERT_TRUE(
      run(credentials_->confirm_reset(context_, {secret_in(mails_to("ana@example.org").back()), kOtherPassword})));
  EXPECT_FALSE(marked(mark)) << "guesses at the new password are everybody's";
}

TEST_F(CredentialsTest, SomebodyWhoIsSignedInIsNotLockedOutByGuessesFromElsewhere) {
  sign_up("ana@example.org");
  RequestContext ana = signed_in("ana@example.org");
  for (int i = 0; i < settings_.failures_per_account; ++i) login("ana@example.org", "not-it-at-all-no");
  ASSERT_EQ(code_of(login("ana@example.org", kPassword)), "rate-limited");
  EXPECT_TRUE(run(credentials_->prove(ana, kPassword)));
  for (int i = 0; i < settings_.failures_per_account; ++i)
    EXPECT_EQ(run(credentials_->prove(ana, "not-it-at-all-no")).error().code, Code::kCredentialsInvalid);
  EXPECT_EQ(run(credentials_->prove(ana, kPassword)).error().code, Code::kRateLimited) << "of one session";
}

TEST_F(CredentialsTest, GoodSignInsAreNotCountedAndAddressesAre) {
  sign_up("ana@example.org");
  for (int i = 0; i < settings_.failures_per_account + 2; ++i)
    EXPECT_EQ(code_of(login("ana@example.org", kPassword)), "ok");
  const Origin one_address = somewhere();
  std::int64_t evaluated = 0;
  const SteadyTime begun = clock_.steady();
  for (int i = 0; i < settings_.failures_per_address + 3; ++i) {
    const std::string email = "p" + std::to_string(i) + "@example.org";
    const auto answer = run(credentials_->login(context_, {email, "not-the-password-at-all", {}}, one_address));
    evaluated += answer.error().code == Code::kCredentialsInvalid ? 1 : 0;
  }
  EXPECT_GE(evaluated, settings_.failures_per_address);
  const auto passed = std::chrono::ceil<std::chrono::seconds>(clock_.steady() - begun);
  EXPECT_LE(evaluated, settings_.failures_per_address + settings_.failures_per_address * passed / 60s + 1);
}

TEST_F(CredentialsTest, SessionsAreListedAndEndedByTheirOwnerOnly) {
  sign_up("ana@example.org");
  sign_up("bia@example.org");
  RequestContext first = signed_in("ana@example.org");
  RequestContext second = signed_in("ana@example.org");
  RequestContext bia = signed_in("bia@example.org");
  const SessionList list = run(sessions_->list(second)).value();
  ASSERT_EQ(list.sessions.size(), 2U);
  EXPECT_TRUE(list.sessions[0].current);
  EXPECT_FALSE(list.sessions[1].current);
  EXPECT_EQ(list.sessions[1].session_id, first.principal.session_id);
  EXPECT_EQ(list.sessions[1].device, "Firefox, Linux");
  EXPECT_EQ(list.sessions[1].last_used_at, list.sessions[1].first_seen_at);
  EXPECT_EQ(run(sessions_->end_one(bia, first.principal.session_id)).error().code, Code::kNotFound);
  EXPECT_EQ(run(sessions_->end_one(second, to_string(random_uuid()))).error().code, Code::kNotFound);
  EXPECT_EQ(run(sessions_->end_one(second, "x")).error().code, Code::kNotFound);
  EXPECT_EQ(live_sessions(), "3");
  ASSERT_TRUE(run(sessions_->end_one(second, first.principal.session_id)));
  ASSERT_TRUE(run(sessions_->end_one(second, first.principal.session_id))) << "again is no harm";
  EXPECT_EQ(run(sessions_->list(second))->sessions.size(), 1U);
  const DenySet denied = run(read_deny_set(context_, *pool_, 0, clock_.wall())).value();
  ASSERT_EQ(denied.entries.size(), 1U);
  EXPECT_EQ(denied.entries[0].value, first.principal.session_id);
  signed_in("ana@example.org");
  ASSERT_TRUE(run(sessions_->end_others(second)));
  ASSERT_EQ(run(sessions_->list(second))->sessions.size(), 1U);
  EXPECT_TRUE(run(sessions_->list(second))->sessions[0].current);
  EXPECT_EQ(run(sessions_->list(bia))->sessions.size(), 1U);
}

TEST_F(CredentialsTest, AHundredSessionsLiveAndTheOldestOfMoreEnds) {
  sign_up("ana@example.org");
  RequestContext first = signed_in("ana@example.org");
  const Person ana = run(credentials_->signed_in_person(first)).value();
  for (int i = 0; i < 100; ++i) {
    clock_.offset += 1s;
    ASSERT_TRUE(run(issuer_->open_session(first, ana.account, ana.secret, "Firefox, Linux")));
  }
  EXPECT_EQ(live_sessions(), "100");
  EXPECT_EQ(accounts_.value("SELECT revoked_reason FROM session WHERE id = '" + first.principal.session_id + "'"),
            "too many sessions");
  EXPECT_EQ(run(read_deny_set(context_, *pool_, 0, clock_.wall()))->entries.size(), 1U);
  clock_.offset += 1h;
  RequestContext late = signed_in("ana@example.org");
  ASSERT_TRUE(run(sessions_->end_others(late)));
  EXPECT_EQ(live_sessions(), "1");
  EXPECT_EQ(run(read_deny_set(context_, *pool_, 0, clock_.wall()))->entries.size(), 0U)
      << "of what was not used for an hour no access token is good any more";
}

}  // namespace
}  // namespace evc::auth_service
