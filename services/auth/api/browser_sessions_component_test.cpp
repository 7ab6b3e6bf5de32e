// Browsers' sessions on the real PostgreSQL: what is kept, renewed once, slid and ended.
#include "services/auth/api/browser_sessions.hpp"

#include <set>

#include "services/auth/api/credentials_fixture_test.hpp"
#include "services/auth/api/maintenance.hpp"
#include "services/auth/domain/refresh.hpp"

namespace evc::auth_service {
namespace {

class BrowserSessionsTest : public CredentialsTest {
 protected:
  BrowserSessionsTest() {
    browsers_.emplace(BrowserSessions::Parts{
        .worker = worker_, .pool = *pool_, .issuer = *issuer_, .key = derive_key(master_, "browser sessions")});
    sign_up("ana@example.org");
    handle_ = begin();
  }
  static std::string new_handle() { return base64url_encode(random_bytes(32)); }
  std::string begin(std::optional<std::string> replaces = {}) {
    pair_ = login("ana@example.org", kPassword).value().value().tokens;
    const std::string handle = new_handle();
    EXPECT_TRUE(run(browsers_->begin(context_, {.handle = handle,
                                                .access_token = pair_.access_token,
                                                .expires_in = pair_.expires_in,
                                                .refresh_token = pair_.refresh_token,
                                                .replaces = std::move(replaces)})));
    return handle;
  }
  Result<BrowserSessionUse> use(const std::string& handle, std::optional<std::string> refused = {}) {
    return run(browsers_->use(context_, {.handle = handle, .refused = std::move(refused)}));
  }
  static std::string code_of(const Result<BrowserSessionUse>& answer) {
    return answer ? "ok" : std::string(info(answer.error().code).name);
  }
  Task<> use_into(std::string handle, std::vector<Result<BrowserSessionUse>>& into) {
    into.push_back(co_await browsers_->use(context_, {.handle = handle, .refused = {}}));
  }
  Task<> use_many(std::string handle, std::size_t count, std::vector<Result<BrowserSessionUse>>& into) {
    for (std::size_t i = 0; i < count; ++i) worker_.tasks().spawn("use", use_into(handle, into));
    while (into.size() < count) co_await sleep_for(worker_, 10ms);
  }
  std::string value(const std::string& sql) { return accounts_.value(sql); }

