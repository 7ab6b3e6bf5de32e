// Export and erasure on the real PostgreSQL, with auth, charging and payment as this service sees them: what is asked
// of whom in which order, and that a step which fails is repeated until it is done.
#include <gtest/gtest.h>

#include <map>

#include "kit/base/bytes.hpp"
#include "kit/http/server.hpp"
#include "kit/postgres/testing/test_database.hpp"
#include "kit/testing/run_task.hpp"
#include "services/user/api/routes.hpp"

namespace evc::user {
namespace {

using namespace std::chrono_literals;
using Strings = std::vector<std::string>;

constexpr const char* kAna = "6f0f9f0e-1111-4222-8333-444444444444";
constexpr const char* kBia = "6f0f9f0e-5555-4666-8777-888888888888";
constexpr const char* kPseudonym = "p1.mfzxa2lonrxw2zlsfqqho2lunb";

class ShiftedClock : public Clock {
 public:
  WallTime wall() const override { return system_clock().wall() + offset; }
  SteadyTime steady() const override { return system_clock().steady(); }
  std::chrono::milliseconds offset{0};
};

// The three services in one: each operation answers as told, or is out of order.
class OtherServices {
 public:
  explicit OtherServices(Worker& worker)
      : router_(std::make_shared<http::Router>()), server_((add_routes(), worker), router_, {}, {}) {
    server_.start();
  }
  std::uint16_t port() const { return server_.port(); }
  void close() { server_.close_all(); }

  Strings asked;                      // short names, in order; not tokens, not account data
  std::map<std::string, int> broken;  // name → how many more times it answers 503
  std::map<std::string, int> late;    // name → how many more times its answer is lost after the effect
  std::map<std::string, http::Response> answers;
  std::int64_t open_charges = 0, open_payments = 0;
  bool charge_begins_at_freeze = false;
  int session_pages = 1;
  bool destroyed = false, frozen = false;
  std::string proof;

 private:
  void add(const std::string& method, const std::string& path, const std::string& name,
           std::function<http::Response(http::Request&)> answer) {
    router_->add(method, path,
                 [this, name, answer](RequestContext& context, http::Request& request) {
                   return respond(context, request, name, answer);
                 },
                 {.access = http::Access::kPublic});
  }
  Task<http::Response> respond(RequestContext& context, http::Request& request, std::string name,
                               std::function<http::Response(http::Request&)> answer) {
    if (!name.empty()) asked.push_back(name);
    if (broken[name] > 0) {
      --broken[name];
      co_return http::problem(Error{.code = Code::kServiceUnavailable}, context);
    }
    if (answers.contains(name)) co_return answers.at(name);
    http::Response response = answer(request);
    if (late[name] == 0) co_return response;
    --late[name];
    co_return http::problem(Error{.code = Code::kServiceUnavailable}, context);
  }
  http::Response gone() { return http::problem(Error{.code = Code::kNotFound}, RequestContext{}); }

