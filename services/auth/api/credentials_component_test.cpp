// Accounts on the real PostgreSQL and Redis: registration, sign-in and its limits, forgotten passwords, another
// address, the second factor, and what each of them does to sessions.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <map>
#include <regex>

#include "kit/base/bytes.hpp"
#include "kit/postgres/testing/test_database.hpp"
#include "kit/testing/run_task.hpp"
#include "services/auth/api/account_sessions.hpp"
#include "services/auth/api/credentials.hpp"
#include "services/auth/domain/identity.hpp"
#include "services/auth/domain/totp.hpp"
#include "services/auth/store/sessions.hpp"

namespace evc::auth_service {
namespace {

using namespace std::chrono_literals;

// A busy machine is slow, not wrong.
constexpr std::chrono::seconds kPatience{30};
constexpr const char* kPassword = "uma-viagem-pela-costa";
constexpr const char* kOtherPassword = "outra-viagem-pela-serra";

std::string environment(const char* name) {
  const char* value = std::getenv(name);
  if (value == nullptr) throw std::runtime_error(std::string(name) + " is not set: run the tests by tools/testenv");
  return value;
}

redis::Options redis_options() {
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

class CredentialsTest : public ::testing::Test {
 protected:
  CredentialsTest() {
    accounts_.migrate("services/auth/migrations");
    keystore_database_.migrate("services/auth/keystore_migrations");
    pool_.emplace(
        worker_,
        postgres::PoolOptions{
            .conninfo = accounts_.conninfo(), .size = 8, .acquire_timeout = kPatience, .statement_timeout = kPatience});
    keystore_.emplace(worker_, postgres::PoolOptions{.conninfo = keystore_database_.conninfo(),
                                                     .size = 4,
                                                     .acquire_timeout = kPatience,
                                                     .statement_timeout = kPatience});
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
                                            .index_key = master_,
                                            .mail_key = mail_key_});
    sessions_.emplace(*pool_, *issuer_);
    context_.clock = &clock_;
    context_.deadline = clock_.steady() + 300s;
    EXPECT_TRUE(run(keys_->refresh(context_)));
  }
  ~CredentialsTest() override {
    credentials_.reset();
    redis_.close();
    pool_->close();
    keystore_->close();
    worker_.tasks().cancel();
    evc::testing::run_until(worker_, [this] { return worker_.tasks().size() == 0; });
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
  postgres::testing::TestDatabase accounts_, keystore_database_;
  Worker worker_;
  redis::Client redis_{worker_, redis_options()};
  std::shared_ptr<PasswordHasher> hasher_ = std::make_shared<PasswordHasher>(Secret<std::string>("pepper"));
  std::shared_ptr<CpuPool> hashing_ = std::make_shared<CpuPool>(CpuPool::Options{.name = "hashing"});
  std::optional<postgres::Pool> pool_, keystore_;
  std::optional<KeyRing> keys_;
  std::optional<TokenIssuer> issuer_;
  std::optional<SignInThrottle> throttle_;
  std::optional<SecondFactor> second_factor_;
  std::optional<AccountRequests> requests_;
  std::optional<Credentials> credentials_;
  std::optional<AccountSessions> sessions_;
  RequestContext context_;
};

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
  int evaluated = 0;
  for (int i = 0; i < settings_.failures_per_address + 3; ++i) {
    const std::string email = "p" + std::to_string(i) + "@example.org";
    const auto answer = run(credentials_->login(context_, {email, "not-the-password-at-all", {}}, one_address));
    evaluated += answer.error().code == Code::kCredentialsInvalid ? 1 : 0;
  }
  EXPECT_GE(evaluated, settings_.failures_per_address);
  EXPECT_LE(evaluated, settings_.failures_per_address + 2) << "one more each two seconds";
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
