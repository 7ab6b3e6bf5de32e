#include "services/user/api/routes.hpp"

#include <gtest/gtest.h>

#include "kit/base/bytes.hpp"
#include "kit/http/server.hpp"
#include "kit/postgres/testing/test_database.hpp"
#include "kit/testing/manual_clock.hpp"
#include "kit/testing/run_task.hpp"
#include "services/user/domain/profile.hpp"

namespace evc::user {
namespace {

using namespace std::chrono_literals;

constexpr const char* kAna = "6f0f9f0e-1111-4222-8333-444444444444";
constexpr const char* kBia = "6f0f9f0e-5555-4666-8777-888888888888";

// Auth as this service sees it: a token for the service, and what it knows of a person.
class FakeAuth {
 public:
  explicit FakeAuth(Worker& worker)
      : router_(std::make_shared<http::Router>()), server_((add_routes_of_auth(), worker), router_, {}, {}) {
    server_.start();
  }

  std::uint16_t port() const { return server_.port(); }
  void close() { server_.close_all(); }
  int asked = 0;
  std::string key = std::string(32, 'k');
  bool gone = false;

 private:
  static Task<http::Response> token(http::Request& request) {
    EXPECT_EQ(request.body, "grant_type=client_credentials&client_id=user");
    co_return http::Response::json(
        200, json::Object{{"access_token", "service-token"}, {"token_type", "Bearer"}, {"expires_in", 600}});
  }
  Task<http::Response> account(RequestContext& context, http::Request& request) {
    ++asked;
    EXPECT_EQ(request.headers.get("authorization").value_or(""), "Bearer service-token");
    if (gone) co_return http::problem(Error{.code = Code::kNotFound}, context);
    const std::string name = request.path.ends_with(kAna) ? "Ana Souza" : "Bia Lima";
    co_return http::Response::json(200, json::Object{{"email", "someone@example.com"},
                                                     {"name", name},
                                                     {"columnKey", base64url_encode(key)},
                                                     {"createdAt", "2026-11-20T08:00:00.000Z"}});
  }
  void add_routes_of_auth() {
    router_->add("POST", "/internal/oauth2/token",
                 [](RequestContext&, http::Request& request) { return token(request); },
                 {.access = http::Access::kPublic});
    router_->add("GET", "/internal/accounts/{userId}",
                 [this](RequestContext& context, http::Request& request) { return account(context, request); },
                 {.access = http::Access::kPublic});
  }

  std::shared_ptr<http::Router> router_;
  http::Server server_;
};

class UserApiTest : public ::testing::Test {
 protected:
  UserApiTest() : auth_(worker_) {
    database_.migrate("services/user/migrations");
    pool_.emplace(worker_, postgres::PoolOptions{.conninfo = database_.conninfo(), .size = 4});
    client_ = std::make_shared<http::Client>(
        worker_, http::ClientOptions{.service = "auth", .endpoints = {{"127.0.0.1", auth_.port()}}});
    const auto tokens = std::make_shared<evc::auth::ServiceTokens>(worker_, client_, "user");
    accounts_.emplace(client_, tokens, Accounts::Limits{.limit = 2});
    const ServicePeer auth{.name = "auth", .client = client_, .tokens = tokens};
    account_.emplace(auth);
    records_.emplace(auth, "/internal/records", "records");
    saga_.emplace(ErasureSaga::Parts{
        .pool = *pool_, .account = *account_, .charges = *records_, .payments = *records_, .forget = [](const Uuid&) {
        }});
    api_.emplace(Api{.pool = *pool_,
                     .accounts = *accounts_,
                     .account = *account_,
                     .charges = *records_,
                     .payments = *records_,
                     .saga = *saga_,
                     .models = {"byd-dolphin-gs", "renault-kwid"}});
    add_routes(router_, *api_);
  }
  ~UserApiTest() override {
    client_->close();
    auth_.close();
    pool_->close();
    worker_.tasks().cancel();
    evc::testing::run_until(worker_, [this] { return worker_.tasks().size() == 0; });
  }

  struct Answer {
    int status = 0;
    json::Value body;
    http::Headers headers;
    std::string code() const {
      return body.is_object() && body.as_object().contains("code") ? std::string(body.at("code").as_string())
                                                                   : std::string();
    }
  };

  // What the server does behind authentication: the principal is set, the route is looked up, the handler runs.
  Answer ask(const std::string& subject, const std::string& method, const std::string& path,
             const std::string& body = {}) {
    RequestContext context;
    context.deadline = std::chrono::steady_clock::now() + 10s;
    context.principal.subject = subject;
    http::Request request;
    request.method = method;
    request.path = path;
    request.body = body;
    if (!body.empty()) request.headers.set("content-type", "application/json");
    auto match = router_.match(request);
    if (!match) return {404, nullptr, {}};
    auto response = evc::testing::run_task(worker_, (*match->handler)(context, request));
    auto parsed = json::parse(response.body);
    return {response.status, parsed ? *parsed : json::Value(), response.headers};
  }
  std::string add_vehicle(
      const std::string& subject,
      const std::string& body = R"({"model":"byd-dolphin-gs","nickname":"Golfinho","usableKwh":43.5})") {
    const Answer added = ask(subject, "POST", "/users/me/vehicles", body);
    EXPECT_EQ(added.status, 201);
    return added.status == 201 ? std::string(added.body.at("vehicleId").as_string()) : std::string();
  }