  void add_routes() {
    add("POST", "/internal/oauth2/token", "", [](http::Request&) {
      return http::Response::json(
          200, json::Object{{"access_token", "service-token"}, {"token_type", "Bearer"}, {"expires_in", 600}});
    });
    add("GET", "/internal/accounts/{userId}", "", [this](http::Request&) {
      return destroyed ? gone()
                       : http::Response::json(200, json::Object{{"email", "ana@example.com"},
                                                                {"name", "Ana Souza"},
                                                                {"columnKey", base64url_encode(std::string(32, 'k'))},
                                                                {"createdAt", "2026-11-20T08:00:00.000Z"}});
    });
    add("GET", "/internal/accounts/{userId}/records", "records",
        [](http::Request&) { return http::Response::json(200, json::Object{{"email", "ana@example.com"}}); });
    add("POST", "/internal/accounts/{userId}/proof", "proof", [this](http::Request& request) {
      proof = request.body;
      return http::Response::empty(204);
    });
    add("PUT", "/internal/accounts/{userId}/freeze", "freeze", [this](http::Request&) {
      if (destroyed) return gone();
      frozen = true;
      if (charge_begins_at_freeze) open_charges = 1;
      return http::Response::json(200, json::Object{{"pseudonym", kPseudonym}});
    });
    add("DELETE", "/internal/accounts/{userId}/freeze", "unfreeze", [this](http::Request&) {
      frozen = false;
      return http::Response::empty(204);
    });
    add("DELETE", "/internal/accounts/{userId}", "erase", [this](http::Request&) {
      destroyed = true;
      return http::Response::empty(204);
    });
    add("GET", "/internal/erasures", "erasures", [](http::Request& request) {
      const bool first = request.query.get("after") == "0";
      return http::Response::json(200,
                                  json::Object{{"users", first ? json::Array{kAna} : json::Array{}}, {"next", 87}});
    });
    add_records();
  }
  void add_records() {
    add("POST", "/internal/charging/records", "charges", [this](http::Request& request) {
      EXPECT_EQ(request.body, std::string(R"({"userId":")") + kPseudonym + R"("})");
      const int page = std::stoi(std::string(request.query.get("cursor").value_or("1")));
      json::Object body{{"sessions", json::Array{json::Object{{"session", page}}}}};
      if (page < session_pages) body["nextCursor"] = std::to_string(page + 1);
      return http::Response::json(200, body);
    });
    add("POST", "/internal/payments/records", "payments", [](http::Request&) {
      const auto payment = [](const char* id, int owed) {
        return json::Object{
            {"payment",
             json::Object{{"paymentId", id}, {"receivable", json::Object{{"amount", owed}, {"currency", "BRL"}}}}}};
      };
      return http::Response::json(200, json::Object{{"payments", json::Array{payment("a", 0), payment("b", 250)}}});
    });
    add("POST", "/internal/charging/records/open", "open charges",
        [this](http::Request&) { return http::Response::json(200, json::Object{{"open", open_charges}}); });
    add("POST", "/internal/payments/records/open", "open payments",
        [this](http::Request&) { return http::Response::json(200, json::Object{{"open", open_payments}}); });
  }

  std::shared_ptr<http::Router> router_;
  http::Server server_;
};

class ErasureTest : public ::testing::Test {
 protected:
  ErasureTest() {
    database_.migrate("services/user/migrations");
    pool_.emplace(worker_, postgres::PoolOptions{.conninfo = database_.conninfo(), .size = 4});
    client_ = std::make_shared<http::Client>(
        worker_, http::ClientOptions{.service = "auth", .endpoints = {{"127.0.0.1", others_.port()}}, .tries = 1});
    const auto tokens = std::make_shared<evc::auth::ServiceTokens>(worker_, client_, "user");
    accounts_.emplace(client_, tokens, Accounts::Limits{});
    account_.emplace(ServicePeer{.name = "auth", .client = client_, .tokens = tokens});
    charges_.emplace(ServicePeer{.name = "charging", .client = client_, .tokens = tokens}, "/internal/charging/records",
                     "sessions");
    payments_.emplace(ServicePeer{.name = "payment", .client = client_, .tokens = tokens}, "/internal/payments/records",
                      "payments");
    saga_.emplace(ErasureSaga::Parts{.pool = *pool_,
                                     .account = *account_,
                                     .charges = *charges_,
                                     .payments = *payments_,
                                     .forget = [this](const Uuid& id) { accounts_->forget(id); }});
    api_.emplace(Api{.pool = *pool_,
                     .accounts = *accounts_,
                     .account = *account_,
                     .charges = *charges_,
                     .payments = *payments_,
                     .saga = *saga_,
                     .models = {"byd-dolphin-gs"}});
    add_routes(router_, *api_);
    EXPECT_EQ(ask("POST", "/users/me/vehicles", R"({"model":"byd-dolphin-gs","nickname":"Golfinho"})").status, 201);
  }
  ~ErasureTest() override {
    client_->close();
    others_.close();
    pool_->close();
    worker_.tasks().cancel();
    evc::testing::run_until(worker_, [this] { return worker_.tasks().size() == 0; });
  }

