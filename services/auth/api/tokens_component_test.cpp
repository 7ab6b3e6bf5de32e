// Token families on the real PostgreSQL: races, grace, reuse.
#include <gtest/gtest.h>

#include <set>

#include "kit/base/bytes.hpp"
#include "services/auth/api/databases_fixture_test.hpp"
#include "services/auth/api/tokens.hpp"
#include "services/auth/domain/identity.hpp"
#include "services/auth/store/people_secrets.hpp"
#include "services/auth/store/sessions.hpp"

namespace evc::auth_service {
namespace {

using namespace std::chrono_literals;

class FixedClock : public Clock {
 public:
  WallTime wall() const override { return system_clock().wall() + offset; }
  SteadyTime steady() const override { return system_clock().steady(); }
  std::chrono::seconds offset{0};
};

class TokensTest : public DatabasesFixture {
 protected:
  TokensTest() : DatabasesFixture({.size = 8}) {
    keys_.emplace(*pool_, master_);
    issuer_.emplace(AuthSettings{.issuer = "https://localhost:8443"}, *keys_, *pool_, *keystore_, master_);
    context_.clock = &clock_;
    context_.deadline = clock_.steady() + 60s;
    EXPECT_TRUE(run(keys_->refresh(context_)));
  }

  Task<Result<TokenPair>> sign_in() {
    const SealKey secret = new_person_secret();
    Account account{.id = random_uuid(),
                    .email_sealed = "e",
                    .name_sealed = "n",
                    .password_hash = "h",
                    .role = std::nullopt,
                    .state = "active",
                    .created_at = clock_.wall()};
    EVC_CO_CHECK(co_await insert_person(context_, *keystore_, account.id, secret, master_, account.created_at));
    EVC_CO_TRY(transaction, co_await pool_->begin(context_));
    EVC_CO_CHECK(co_await insert_account(context_, transaction, account, random_bytes(32)));
    EVC_CO_CHECK(co_await transaction.commit(context_));
    co_return co_await issuer_->open_session(context_, account, secret, "Firefox, Linux");
  }

  Task<> refresh_into(std::string token, std::vector<Result<TokenPair>>& into) {
    into.push_back(co_await issuer_->refresh(context_, token));
  }
  Task<> many_refreshes(std::string token, int count, std::vector<Result<TokenPair>>& into) {
    for (int i = 0; i < count; ++i) worker_.tasks().spawn("refresh", refresh_into(token, into));
    while (into.size() < static_cast<std::size_t>(count)) co_await sleep_for(worker_, 10ms);
  }
  std::vector<Result<TokenPair>> race(const std::string& token, int count) {
    std::vector<Result<TokenPair>> answers;
    run(many_refreshes(token, count, answers));
    return answers;
  }

