// Accounts on the real PostgreSQL and Redis, and what their tests ask of them: mails, sign-ins, many at the same
// moment.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <map>
#include <regex>

#include "kit/base/bytes.hpp"
#include "services/auth/api/account_sessions.hpp"
#include "services/auth/api/credentials.hpp"
#include "services/auth/api/databases_fixture_test.hpp"
#include "services/auth/domain/identity.hpp"
#include "services/auth/domain/totp.hpp"
#include "services/auth/store/sessions.hpp"

namespace evc::auth_service {

using namespace std::chrono_literals;

// A busy machine is slow, not wrong.
inline constexpr std::chrono::seconds kPatience{30};
inline constexpr const char* kPassword = "uma-viagem-pela-costa";
inline constexpr const char* kOtherPassword = "outra-viagem-pela-serra";

inline std::string environment(const char* name) {
  const char* value = std::getenv(name);
  if (value == nullptr) throw std::runtime_error(std::string(name) + " is not set: run the tests by tools/testenv");
  return value;
}

inline redis::Options redis_options() {
  const std::string address = environment("EVC_TEST_REDIS");
  const std::size_t colon = address.rfind(':');
  return {.host = address.substr(0, colon),
          .port = static_cast<std::uint16_t>(std::stoi(address.substr(colon + 1))),
          .tls = std::make_shared<net::TlsClient>(net::tls_files(environment("EVC_TEST_TLS_DIR"), "auth")),
          .user = environment("EVC_TEST_REDIS_USER"),
          .password = Secret(environment("EVC_TEST_REDIS_PASSWORD")),
          .timeout = kPatience};
}

class ShiftedClock : public Clock {
 public:
  WallTime wall() const override { return system_clock().wall() + offset; }
  SteadyTime steady() const override { return system_clock().steady(); }
  std::chrono::seconds offset{0};
};

class CredentialsTest : public DatabasesFixture {
 protected:
  CredentialsTest()
      : DatabasesFixture({.size = 8, .acquire_timeout = kPatience, .statement_timeout = kPatience},
                         {.size = 4, .acquire_timeout = kPatience, .statement_timeout = kPatience}) {
    keys_.emplace(*pool_, master_);
    issuer_.emplace(settings_, *keys_, *pool_, *keystore_, master_);
    throttle_.emplace(redis_, settings_, derive_key(master_, "marks"));
    second_factor_.emplace(*pool_, mail_key_);
    requests_.emplace(AccountRequests::Parts{.pool = *pool_,
                                             .keystore = *keystore_,
                                             .settings = settings_,
                                             .index_key = master_,
                                             .keystore_key = master_,
                                             .mail_key = mail_key_,
                                             .request_key = master_});
    credentials_.emplace(Credentials::Parts{.pool = *pool_,
                                            .issuer = *issuer_,
                                            .throttle = *throttle_,
                                            .second_factor = *second_factor_,
                                            .requests = *requests_,
                                            .passwords = PasswordWork(worker_, hasher_, hashing_, kPatience),
                                            .known_passwords = std::make_shared<KnownPasswords>("password\n"),
                                            .index_key = master_,
                                            .mail_key = mail_key_});
    sessions_.emplace(*pool_, *issuer_);
    context_.clock = &clock_;
    context_.deadline = clock_.steady() + 300s;
    EXPECT_TRUE(run(keys_->refresh(context_)));
  }
  void TearDown() override {
    credentials_.reset();
    redis_.close();
    DatabasesFixture::TearDown();
  }

  template <class T>
  T run(Task<T> task) {
    return evc::testing::run_task(worker_, std::move(task), 2 * kPatience);
  }

  static Origin somewhere(std::string mark = {}) {
    return {.address = "test-" + hex_encode(random_bytes(8)), .device = "Firefox, Linux", .device_mark = mark};
  }
  Result<std::optional<SignedIn>> login(const std::string& email, const std::string& password, std::string mark = {},
                                        std::optional<std::string> code = {}) {
    return run(credentials_->login(context_, {email, password, code}, somewhere(mark)));
  }
  static std::string code_of(const Result<std::optional<SignedIn>>& answer) {
    if (answer) return *answer ? "ok" : "code needed";
    return std::string(info(answer.error().code).name);
  }