  RequestContext context_now() {
    RequestContext context;
    context.clock = &clock_;
    context.deadline = std::chrono::steady_clock::now() + 20s;
    context.principal.subject = kAna;
    context.principal.puid = kPseudonym;
    context.principal.session_id = kBia;
    return context;
  }
  struct Answer {
    int status = 0;
    json::Value body;
    http::Headers headers;
    std::string code() const { return std::string(body.at("code").as_string()); }
    std::string pointer() const { return std::string(body.at("errors").at(0).at("pointer").as_string()); }
  };
  Answer ask(const std::string& method, const std::string& path, const std::string& body = {}) {
    RequestContext context = context_now();
    http::Request request;
    request.method = method;
    request.path = path;
    request.body = body;
    if (!body.empty()) request.headers.set("content-type", "application/json");
    auto match = router_.match(request);
    EXPECT_TRUE(match);
    auto response = evc::testing::run_task(worker_, (*match->handler)(context, request));
    auto parsed = json::parse(response.body);
    return {response.status, parsed ? *parsed : json::Value(), response.headers};
  }
  Answer erase() { return ask("DELETE", "/users/me", R"({"password":"uma-viagem-pela-costa"})"); }
  Answer told(const Answer& begun) { return ask("GET", std::string(begun.headers.get("location").value_or(""))); }
  std::string state(const Answer& begun) { return std::string(told(begun).body.at("state").as_string()); }

  // What run_erasures() does, after so much time.
  void later(std::chrono::milliseconds time) {
    clock_.offset += time;
    RequestContext context = context_now();
    EXPECT_TRUE(evc::testing::run_task(worker_, saga_->advance(context, std::nullopt)));
  }
  std::string count(const std::string& table) { return database_.value("SELECT count(*) FROM " + table); }