  postgres::testing::TestDatabase database_;
  Worker worker_;
  FakeAuth auth_;
  std::optional<postgres::Pool> pool_;
  std::shared_ptr<http::Client> client_;
  std::optional<Accounts> accounts_;
  std::optional<AccountClient> account_;
  std::optional<RecordClient> records_;
  std::optional<ErasureSaga> saga_;
  std::optional<Api> api_;
  http::Router router_;
};

TEST_F(UserApiTest, ChargingLearnsWhetherAVehicleIsSomebodysOwn) {
  const std::string id = add_vehicle(kAna);
  const auto check = [&](const std::string& owner, const std::string& vehicle) {
    return ask("", "POST", "/internal/vehicles/check",
               R"({"ownerId":")" + owner + R"(","vehicleId":")" + vehicle + R"("})");
  };
  const Answer own = check(kAna, id);
  EXPECT_EQ(own.status, 200);
  EXPECT_EQ(own.body.at("model"), "byd-dolphin-gs");
  EXPECT_FALSE(own.body.as_object().contains("nickname"));
  EXPECT_EQ(check(kBia, id).code(), "vehicle-not-found");
  EXPECT_EQ(check(kAna, kBia).code(), "vehicle-not-found");
  EXPECT_EQ(check(kAna, "nonsense").status, 422);
}

TEST_F(UserApiTest, TheProfileIsMadeAtTheFirstLook) {
  const Answer first = ask(kAna, "GET", "/users/me");
  ASSERT_EQ(first.status, 200) << json::serialize(first.body);
  EXPECT_EQ(first.body.at("name"), "Ana Souza");
  EXPECT_EQ(first.body.at("email"), "someone@example.com");
  EXPECT_EQ(first.body.at("locale"), "pt-BR");
  EXPECT_EQ(first.body.at("createdAt"), "2026-11-20T08:00:00.000Z");
  EXPECT_EQ(first.headers.get("cache-control"), "no-store");
  EXPECT_EQ(ask(kAna, "GET", "/users/me").body, first.body);
  EXPECT_EQ(auth_.asked, 1);
  EXPECT_EQ(database_.value("SELECT count(*) FROM profile"), "1");
}

TEST_F(UserApiTest, NoNameAndNoAddressIsInTheDatabase) {
  add_vehicle(kAna);
  const std::string rows = database_.value(
      "SELECT string_agg(profile::text, ',') || (SELECT string_agg(vehicle::text, ',') FROM vehicle) FROM profile");
  for (const std::string& plain : {std::string("Ana"), std::string("Golfinho"), std::string("example.com")}) {
    EXPECT_EQ(rows.find(plain), std::string::npos);
    EXPECT_EQ(rows.find(hex_encode(plain)), std::string::npos);
  }
}

TEST_F(UserApiTest, ASealedNameOpensNowhereElse) {
  add_vehicle(kAna);
  add_vehicle(kBia);
  database_.query("UPDATE vehicle SET nickname_sealed = (SELECT nickname_sealed FROM vehicle v WHERE v.owner_id = '" +
                  std::string(kBia) + "') WHERE owner_id = '" + kAna + "'");
  EXPECT_EQ(ask(kAna, "GET", "/users/me/vehicles").code(), "internal");
}

TEST_F(UserApiTest, AProfileChanges) {
  const std::string vehicle = add_vehicle(kAna);
  const Answer changed =
      ask(kAna, "PATCH", "/users/me", R"({"name":"Ana S.","locale":"en","defaultVehicleId":")" + vehicle + R"("})");
  ASSERT_EQ(changed.status, 200) << json::serialize(changed.body);
  EXPECT_EQ(changed.body.at("name"), "Ana S.");
  EXPECT_EQ(changed.body.at("defaultVehicleId").as_string(), vehicle);
  EXPECT_EQ(ask(kAna, "GET", "/users/me").body, changed.body);
  EXPECT_EQ(ask(kAna, "PATCH", "/users/me", R"({"locale":"es"})").body.at("name"), "Ana S.");
}

TEST_F(UserApiTest, WrongChangesAreRefusedWithTheirPointer) {
  EXPECT_EQ(ask(kAna, "PATCH", "/users/me", "{}").status, 422);
  EXPECT_EQ(ask(kAna, "PATCH", "/users/me", R"({"email":"other@example.com"})").status, 422);
  const Answer locale = ask(kAna, "PATCH", "/users/me", R"({"locale":"de"})");
  EXPECT_EQ(locale.status, 422);
  EXPECT_EQ(locale.body.at("errors").at(0).at("pointer"), "/locale");
  EXPECT_EQ(ask(kAna, "POST", "/users/me/vehicles", R"({"model":"no-car"})").status, 422);
  EXPECT_EQ(database_.value("SELECT count(*) FROM vehicle"), "0");
}

TEST_F(UserApiTest, TheVehicleOfAnotherIsNotThere) {
  const std::string of_bia = add_vehicle(kBia);
  EXPECT_EQ(ask(kAna, "GET", "/users/me/vehicles/" + of_bia).code(), "vehicle-not-found");
  EXPECT_EQ(ask(kAna, "PATCH", "/users/me/vehicles/" + of_bia, R"({"usableKwh":10})").code(), "vehicle-not-found");
  EXPECT_EQ(ask(kAna, "PATCH", "/users/me", R"({"defaultVehicleId":")" + of_bia + R"("})").code(), "vehicle-not-found");
  EXPECT_EQ(ask(kAna, "DELETE", "/users/me/vehicles/" + of_bia).status, 204);
  EXPECT_EQ(ask(kBia, "GET", "/users/me/vehicles/" + of_bia).status, 200);
}

TEST_F(UserApiTest, AVehicleIsAddedChangedAndRemoved) {
  const std::string id = add_vehicle(kAna);
  const Answer changed = ask(kAna, "PATCH", "/users/me/vehicles/" + id, R"({"nickname":"Azul"})");
  ASSERT_EQ(changed.status, 200) << json::serialize(changed.body);
  EXPECT_EQ(changed.body.at("nickname"), "Azul");
  EXPECT_EQ(changed.body.at("usableKwh"), 43.5);
  EXPECT_EQ(ask(kAna, "GET", "/users/me/vehicles").body.at("vehicles").at(0), changed.body);
  ask(kAna, "PATCH", "/users/me", R"({"defaultVehicleId":")" + id + R"("})");
  EXPECT_EQ(ask(kAna, "DELETE", "/users/me/vehicles/" + id).status, 204);
  EXPECT_EQ(ask(kAna, "DELETE", "/users/me/vehicles/" + id).status, 204);
  EXPECT_EQ(ask(kAna, "GET", "/users/me/vehicles/" + id).status, 404);
  EXPECT_FALSE(ask(kAna, "GET", "/users/me").body.as_object().contains("defaultVehicleId"));
}

TEST_F(UserApiTest, AtMostTwentyVehicles) {
  for (std::size_t i = 0; i < kVehicleLimit; ++i) add_vehicle(kAna, R"({"model":"renault-kwid"})");
  const Answer refused = ask(kAna, "POST", "/users/me/vehicles", R"({"model":"renault-kwid"})");
  EXPECT_EQ(refused.status, 409);
  EXPECT_EQ(refused.code(), "conflict");
  add_vehicle(kBia);
}

TEST_F(UserApiTest, ADestroyedSecretMakesTheProfileUnreachable) {
  ask(kAna, "GET", "/users/me");
  auth_.gone = true;
  accounts_.emplace(client_, std::make_shared<evc::auth::ServiceTokens>(worker_, client_, "user"), Accounts::Limits{});
  EXPECT_EQ(ask(kAna, "GET", "/users/me").status, 401);
}

TEST_F(UserApiTest, AccountsAreForgottenInTimeAndBounded) {
  evc::testing::ManualClock clock;
  RequestContext context;
  context.clock = &clock;
  context.deadline = clock.steady() + 24h;
  const auto read = [&](const char* subject) {
    return evc::testing::run_task(worker_, accounts_->account(context, *parse_uuid(subject))).has_value();
  };
  const auto read_key = [&](const char* subject) {
    return evc::testing::run_task(worker_, accounts_->column_key(context, *parse_uuid(subject))).has_value();
  };
  EXPECT_TRUE(read(kAna));
  clock.advance(59s);
  EXPECT_TRUE(read(kAna));
  EXPECT_EQ(auth_.asked, 1);
  clock.advance(1s);
  EXPECT_TRUE(read_key(kAna));
  EXPECT_EQ(auth_.asked, 1);
  EXPECT_TRUE(read(kAna));
  EXPECT_EQ(auth_.asked, 2);
  clock.advance(300s);
  EXPECT_TRUE(read_key(kAna));
  EXPECT_EQ(auth_.asked, 3);
  EXPECT_TRUE(read(kBia));
  EXPECT_TRUE(read("6f0f9f0e-9999-4aaa-8bbb-cccccccccccc"));
  EXPECT_EQ(accounts_->cached(), 2U);
}

}  // namespace
}  // namespace evc::user
