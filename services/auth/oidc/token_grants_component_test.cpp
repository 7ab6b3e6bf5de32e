// Codes on the real PostgreSQL: good once, however many redeem it at the same moment; what has ended is deleted.
#include "services/auth/oidc/token_grants.hpp"

#include "services/auth/api/credentials_fixture_test.hpp"
#include "services/auth/api/maintenance.hpp"
#include "services/auth/domain/refresh.hpp"
#include "services/auth/store/clients.hpp"
#include "services/auth/store/sign_ins.hpp"

namespace evc::auth_service {
namespace {

constexpr const char* kRedirect = "https://app.example/cb";

class TokenGrantsTest : public CredentialsTest {
 protected:
  TokenGrantsTest() {
    client_ = {
        .id = "an-app", .name = "An app", .key_set = nullptr, .redirect_uris = {kRedirect}, .scope = "openid profile"};
    EXPECT_TRUE(run(put_client(context_, *pool_, client_, clock_.wall())));
    sign_up("ana@correio.example");
  }

  // Somebody who has signed in at a browser, and a code that was fetched there.
  std::string code(const char* scope = "openid") {
    const auto proof = run(credentials_->identify(context_, {"ana@correio.example", kPassword, {}, {}}, somewhere()));
    const Person& person = proof->person->person;
    const Uuid sign_in = uuid_v7();
    const std::string code = new_refresh_token();
    EXPECT_TRUE(run(begin_sign_in(person, sign_in)));
    EXPECT_TRUE(run(insert_code(context_, *pool_,
                                {.hash = refresh_token_hash(code),
                                 .row = {.client_id = client_.id,
                                         .account_id = person.account.id,
                                         .sign_in_id = sign_in,
                                         .redirect_uri = kRedirect,
                                         .scope = scope,
                                         .expires_at = clock_.wall() + kCodeLife},
                                 .created_at = clock_.wall()})));
    return code;
  }
  Task<Result<void>> begin_sign_in(Person person, Uuid id) {
    EVC_CO_TRY(transaction, co_await pool_->begin(context_));
    EVC_CO_CHECK(co_await insert_session(context_, transaction,
                                         {.id = id,
                                          .account_id = person.account.id,
                                          .password_hash = person.account.password_hash,
                                          .device_sealed = "d",
                                          .created_at = clock_.wall(),
                                          .absolute_expires_at = clock_.wall() + kSignInLife,
                                          .cookie_hash = random_bytes(32),
                                          .sign_in_id = std::nullopt,
                                          .client_id = std::nullopt,
                                          .scope = std::nullopt,
                                          .authenticated_at = clock_.wall(),
                                          .methods = "pwd"}));
    co_return co_await transaction.commit(context_);
  }

  Task<Result<void>> remove_client() {
    EVC_CO_TRY(transaction, co_await pool_->begin(context_));
    EVC_CO_TRY(removed, co_await delete_client(context_, transaction, client_.id, clock_.wall(), clock_.wall() + 60s));
    if (!removed) co_return fail(Code::kNotFound);
    co_return co_await transaction.commit(context_);
  }