  postgres::testing::TestDatabase database_;
  ShiftedClock clock_;
  Worker worker_;
  OtherServices others_{worker_};
  std::optional<postgres::Pool> pool_;
  std::shared_ptr<http::Client> client_;
  std::optional<Accounts> accounts_;
  std::optional<AccountClient> account_;
  std::optional<RecordClient> charges_, payments_;
  std::optional<ErasureSaga> saga_;
  std::optional<Api> api_;
  http::Router router_;
};

TEST_F(ErasureTest, AnExportHoldsEverything) {
  others_.session_pages = 3;
  const Answer exported = ask("GET", "/users/me/export");
  ASSERT_EQ(exported.status, 200) << json::serialize(exported.body);
  EXPECT_EQ(exported.headers.get("cache-control"), "no-store");
  EXPECT_EQ(exported.body.at("account").at("email"), "ana@example.com");
  EXPECT_EQ(exported.body.at("profile").at("name"), "Ana Souza");
  EXPECT_EQ(exported.body.at("vehicles").at(0).at("nickname"), "Golfinho");
  EXPECT_EQ(exported.body.at("chargingSessions").as_array().size(), 3U) << "every page";
  EXPECT_EQ(exported.body.at("payments").as_array().size(), 2U);
  EXPECT_EQ(json::serialize(exported.body.at("receivables")),
            R"([{"paymentId":"b","amount":{"amount":250,"currency":"BRL"}}])");
}

TEST_F(ErasureTest, HalfAnExportIsNone) {
  for (const std::string part : {"records", "charges", "payments"}) {
    others_.broken[part] = 1;
    const Answer exported = ask("GET", "/users/me/export");
    EXPECT_EQ(exported.status, 503) << part;
    EXPECT_EQ(exported.code(), "service-unavailable") << part;
    EXPECT_TRUE(exported.headers.contains("retry-after")) << part;
  }
  others_.answers["charges"] = http::Response::text(200, "no JSON");
  EXPECT_EQ(ask("GET", "/users/me/export").status, 503);
  others_.answers["charges"] =
      http::Response::json(200, json::Object{{"sessions", json::Array{std::string(8 << 20, 'x')}}});
  EXPECT_EQ(ask("GET", "/users/me/export").status, 503) << "more than the gateway takes";
}

TEST_F(ErasureTest, GoesStepByStepAndLeavesNothing) {
  const Answer begun = erase();
  ASSERT_EQ(begun.status, 202) << json::serialize(begun.body);
  EXPECT_EQ(others_.asked, (Strings{"open charges", "open payments", "proof", "freeze"}));
  EXPECT_EQ(others_.proof,
            R"({"sessionId":"6f0f9f0e-5555-4666-8777-888888888888","password":"uma-viagem-pela-costa"})");
  EXPECT_EQ(told(begun).body, begun.body);
  EXPECT_EQ(state(begun), "running");
  later(0ms);
  EXPECT_FALSE(others_.destroyed) << "what was begun just before is to be seen first";
  others_.asked.clear();
  later(1'500ms);
  EXPECT_EQ(others_.asked, (Strings{"freeze", "open charges", "open payments", "erase"}));
  EXPECT_EQ(state(begun), "done");
  EXPECT_EQ(count("profile"), "0");
  EXPECT_EQ(count("vehicle"), "0");
  EXPECT_EQ(accounts_->cached(), 0U);
  EXPECT_EQ(count("erasure WHERE account_id IS NULL"), "1") << "nothing says whose it was";
  EXPECT_EQ(database_.value("SELECT erasure::text FROM erasure").find(kAna), std::string::npos);
  clock_.offset += 24h * 31;
  EXPECT_EQ(erase().status, 202);
  later(1'500ms);
  EXPECT_EQ(ask("GET", std::string(begun.headers.get("location").value_or(""))).status, 404) << "forgotten";
}

TEST_F(ErasureTest, OneThatDoesNotComeOnIsSeen) {
  const auto running = [this] {
    RequestContext context = context_now();
    return evc::testing::run_task(worker_, running_erasures(context, *pool_, clock_.wall())).value();
  };
  EXPECT_EQ(running().count, 0);
  EXPECT_EQ(running().oldest_s, 0);
  others_.broken["erase"] = 1'000'000;
  erase();
  clock_.offset += 600s;
  EXPECT_EQ(running().count, 1);
  EXPECT_GE(running().oldest_s, 600);
  EXPECT_LT(running().oldest_s, 660);
}

TEST_F(ErasureTest, IsRefusedWhileSomethingIsOpen) {
  others_.open_charges = 1;
  const Answer charge = erase();
  EXPECT_EQ(charge.status, 409);
  EXPECT_EQ(charge.code(), "conflict");
  EXPECT_EQ(charge.pointer(), "/chargingSessions");
  others_.open_charges = 0;
  others_.open_payments = 1;
  EXPECT_EQ(erase().pointer(), "/payments");
  others_.broken["open charges"] = 1;
  EXPECT_EQ(erase().status, 503) << "nobody knows";
  EXPECT_EQ(count("erasure"), "0");
  EXPECT_FALSE(others_.frozen);
}

TEST_F(ErasureTest, NeedsTheProof) {
  const RequestContext nobody;
  others_.answers["proof"] = http::problem(Error{.code = Code::kCredentialsInvalid}, nobody);
  EXPECT_EQ(erase().code(), "credentials-invalid");
  others_.answers["proof"] =
      http::problem(Error{.code = Code::kValidationFailed, .fields = {{"/code", "a second factor is on"}}}, nobody);
  EXPECT_EQ(erase().pointer(), "/code");
  others_.answers["proof"] = http::problem(Error{.code = Code::kRateLimited, .retry_after = 42s}, nobody);
  const Answer limited = erase();
  EXPECT_EQ(limited.status, 429);
  EXPECT_EQ(limited.headers.get("retry-after"), "42");
  others_.answers["proof"] = http::problem(Error{.code = Code::kInternal}, nobody);
  EXPECT_EQ(erase().status, 503);
  EXPECT_EQ(ask("DELETE", "/users/me", R"({})").status, 422);
  EXPECT_EQ(count("erasure"), "0");
  EXPECT_EQ(count("profile"), "1");
}

TEST_F(ErasureTest, AskedAgainItIsTheSame) {
  const Answer begun = erase();
  others_.answers["proof"] = http::problem(Error{.code = Code::kCredentialsInvalid}, RequestContext{});
  const Answer again = erase();
  EXPECT_EQ(again.status, 202);
  EXPECT_EQ(again.body.at("erasureId"), begun.body.at("erasureId"));
  EXPECT_EQ(count("erasure"), "1");
}

TEST_F(ErasureTest, AChargeThatBeganAtTheLastMomentRefusesIt) {
  others_.charge_begins_at_freeze = true;
  const Answer begun = erase();
  EXPECT_EQ(begun.status, 202);
  others_.broken["unfreeze"] = 1;
  later(1'500ms);
  EXPECT_EQ(state(begun), "running") << "not before the person may sign in again";
  later(200ms);
  EXPECT_EQ(state(begun), "refused");
  EXPECT_EQ(told(begun).body.at("reason"), "chargeOpen");
  EXPECT_FALSE(others_.frozen);
  EXPECT_FALSE(others_.destroyed);
  EXPECT_EQ(count("profile"), "1");
}

TEST_F(ErasureTest, AStepThatFailsIsRepeatedUntilItIsDone) {
  others_.broken = {{"freeze", 1}, {"erase", 2}};
  others_.late = {{"erase", 1}};
  const Answer begun = erase();
  EXPECT_EQ(begun.status, 202);
  EXPECT_FALSE(others_.frozen);
  later(100ms);
  EXPECT_TRUE(others_.frozen);
  later(1'500ms);
  EXPECT_FALSE(others_.destroyed);
  later(100ms);
  EXPECT_FALSE(others_.destroyed);
  later(200ms);
  EXPECT_TRUE(others_.destroyed) << "but its answer was lost";
  EXPECT_EQ(count("profile"), "1");
  later(400ms);
  EXPECT_EQ(state(begun), "done");
  EXPECT_EQ(count("profile"), "0");
}

TEST_F(ErasureTest, WhoDiesOverAStepIsReplacedAfterTheClaim) {
  const Answer begun = erase();
  clock_.offset += 2s;
  database_.query("UPDATE erasure SET due_at = now() + interval '5 seconds' + interval '2 seconds'");
  later(0ms);
  EXPECT_EQ(state(begun), "running") << "somebody has it";
  later(6s);
  EXPECT_EQ(state(begun), "done");
}

TEST_F(ErasureTest, AnAccountThatIsGoneIsErasedAllTheSame) {
  const Answer begun = erase();
  others_.destroyed = true;
  others_.open_charges = 1;
  later(1'500ms);
  EXPECT_EQ(state(begun), "done");
}

TEST_F(ErasureTest, WhoWasErasedIsErasedAgainAfterARestore) {
  RequestContext context = context_now();
  EXPECT_EQ(evc::testing::run_task(worker_, saga_->replay(context)).value(), 1);
  EXPECT_EQ(count("profile"), "0");
  context = context_now();
  EXPECT_EQ(evc::testing::run_task(worker_, saga_->replay(context)).value(), 0);
}

TEST_F(ErasureTest, AnErasureIsFoundByItsIdAlone) {
  EXPECT_EQ(ask("GET", "/users/erasures/nonsense").status, 404);
  EXPECT_EQ(ask("GET", std::string("/users/erasures/") + kBia).status, 404);
}

}  // namespace
}  // namespace evc::user
