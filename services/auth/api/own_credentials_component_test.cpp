// Forgotten passwords, another address, the second factor, and what each of them does to sessions.
#include <gtest/gtest.h>

#include <algorithm>

#include "services/auth/api/credentials_fixture_test.hpp"

namespace evc::auth_service {
namespace {

TEST_F(CredentialsTest, ForgottenPasswordIsReplacedOnceAndEndsEverySession) {
  sign_up("ana@example.org");
  ASSERT_TRUE(run(credentials_->register_account(context_, {"nova@example.org", kPassword, "Nova"})));
  signed_in("ana@example.org");
  for (const char* email : {"ana@example.org", "nova@example.org", "nobody@example.org"})
    ASSERT_TRUE(run(credentials_->request_reset(context_, {email})));
  const std::string code = secret_in(mails_to("ana@example.org").back());
  EXPECT_TRUE(mails_to("nobody@example.org").empty());
  EXPECT_EQ(mails_to("nova@example.org").back().find("/auth/verify"), std::string::npos)
      << "a link would activate the password of whoever registered the address";
  EXPECT_NE(mails_to("nova@example.org").back().find("Register again"), std::string::npos);
  EXPECT_EQ(accounts_.value("SELECT count(*) FROM mailed_code"), "1");
  const auto confirm = [&](const std::string& with) {
    return run(credentials_->confirm_reset(context_, {with, kOtherPassword}));
  };
  EXPECT_EQ(confirm(std::string(43, 'A')).error().code, Code::kVerificationInvalid);
  EXPECT_EQ(run(credentials_->confirm_reset(context_, {code, "short"})).error().fields.at(0).pointer, "/newPassword");
  ASSERT_TRUE(confirm(code));
  EXPECT_EQ(confirm(code).error().code, Code::kVerificationInvalid) << "one use";
  EXPECT_EQ(live_sessions(), "0");
  EXPECT_EQ(run(read_deny_set(context_, *pool_, 0, clock_.wall()))->entries.size(), 1U);
  EXPECT_EQ(code_of(login("ana@example.org", kPassword)), "credentials-invalid");
  EXPECT_EQ(code_of(login("ana@example.org", kOtherPassword)), "ok");
  EXPECT_NE(mails_to("ana@example.org").back().find("foi trocada"), std::string::npos) << "the owner is told";
}

TEST_F(CredentialsTest, CodesExpireAndOnlySoManyAreMailed) {
  sign_up("ana@example.org");
  for (int i = 0; i < 8; ++i) ASSERT_TRUE(run(credentials_->request_reset(context_, {"ana@example.org"})));
  const auto mails = mails_to("ana@example.org");
  EXPECT_EQ(mails.size(), 1U + 5U) << "the link and five codes";
  clock_.offset = std::chrono::minutes(31);
  EXPECT_EQ(run(credentials_->confirm_reset(context_, {secret_in(mails.back()), kOtherPassword})).error().code,
            Code::kVerificationInvalid);
}

TEST_F(CredentialsTest, SignInThatOverlapsAResetBeginsNoSession) {
  sign_up("ana@example.org");
  RequestContext ana = signed_in("ana@example.org");
  const Person before = run(credentials_->signed_in_person(ana)).value();
  ASSERT_TRUE(run(credentials_->request_reset(context_, {"ana@example.org"})));
  ASSERT_TRUE(
      run(credentials_->confirm_reset(context_, {secret_in(mails_to("ana@example.org").back()), kOtherPassword})));
  // The password was checked against what stood before the reset.
  const auto late = run(issuer_->open_session(context_, before.account, before.secret, "Firefox, Linux"));
  ASSERT_FALSE(late);
  EXPECT_EQ(late.error().code, Code::kCredentialsInvalid);
  EXPECT_EQ(live_sessions(), "0");
}

TEST_F(CredentialsTest, SignInThatMeetsAResetWaitsForItAndBeginsNoSession) {
  sign_up("ana@example.org");
  RequestContext ana = signed_in("ana@example.org");
  const Person before = run(credentials_->signed_in_person(ana)).value();
  auto reset = run(pool_->begin(context_)).value();
  ASSERT_TRUE(run(set_password(context_, reset, before.account.id, "another hash")));
  std::optional<Result<TokenPair>> late;
  worker_.tasks().spawn("late", open_session_into(before, late));
  EXPECT_TRUE(evc::testing::run_until(worker_, [&] {
    return accounts_.value(
               "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND "
               "wait_event_type = 'Lock'") == "1";
  })) << "it does not wait";
  ASSERT_TRUE(run(reset.commit(context_)));
  ASSERT_TRUE(evc::testing::run_until(worker_, [&] { return late.has_value(); }));
  ASSERT_FALSE(*late);
  EXPECT_EQ(late->error().code, Code::kCredentialsInvalid);
  EXPECT_EQ(live_sessions(), "1") << "the one from before";
}

TEST_F(CredentialsTest, ChangeOfPasswordNeedsThePresentOneAndBeginsAnew) {
  sign_up("ana@example.org");
  signed_in("ana@example.org");
  RequestContext own = signed_in("ana@example.org");
  ASSERT_TRUE(run(credentials_->request_reset(context_, {"ana@example.org"})));
  const std::string reset_code = secret_in(mails_to("ana@example.org").back());
  EXPECT_EQ(run(credentials_->change_password(own, {"not-the-present-one", kOtherPassword}, somewhere())).error().code,
            Code::kCredentialsInvalid);
  const auto begun = run(credentials_->change_password(own, {kPassword, kOtherPassword}, somewhere()));
  ASSERT_TRUE(begun);
  ASSERT_EQ(run(sessions_->list(own))->sessions.size(), 1U);
  EXPECT_FALSE(run(sessions_->list(own))->sessions[0].current) << "a stolen copy of the present session ends, too";
  EXPECT_EQ(code_of(login("ana@example.org", "not-it-at-all-no", begun->device_mark)), "credentials-invalid");
  EXPECT_EQ(code_of(login("ana@example.org", kOtherPassword)), "ok");
  EXPECT_EQ(run(credentials_->confirm_reset(context_, {reset_code, kPassword})).error().code,
            Code::kVerificationInvalid)
      << "a code from before is worth nothing";
}

TEST_F(CredentialsTest, AddressMovesOnceTheNewOneIsConfirmedAndTheOldOneIsTold) {
  sign_up("ana@example.org");
  sign_up("bia@example.org");
  RequestContext ana = signed_in("ana@example.org");
  const auto ask = [&](const std::string& password, const std::string& email) {
    return run(credentials_->request_email_change(ana, {password, email}));
  };
  EXPECT_EQ(ask("not-the-present-one", "ana@nova.example").error().code, Code::kCredentialsInvalid);
  EXPECT_EQ(ask(kPassword, "no address").error().fields.at(0).pointer, "/newEmail");
  ASSERT_TRUE(ask(kPassword, "Bia@Example.org")) << "that it is taken is not told";
  EXPECT_EQ(mails_to("bia@example.org").back().find("código"), std::string::npos);
  ASSERT_TRUE(ask(kPassword, "ana@nova.example"));
  const std::string code = secret_in(mails_to("ana@nova.example").back());
  EXPECT_NE(mails_to("ana@example.org").back().find("outro e-mail"), std::string::npos);
  EXPECT_EQ(run(credentials_->confirm_reset(context_, {code, kOtherPassword})).error().code, Code::kVerificationInvalid)
      << "a code is good for what it was sent for";
  ASSERT_TRUE(run(credentials_->confirm_email_change(context_, code)));
  EXPECT_EQ(run(credentials_->confirm_email_change(context_, code)).error().code, Code::kVerificationInvalid);
  EXPECT_EQ(code_of(login("ana@example.org", kPassword)), "credentials-invalid");
  EXPECT_EQ(code_of(login("ana@nova.example", kPassword)), "ok");
  EXPECT_EQ(mails_to("ana@example.org").size(), 4U) << "link, asked twice, done";
  EXPECT_EQ(run(credentials_->signed_in_person(ana))->email, "ana@nova.example");
}

TEST_F(CredentialsTest, CodesAndRequestsDieWithWhatTheyWereAskedWith) {
  sign_up("ana@example.org");
  RequestContext thief = signed_in("ana@example.org");
  const auto reset_by = [&](const std::string& code, const std::string& password) {
    return run(credentials_->confirm_reset(context_, {code, password}));
  };
  // The thief asks twice: one code is out already, one request waits, when the owner takes the account back.
  ASSERT_TRUE(run(credentials_->request_email_change(thief, {kPassword, "first@thief.example"})));
  const std::string change_code = secret_in(mails_to("first@thief.example").back());
  ASSERT_TRUE(run(credentials_->request_reset(context_, {"ana@example.org"})));
  const std::string reset_code = secret_in(mails_to("ana@example.org").back());
  ASSERT_TRUE(run(credentials_->request_email_change(thief, {kPassword, "second@thief.example"})));
  ASSERT_TRUE(reset_by(reset_code, kOtherPassword));
  EXPECT_TRUE(mails_to("second@thief.example").empty());
  // Even a code that the reset did not see.
  accounts_.query("UPDATE mailed_code SET used_at = NULL");
  EXPECT_EQ(run(credentials_->confirm_email_change(context_, change_code)).error().code, Code::kVerificationInvalid);
  // The mirror: a code in a mailbox that is the account's no more.
  accounts_.query("UPDATE mailed_code SET used_at = NULL");
  accounts_.query("UPDATE account SET email_index = 'another'");
  EXPECT_EQ(reset_by(reset_code, kPassword).error().code, Code::kVerificationInvalid);
}

TEST_F(CredentialsTest, OperatorsKeepWhatTheyWereGiven) {
  sign_up("ana@example.org");
  RequestContext ana = signed_in("ana@example.org");
  ASSERT_TRUE(run(credentials_->request_reset(context_, {"ana@example.org"})));
  const std::string code = secret_in(mails_to("ana@example.org").back());
  accounts_.query("UPDATE account SET role = 'viewer'");
  EXPECT_EQ(run(credentials_->change_password(ana, {kPassword, kOtherPassword}, somewhere())).error().code,
            Code::kForbidden);
  EXPECT_EQ(run(credentials_->request_email_change(ana, {kPassword, "nova@example.org"})).error().code,
            Code::kForbidden);
  EXPECT_EQ(run(credentials_->confirm_reset(context_, {code, kOtherPassword})).error().code,
            Code::kVerificationInvalid);
}

TEST_F(CredentialsTest, OneCodeAtTheSameMomentIsUsedOnce) {
  sign_up("ana@example.org");
  ASSERT_TRUE(run(credentials_->request_reset(context_, {"ana@example.org"})));
  const std::string code = secret_in(mails_to("ana@example.org").back());
  std::vector<Result<void>> outcomes;
  run(confirm_at_once(code, 4, outcomes));
  EXPECT_EQ(std::ranges::count_if(outcomes, [](const auto& outcome) { return outcome.has_value(); }), 1);
}

TEST_F(CredentialsTest, AddressThatWasTakenMeanwhileIsRefused) {
  sign_up("ana@example.org");
  RequestContext ana = signed_in("ana@example.org");
  ASSERT_TRUE(run(credentials_->request_email_change(ana, {kPassword, "nova@example.org"})));
  const std::string code = secret_in(mails_to("nova@example.org").back());
  sign_up("nova@example.org");
  EXPECT_EQ(run(credentials_->confirm_email_change(context_, code)).error().code, Code::kVerificationInvalid);
  EXPECT_EQ(code_of(login("ana@example.org", kPassword)), "ok");
}

TEST_F(CredentialsTest, SecondFactorIsAskedForOnceItIsConfirmed) {
  sign_up("ana@example.org");
  RequestContext ana = signed_in("ana@example.org");
  const auto person = [&] { return run(credentials_->signed_in_person(ana)).value(); };
  EXPECT_EQ(run(second_factor_->confirm(ana, person(), "000000")).error().code, Code::kNotFound);
  ASSERT_TRUE(run(second_factor_->enrol(ana, person())));
  ASSERT_TRUE(run(second_factor_->enrol(ana, person()))) << "one that was never confirmed is replaced";
  EXPECT_EQ(code_of(login("ana@example.org", kPassword)), "ok") << "not before it is confirmed";
  const std::string sealed =
      hex_decode(accounts_.value("SELECT encode(secret_sealed, 'hex') FROM second_factor")).value();
  const std::string secret =
      open_sealed(column_key(person().secret, "auth"), sealed, "auth.second_factor.secret:" + ana.principal.subject)
          .value();
  const auto code = [&](std::int64_t away) { return totp_code(secret, totp_step(clock_.wall()) + away); };
  EXPECT_EQ(run(second_factor_->confirm(ana, person(), "x")).error().code, Code::kCredentialsInvalid);
  const RecoveryCodes recovery = run(second_factor_->confirm(ana, person(), code(0))).value();
  EXPECT_EQ(run(second_factor_->enrol(ana, person())).error().code, Code::kForbidden);

  const auto enter = [&](std::optional<std::string> with) {
    return code_of(login("ana@example.org", kPassword, {}, with));
  };
  EXPECT_EQ(enter(std::nullopt), "code needed");
  EXPECT_EQ(code_of(login("ana@example.org", kOtherPassword, {}, code(1))), "credentials-invalid")
      << "the password first";
  EXPECT_EQ(enter(code(0)), "credentials-invalid") << "used to confirm";
  clock_.offset += 60s;
  const std::string fresh = code(0);
  EXPECT_EQ(enter(fresh), "ok");
  EXPECT_EQ(enter(fresh), "credentials-invalid") << "no code is good twice";
  EXPECT_EQ(enter(recovery.recovery_codes[3]), "ok");
  EXPECT_EQ(enter(recovery.recovery_codes[3]), "credentials-invalid");

  EXPECT_EQ(run(credentials_->prove_both(ana, kPassword, "000000")).error().code, Code::kCredentialsInvalid);
  ASSERT_TRUE(run(
      second_factor_->disable(ana, run(credentials_->prove_both(ana, kPassword, recovery.recovery_codes[0])).value())));
  EXPECT_EQ(enter(std::nullopt), "ok");
  EXPECT_EQ(accounts_.value("SELECT count(*) FROM recovery_code"), "0");
}

TEST_F(CredentialsTest, GuessesAtTheFirstCodeAreCountedAndItsSecretExpires) {
  sign_up("ana@example.org");
  RequestContext ana = signed_in("ana@example.org");
  ASSERT_TRUE(run(second_factor_->enrol(ana, run(credentials_->signed_in_person(ana)).value())));
  for (int i = 0; i < settings_.failures_per_account; ++i)
    EXPECT_EQ(run(credentials_->confirm_second_factor(ana, "x")).error().code, Code::kCredentialsInvalid);
  EXPECT_EQ(run(credentials_->confirm_second_factor(ana, "x")).error().code, Code::kRateLimited);
  RequestContext again = signed_in("ana@example.org");
  clock_.offset += std::chrono::minutes(11);
  EXPECT_EQ(run(credentials_->confirm_second_factor(again, "x")).error().code, Code::kNotFound);
}

TEST_F(CredentialsTest, GuessesAtTheSecondFactorAreCounted) {
  sign_up("ana@example.org");
  RequestContext ana = signed_in("ana@example.org");
  const Person person = run(credentials_->signed_in_person(ana)).value();
  ASSERT_TRUE(run(second_factor_->enrol(ana, person)));
  accounts_.query("UPDATE second_factor SET confirmed_at = now()");
  for (int i = 0; i < settings_.failures_per_account; ++i)
    EXPECT_EQ(code_of(login("ana@example.org", kPassword, {}, "x")), "credentials-invalid");
  EXPECT_EQ(code_of(login("ana@example.org", kPassword, {}, "x")), "rate-limited");
}

}  // namespace
}  // namespace evc::auth_service