  FixedClock clock_;
  SealKey master_{random_bytes(32)};
  std::optional<KeyRing> keys_;
  std::optional<TokenIssuer> issuer_;
  RequestContext context_;
};

TEST_F(TokensTest, RacingRefreshesMakeOneChild) {
  const TokenPair pair = run(sign_in()).value();
  std::set<std::string> children;
  for (const auto& answer : race(pair.refresh_token, 64)) {
    ASSERT_TRUE(answer) << answer.error().detail;
    children.insert(answer->refresh_token);
  }
  EXPECT_EQ(children.size(), 1U);
  EXPECT_EQ(accounts_.value("SELECT count(*) FROM refresh_token"), "2");
}

TEST_F(TokensTest, ReuseAfterTheChildWasUsedRevokesTheFamily) {
  const TokenPair first = run(sign_in()).value();
  const TokenPair second = run(issuer_->refresh(context_, first.refresh_token)).value();
  const TokenPair third = run(issuer_->refresh(context_, second.refresh_token)).value();
  const auto reused = run(issuer_->refresh(context_, first.refresh_token));
  ASSERT_FALSE(reused);
  EXPECT_EQ(reused.error().code, Code::kRefreshTokenInvalid);
  EXPECT_FALSE(run(issuer_->refresh(context_, third.refresh_token))) << "the whole family ends";
  const DenySet denied = run(read_deny_set(context_, *pool_, 0, clock_.wall())).value();
  ASSERT_EQ(denied.entries.size(), 1U);
  EXPECT_EQ(denied.entries[0].kind, "session");
}

TEST_F(TokensTest, ParentAfterTheGraceRevokesTheFamily) {
  const TokenPair first = run(sign_in()).value();
  ASSERT_TRUE(run(issuer_->refresh(context_, first.refresh_token)));
  clock_.offset = 29s;
  EXPECT_TRUE(run(issuer_->refresh(context_, first.refresh_token)));
  clock_.offset = 31s;
  EXPECT_FALSE(run(issuer_->refresh(context_, first.refresh_token)));
}

TEST_F(TokensTest, UnknownTokenChangesNothing) {
  const TokenPair pair = run(sign_in()).value();
  EXPECT_FALSE(run(issuer_->refresh(context_, "unknown")));
  EXPECT_EQ(accounts_.value("SELECT count(*) FROM denied"), "0");
  EXPECT_TRUE(run(issuer_->refresh(context_, pair.refresh_token)));
}

TEST_F(TokensTest, EndedSessionIsDeniedAndCannotRefresh) {
  const TokenPair pair = run(sign_in()).value();
  const auto session = parse_uuid(accounts_.value("SELECT id FROM session")).value();
  ASSERT_TRUE(run(issuer_->end_session(context_, session, "logout", TokenIssuer::ConsentThen::kStays)));
  EXPECT_FALSE(run(issuer_->refresh(context_, pair.refresh_token)));
  EXPECT_EQ(run(read_deny_set(context_, *pool_, 0, clock_.wall()))->entries.size(), 1U);
}

TEST_F(TokensTest, SealedSuccessorsAreWipedAfterTheGrace) {
  const TokenPair pair = run(sign_in()).value();
  ASSERT_TRUE(run(issuer_->refresh(context_, pair.refresh_token)));
  ASSERT_TRUE(run(wipe_expired_successors(context_, *pool_, clock_.wall() - 30s)));
  EXPECT_EQ(accounts_.value("SELECT count(*) FROM refresh_token WHERE successor_sealed IS NOT NULL"), "1");
  ASSERT_TRUE(run(wipe_expired_successors(context_, *pool_, clock_.wall() + 1s)));
  EXPECT_EQ(accounts_.value("SELECT count(*) FROM refresh_token WHERE successor_sealed IS NOT NULL"), "0");
}

TEST_F(TokensTest, IdTokensAreSignedByTheClientsAlgorithmAndAreNoAccessTokens) {
  for (const auto algorithm : {KeyAlgorithm::kEs256, KeyAlgorithm::kRs256}) {
    const auto token = auth::parse_jws(keys_->sign_id_token({{"sub", "a"}}, algorithm, clock_.wall()).value()).value();
    EXPECT_EQ(auth::name(token.algorithm), algorithm == KeyAlgorithm::kEs256 ? "ES256" : "RS256");
    EXPECT_EQ(token.header.at("typ"), "JWT");
    EXPECT_TRUE(keys_->verify(token));
    auth::Jws changed = token;
    changed.signing_input += "x";
    EXPECT_FALSE(keys_->verify(changed));
  }
}

TEST_F(TokensTest, TwoProcessesAgreeOnTheSigningKey) {
  KeyRing other(*pool_, master_);
  ASSERT_TRUE(run(other.refresh(context_)));
  ASSERT_TRUE(run(keys_->refresh(context_)));
  EXPECT_EQ(other.version(), keys_->version());
  EXPECT_EQ(other.jwks(clock_.wall()).at("keys").as_array().size(), 2U) << "one of each algorithm";
  clock_.offset = std::chrono::hours(24 * 6);
  ASSERT_TRUE(run(other.refresh(context_)));
  EXPECT_EQ(other.jwks(clock_.wall()).at("keys").as_array().size(), 4U)
      << "the next key is public a day before its use";
}

}  // namespace
}  // namespace evc::auth_service