  // The bodies of all mails to an address so far, the latest last.
  std::vector<std::string> mails_to(const std::string& email) {
    EXPECT_TRUE(run(requests_->answer_due(context_)));
    std::vector<std::string> found;
    for (const auto& row : accounts_.query("SELECT encode(sealed, 'hex') FROM mail ORDER BY id")) {
      const std::string text = open_sealed(mail_key_, hex_decode(row.at(0)).value(), "auth.mail").value();
      if (text.find("<" + email + ">") != std::string::npos) found.push_back(text);
    }
    return found;
  }
  static std::string secret_in(const std::string& mail) {
    std::smatch found;
    EXPECT_TRUE(std::regex_search(mail, found, std::regex("[A-Za-z0-9_-]{43}"))) << mail;
    return found.str();
  }

  void sign_up(const std::string& email) {
    ASSERT_TRUE(run(credentials_->register_account(context_, {email, kPassword, "Ana"})));
    ASSERT_TRUE(run(credentials_->verify(context_, secret_in(mails_to(email).back()))));
  }
  // The context of somebody who has just signed in.
  RequestContext signed_in(const std::string& email, const std::string& password = kPassword) {
    EXPECT_TRUE(login(email, password));
    RequestContext context = context_;
    context.principal.subject = accounts_.value("SELECT account_id FROM session ORDER BY id DESC LIMIT 1");
    context.principal.session_id = accounts_.value("SELECT id FROM session ORDER BY id DESC LIMIT 1");
    return context;
  }
  std::string live_sessions() { return accounts_.value("SELECT count(*) FROM session WHERE revoked_at IS NULL"); }

  Task<> guess_into(std::string email, std::vector<Result<std::optional<SignedIn>>>& answers) {
    answers.push_back(co_await credentials_->login(context_, {email, "not-the-password-at-all", {}}, somewhere()));
  }
  // At the same moment, until there are so many answers.
  Task<> guess(std::string email, std::size_t count, std::vector<Result<std::optional<SignedIn>>>& answers) {
    for (std::size_t i = answers.size(); i < count; ++i) worker_.tasks().spawn("guess", guess_into(email, answers));
    while (answers.size() < count) co_await sleep_for(worker_, 10ms);
  }

  Task<> open_session_into(Person person, std::optional<Result<TokenPair>>& outcome) {
    outcome = co_await issuer_->open_session(context_, person.account, person.secret, "Firefox, Linux");
  }
  Task<> confirm_into(std::string code, std::vector<Result<void>>& outcomes) {
    outcomes.push_back(co_await credentials_->confirm_reset(context_, {code, kOtherPassword}));
  }
  Task<> confirm_at_once(std::string code, std::size_t count, std::vector<Result<void>>& outcomes) {
    for (std::size_t i = 0; i < count; ++i) worker_.tasks().spawn("confirm", confirm_into(code, outcomes));
    while (outcomes.size() < count) co_await sleep_for(worker_, 10ms);
  }

  ShiftedClock clock_;
  SealKey master_{random_bytes(32)};
  SealKey mail_key_{random_bytes(32)};
  AuthSettings settings_{.issuer = "https://localhost:8443"};
  redis::Client redis_{worker_, redis_options()};
  std::shared_ptr<PasswordHasher> hasher_ = std::make_shared<PasswordHasher>(Secret<std::string>("pepper"));
  std::shared_ptr<CpuPool> hashing_ = std::make_shared<CpuPool>(CpuPool::Options{.name = "hashing"});
  std::optional<KeyRing> keys_;
  std::optional<TokenIssuer> issuer_;
  std::optional<SignInThrottle> throttle_;
  std::optional<SecondFactor> second_factor_;
  std::optional<AccountRequests> requests_;
  std::optional<Credentials> credentials_;
  std::optional<AccountSessions> sessions_;
  RequestContext context_;
};

}  // namespace evc::auth_service