  std::optional<BrowserSessions> browsers_;
  TokenPair pair_;
  std::string handle_;
};

TEST_F(BrowserSessionsTest, TheHandleGivesTheTokensAndIsNowhere) {
  const auto used = use(handle_).value();
  EXPECT_EQ(used.access_token, pair_.access_token);
  EXPECT_EQ(used.name, "Ana");
  EXPECT_EQ(value("SELECT count(*) FROM session WHERE revoked_at IS NULL"), "1");
  const std::string row = value("SELECT row_to_json(b)::text FROM browser_session b");
  EXPECT_EQ(row.find(handle_), std::string::npos);
  EXPECT_EQ(row.find(hex_encode(pair_.refresh_token)), std::string::npos);
  EXPECT_EQ(code_of(use(new_handle())), "not-found");
  EXPECT_EQ(code_of(use("")), "not-found");
}

TEST_F(BrowserSessionsTest, OnlyALiveFamilysNewestTokenBegins) {
  const BrowserSessionBegin begin{.handle = new_handle(),
                                  .access_token = pair_.access_token,
                                  .expires_in = 600,
                                  .refresh_token = pair_.refresh_token,
                                  .replaces = {}};
  ASSERT_TRUE(run(issuer_->refresh(context_, pair_.refresh_token)));
  EXPECT_EQ(run(browsers_->begin(context_, begin)).error().code, Code::kRefreshTokenInvalid);
  BrowserSessionBegin strange = begin;
  strange.handle = "short";
  EXPECT_EQ(run(browsers_->begin(context_, strange)).error().code, Code::kValidationFailed);
}

TEST_F(BrowserSessionsTest, OfManyWhoAskForARenewalOneMakesIt) {
  clock_.offset = std::chrono::seconds(pair_.expires_in - 30);
  std::vector<Result<BrowserSessionUse>> answers;
  run(use_many(handle_, 40, answers));
  std::set<std::string> tokens;
  for (const auto& answer : answers) tokens.insert(answer.value().access_token);
  EXPECT_LE(tokens.size(), 2U) << "the one that still holds, and its successor";
  EXPECT_EQ(value("SELECT max(generation) FROM refresh_token"), "2");
  EXPECT_EQ(value("SELECT version FROM browser_session"), "2");
  EXPECT_NE(use(handle_).value().access_token, pair_.access_token);
}

TEST_F(BrowserSessionsTest, WithTokensThatAreOverAllWaitForTheOneWhoRenews) {
  clock_.offset = std::chrono::seconds(pair_.expires_in + 100);
  std::vector<Result<BrowserSessionUse>> answers;
  run(use_many(handle_, 40, answers));
  std::set<std::string> tokens;
  for (const auto& answer : answers) tokens.insert(answer.value().access_token);
  EXPECT_EQ(tokens.size(), 1U);
  EXPECT_EQ(value("SELECT max(generation) FROM refresh_token"), "2");
}

TEST_F(BrowserSessionsTest, WhoDiesOverARenewalCostsNobodyTheSession) {
  clock_.offset = std::chrono::seconds(pair_.expires_in + 100);
  // The lease was taken; then nothing more came.
  accounts_.query("UPDATE browser_session SET renewing_until = to_timestamp(" +
                  std::to_string(std::chrono::duration_cast<std::chrono::seconds>(
                                     (clock_.wall() + kRenewalLease).time_since_epoch())
                                     .count()) +
                  ")");
  clock_.offset += kRenewalLease + kRefreshGrace;
  EXPECT_EQ(code_of(use(handle_)), "ok");
  EXPECT_EQ(value("SELECT count(*) FROM session WHERE revoked_at IS NULL"), "1");
  EXPECT_EQ(value("SELECT max(generation) FROM refresh_token"), "2");
}

TEST_F(BrowserSessionsTest, ItSlidesAndEndsAllTheSame) {
  const auto first = use(handle_).value().expires_at;
  clock_.offset = 30s;
  EXPECT_EQ(use(handle_).value().expires_at, first) << "not written for each request";
  for (int hours = 8; hours < 168; hours += 8) {
    clock_.offset = std::chrono::hours(hours);
    ASSERT_TRUE(run(keys_->refresh(context_)));
    ASSERT_EQ(code_of(use(handle_)), "ok") << hours << " hours";
  }
  clock_.offset = 168h + 1min;
  EXPECT_EQ(code_of(use(handle_)), "not-found") << "used all the time, and over after a week";
}

TEST_F(BrowserSessionsTest, IdleForTooLongIsOverAndItsFamilyGoesWithIt) {
  clock_.offset = 12h + 1min;
  EXPECT_EQ(code_of(use(handle_)), "not-found");
  ASSERT_TRUE(run(purge(context_, *pool_, *keystore_)));
  EXPECT_EQ(value("SELECT count(*) FROM browser_session"), "0");
  EXPECT_EQ(live_sessions(), "0");
}

TEST_F(BrowserSessionsTest, TheEndOfOneIsTheEndOfItsFamilyAlone) {
  const std::string other = begin();
  ASSERT_TRUE(run(browsers_->end(context_, handle_)));
  ASSERT_TRUE(run(browsers_->end(context_, handle_))) << "twice is once";
  EXPECT_EQ(code_of(use(handle_)), "not-found");
  EXPECT_EQ(code_of(use(other)), "ok");
  EXPECT_EQ(live_sessions(), "1");
  EXPECT_EQ(value("SELECT count(*) FROM denied WHERE kind = 'session'"), "1");
  EXPECT_EQ(value("SELECT count(*) FROM audit_entry WHERE action = 'session.ended'"), "1");
}

TEST_F(BrowserSessionsTest, AFamilyThatEndsElsewhereTakesTheBrowserAlong) {
  const auto session_id = parse_uuid(value("SELECT id FROM session ORDER BY id DESC LIMIT 1")).value();
  ASSERT_TRUE(run(issuer_->end_session(context_, session_id, "test", TokenIssuer::ConsentThen::kStays)));
  EXPECT_EQ(code_of(use(handle_)), "not-found");
}

TEST_F(BrowserSessionsTest, AnotherMasterKeyOpensNothing) {
  BrowserSessions stranger({.worker = worker_, .pool = *pool_, .issuer = *issuer_, .key = SealKey(random_bytes(32))});
  EXPECT_EQ(run(stranger.use(context_, {.handle = handle_, .refused = {}})).error().code, Code::kNotFound);
  EXPECT_EQ(value("SELECT count(*) FROM browser_session"), "0") << "nobody can ever use it";
  EXPECT_EQ(live_sessions(), "0");
}

TEST_F(BrowserSessionsTest, ARenewalIsStoredWithItsRotationOrNeitherIs) {
  clock_.offset = std::chrono::seconds(pair_.expires_in + 100);
  accounts_.query("ALTER TABLE browser_session ADD CONSTRAINT broken CHECK (version < 2)");
  EXPECT_NE(code_of(use(handle_)), "ok");
  EXPECT_EQ(value("SELECT max(generation) FROM refresh_token"), "1") << "the rotation went back";
  accounts_.query("ALTER TABLE browser_session DROP CONSTRAINT broken");
  clock_.offset += kRefreshGrace + 1s;
  EXPECT_EQ(code_of(use(handle_)), "ok") << "after the grace too: no token was used up";
  EXPECT_EQ(value("SELECT count(*) FROM session WHERE revoked_at IS NOT NULL"), "0");
  EXPECT_EQ(value("SELECT count(*) FROM audit_entry WHERE action = 'refresh.reused'"), "0");
}

TEST_F(BrowserSessionsTest, TokensThatStillHoldAreGivenOutWhenTheyCannotBeRenewed) {
  clock_.offset = std::chrono::seconds(pair_.expires_in - 30);
  accounts_.query("ALTER TABLE browser_session ADD CONSTRAINT broken CHECK (version < 2)");
  EXPECT_EQ(use(handle_).value().access_token, pair_.access_token);
  EXPECT_EQ(use(handle_).value().access_token, pair_.access_token);
  accounts_.query("ALTER TABLE browser_session DROP CONSTRAINT broken");
  EXPECT_NE(use(handle_).value().access_token, pair_.access_token);
}

TEST_F(BrowserSessionsTest, TokensThatWereRefusedAreRenewedOnce) {
  const std::string refused = digest_of_token(pair_.access_token);
  EXPECT_EQ(use(handle_, refused).value().access_token, pair_.access_token) << "made a moment ago";
  clock_.offset = 6s;
  const auto renewed = use(handle_, refused).value().access_token;
  EXPECT_NE(renewed, pair_.access_token);
  EXPECT_EQ(use(handle_, refused).value().access_token, renewed) << "it is another by now";
  EXPECT_EQ(value("SELECT max(generation) FROM refresh_token"), "2");
}

TEST_F(BrowserSessionsTest, ASessionThatIsReplacedEndsAloneAndItsSignInGoesOn) {
  const std::string sign_in = "00000000-0000-7000-8000-000000000001";
  accounts_.query("INSERT INTO session (id, account_id, created_at, absolute_expires_at, kind, cookie_hash) SELECT '" +
                  sign_in + "', id, now(), now() + interval '12 hours', 'signIn', 'x' FROM account");
  const std::string other = begin();
  accounts_.query("UPDATE session SET sign_in_id = '" + sign_in + "' WHERE kind = 'family'");
  const std::string next = begin(handle_);
  EXPECT_EQ(code_of(use(handle_)), "not-found");
  EXPECT_EQ(code_of(use(next)), "ok");
  EXPECT_EQ(code_of(use(other)), "ok") << "another family of the same sign-in";
  EXPECT_EQ(value("SELECT count(*) FROM session WHERE revoked_at IS NULL AND id = '" + sign_in + "'"), "1");
  EXPECT_EQ(value("SELECT count(*) FROM denied WHERE kind = 'session'"), "1");
  EXPECT_EQ(value("SELECT count(*) FROM audit_entry WHERE action = 'session.ended' AND subject IS NOT NULL"), "1");
}

TEST_F(BrowserSessionsTest, ASignOutNeedsNoKeystore) {
  keystore_->close();
  ASSERT_TRUE(run(browsers_->end(context_, handle_)));
  EXPECT_EQ(live_sessions(), "0");
}

}  // namespace
}  // namespace evc::auth_service