  Result<json::Object> redeem(const std::string& code) {
    return run(grants_.redeem(context_, client_, {{"code", code}, {"redirect_uri", kRedirect}}));
  }
  Task<> redeem_into(std::string code, std::vector<Result<json::Object>>& answers) {
    answers.push_back(co_await grants_.redeem(context_, client_, {{"code", code}, {"redirect_uri", kRedirect}}));
  }
  Task<> redeem_at_once(std::string code, std::size_t count, std::vector<Result<json::Object>>& answers) {
    for (std::size_t i = 0; i < count; ++i) worker_.tasks().spawn("redeem", redeem_into(code, answers));
    while (answers.size() < count) co_await sleep_for(worker_, 10ms);
  }
  std::string waiting() {
    return accounts_.value(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'");
  }
  Task<bool> begins_to_wait(std::vector<Result<json::Object>>& answers) {
    const SteadyTime end = clock_.steady() + kPatience;
    while (answers.empty() && waiting() == "0" && clock_.steady() < end) co_await sleep_for(worker_, 10ms);
    co_return answers.empty() && waiting() != "0";
  }
  // The sign-in's end is written and not committed while its code is redeemed.
  Task<Result<bool>> end_while_redeeming(std::string code, std::vector<Result<json::Object>>& answers) {
    const auto sign_in = parse_uuid(accounts_.value("SELECT id FROM session WHERE kind = 'signIn'"));
    const WallTime now = clock_.wall();
    EVC_CO_TRY(transaction, co_await pool_->begin(context_));
    EVC_CO_CHECK(co_await end_sign_in(context_, transaction, *sign_in, "signed out", now, now + 60s));
    worker_.tasks().spawn("redeem", redeem_into(code, answers));
    const bool waited = co_await begins_to_wait(answers);
    EVC_CO_CHECK(co_await transaction.commit(context_));
    while (answers.empty()) co_await sleep_for(worker_, 10ms);
    co_return waited;
  }
  // The other way round: the session stands there and is not committed when all of the person's are ended.
  Task<> end_all_into(Uuid account, std::optional<Result<void>>& outcome) {
    const WallTime now = clock_.wall();
    auto transaction = co_await pool_->begin(context_);
    auto ended = co_await revoke_sessions_of(context_, *transaction, account, std::nullopt, "all", now, now + 60s);
    if (ended) ended = co_await transaction->commit(context_);
    outcome = std::move(ended);
  }
  Task<Result<bool>> redeem_while_ending(std::string code) {
    std::vector<Result<json::Object>> none;
    std::optional<Result<void>> outcome;
    EVC_CO_TRY(transaction, co_await pool_->begin(context_));
    EVC_CO_TRY(row, co_await lock_code(context_, transaction, refresh_token_hash(code)));
    EVC_CO_TRY(account, co_await find_account(context_, transaction, row->account_id));
    EVC_CO_TRY(secret, co_await issuer_->person_secret(context_, row->account_id));
    EVC_CO_TRY(issued, co_await issuer_->open_client_session(context_, transaction, *account, secret,
                                                             {.client_id = client_.id,
                                                              .scope = row->scope,
                                                              .device = client_.name,
                                                              .sign_in_id = row->sign_in_id,
                                                              .authenticated_at = row->authenticated_at,
                                                              .methods = row->methods}));
    EVC_CO_TRY(lives, co_await hold_sign_in(context_, transaction, row->sign_in_id));
    worker_.tasks().spawn("end", end_all_into(row->account_id, outcome));
    const bool waited = co_await begins_to_wait(none);
    EVC_CO_CHECK(co_await transaction.commit(context_));
    while (!outcome) co_await sleep_for(worker_, 10ms);
    EVC_CO_CHECK(std::move(*outcome));
    const bool raced = waited && lives && issued.account_id == row->account_id;
    co_return raced;
  }

  Task<> revoke_into(TokenGrants& grants, std::vector<Result<void>>& answers) {
    answers.push_back(co_await grants.revoke(context_, client_, "nobody's"));
  }
  Task<bool> revoke_at_once(TokenGrants& grants, std::size_t count, std::chrono::seconds limit) {
    std::vector<Result<void>> answers;
    const SteadyTime begun = clock_.steady();
    for (std::size_t i = 0; i < count; ++i) worker_.tasks().spawn("revoke", revoke_into(grants, answers));
    while (answers.size() < count) co_await sleep_for(worker_, 10ms);
    co_return std::ranges::all_of(answers, [](const auto& answer) { return answer.has_value(); }) &&
        clock_.steady() - begun < limit;
  }

  OauthClient client_;
  TokenGrants grants_{*pool_, *keys_, *issuer_};
};

TEST_F(TokenGrantsTest, OfManyAtOnceOneGetsTokensAndTheOthersEndThem) {
  std::vector<Result<json::Object>> answers;
  run(redeem_at_once(code(), 16, answers));
  std::string refresh_token;
  for (const auto& answer : answers) {
    if (!answer) continue;
    EXPECT_TRUE(refresh_token.empty()) << "two families of one code";
    refresh_token = std::string(answer->at("refresh_token").as_string());
  }
  ASSERT_FALSE(refresh_token.empty());
  EXPECT_EQ(accounts_.value("SELECT count(*) FROM session WHERE client_id = 'an-app'"), "1");
  EXPECT_FALSE(run(grants_.refresh(context_, client_, {{"refresh_token", refresh_token}})));
  EXPECT_EQ(accounts_.value("SELECT count(*) FROM denied WHERE kind = 'session'"), "1");
}

// Each needs one connection at a time: with two for sixteen nobody waits for ever.
TEST_F(TokenGrantsTest, ManyWhoRevokeAtOnceNeedOneConnectionEach) {
  postgres::Pool narrow(worker_, {.conninfo = accounts_.conninfo(), .size = 2, .acquire_timeout = kPatience});
  TokenGrants grants{narrow, *keys_, *issuer_};
  ASSERT_TRUE(run(revoke_at_once(grants, 16, 15s)));
  narrow.close();
}

TEST_F(TokenGrantsTest, ACodeDiesWithItsMinuteAndWithItsSignIn) {
  const std::string late = code();
  clock_.offset = kCodeLife + 1s;
  EXPECT_FALSE(redeem(late));
  const std::string ended = code();
  accounts_.query("UPDATE session SET revoked_at = now() WHERE kind = 'signIn'");
  EXPECT_FALSE(redeem(ended));
}

TEST_F(TokenGrantsTest, AnEndThatIsNotCommittedYetBeatsACode) {
  std::vector<Result<json::Object>> answers;
  const auto waited = run(end_while_redeeming(code(), answers));
  ASSERT_TRUE(waited && *waited);
  EXPECT_FALSE(answers.at(0));
  EXPECT_EQ(live_sessions(), "0");
}

TEST_F(TokenGrantsTest, TheEndOfAllSessionsEndsOneThatIsNotCommittedYet) {
  const auto waited = run(redeem_while_ending(code()));
  ASSERT_TRUE(waited && *waited);
  EXPECT_EQ(live_sessions(), "0");
}

TEST_F(TokenGrantsTest, AClientThatAsksForeverEndsOnlyItsOwnSessions) {
  signed_in("ana@correio.example");
  for (int i = 0; i < 21; ++i) ASSERT_TRUE(redeem(code()));
  EXPECT_EQ(accounts_.value("SELECT count(*) FROM session WHERE client_id = 'an-app' AND revoked_at IS NULL"), "20");
  EXPECT_EQ(accounts_.value("SELECT count(*) FROM session WHERE client_id IS NULL AND revoked_at IS NULL"), "22");
}

TEST_F(TokenGrantsTest, CodesAndAssertionsAreDeletedADayAfterTheirEnd) {
  code();
  EXPECT_TRUE(run(take_assertion(context_, *pool_, client_.id, "t1", clock_.wall() + 60s)).value());
  EXPECT_FALSE(run(take_assertion(context_, *pool_, client_.id, "t1", clock_.wall() + 60s)).value());
  const auto left = [this] {
    return accounts_.value(
        "SELECT (SELECT count(*) FROM authorization_code) + (SELECT count(*) FROM client_assertion)");
  };
  ASSERT_TRUE(run(purge(context_, *pool_, *keystore_)));
  EXPECT_EQ(left(), "2");
  clock_.offset = 25h;
  ASSERT_TRUE(run(purge(context_, *pool_, *keystore_)));
  EXPECT_EQ(left(), "0");
}

TEST_F(TokenGrantsTest, WhatAClientMayNotAskForAnyMoreIsGoneFromWhatItHolds) {
  const auto held = redeem(code("openid profile"));
  ASSERT_TRUE(held);
  EXPECT_EQ(held->at("scope").as_string(), "openid profile");
  client_.scope = "openid";
  const auto again =
      run(grants_.refresh(context_, client_, {{"refresh_token", std::string(held->at("refresh_token").as_string())}}));
  ASSERT_TRUE(again);
  EXPECT_EQ(again->at("scope").as_string(), "openid");
}

TEST_F(TokenGrantsTest, ARemovedClientLosesWhatItHolds) {
  ASSERT_TRUE(redeem(code()));
  ASSERT_TRUE(run(remove_client()));
  EXPECT_EQ(accounts_.value("SELECT count(*) FROM session WHERE client_id = 'an-app' AND revoked_at IS NULL"), "0");
  EXPECT_EQ(accounts_.value("SELECT count(*) FROM authorization_code"), "0");
}

}  // namespace
}  // namespace evc::auth_service
