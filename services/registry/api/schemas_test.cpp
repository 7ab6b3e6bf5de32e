#include "services/registry/api/schemas.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "kit/auth/verifier.hpp"
#include "kit/base/bytes.hpp"
#include "kit/http/server.hpp"
#include "kit/testing/run_task.hpp"

namespace evc::registry_service {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr const char* kEnded = "charging.events-ChargingSessionEnded";

std::string schema_of(std::uint32_t version, std::string_view more = "") {
  return R"({"$id":"urn:evcosta:schema:charging.events-ChargingSessionEnded:)" + std::to_string(version) + "\"" +
         std::string(more) + "}";
}

// As much of Apicurio as is asked for: versions in memory, one rule, and the password.
class Store {
 public:
  std::map<std::uint32_t, std::string> versions;
  std::string rule;
  std::string refuses;      // the body of a 409 to what is added
  std::string comes_first;  // what somebody else stores before us
  std::vector<std::string> asked;

  void add_routes(http::Router& router) {
    const auto handler = [this](RequestContext&, http::Request& request) { return answer(request); };
    const std::string base = "/apis/registry/v3";
    router.add("PUT", base + "/admin/rules/COMPATIBILITY", handler);
    router.add("POST", base + "/admin/rules", handler);
    router.add("GET", base + "/groups/default/artifacts", handler);
    router.add("POST", base + "/groups/default/artifacts", handler);
    router.add("GET", base + "/groups/default/artifacts/{id}/versions", handler);
    router.add("POST", base + "/groups/default/artifacts/{id}/versions", handler);
    router.add("GET", base + "/groups/default/artifacts/{id}/versions/{version}/content", handler);
  }

 private:
  static http::Response with(int status, std::string body = "") {
    return http::Response::text(status, std::move(body), "application/json");
  }
  Task<http::Response> answer(http::Request& request) {
    asked.push_back(request.method + " " + request.target);
    if (request.headers.get("authorization") != "Basic " + base64_encode("evcosta-registry:password"))
      co_return with(401);
    if (request.path.ends_with("/COMPATIBILITY")) co_return set_rule(request);
    if (request.path.ends_with("/admin/rules")) co_return make_rule(request);
    if (request.path.ends_with("/content")) co_return content(request);
    co_return request.method == "GET" ? list(request) : add(request);
  }
  http::Response set_rule(const http::Request& request) {
    if (rule.empty()) return with(404, "{}");
    rule = std::string(json::parse(request.body)->at("config").as_string());
    return with(200, "{}");
  }
  http::Response make_rule(const http::Request& request) {
    rule = std::string(json::parse(request.body)->at("config").as_string());
    return http::Response::empty(204);
  }
  http::Response content(const http::Request& request) {
    const auto found = versions.find(static_cast<std::uint32_t>(std::stoul(request.path_parameters.at("version"))));
    return found == versions.end() ? with(404, "{}") : with(200, found->second);
  }
  http::Response list(const http::Request& request) {
    if (!request.path_parameters.contains("id"))
      return with(200, R"({"artifacts":[{"artifactId":"payment.events-PaymentVoided"},{"artifactId":")" +
                           std::string(kEnded) + R"("}],"count":2})");
    if (versions.empty()) return with(404, "{}");
    json::Array rows;
    for (const auto& [version, text] : versions) rows.push_back(json::Object{{"version", std::to_string(version)}});
    return with(200, json::serialize(json::Object{{"versions", std::move(rows)}}));
  }
  http::Response add(const http::Request& request) {
    if (!refuses.empty()) return with(409, refuses);
    auto body = json::parse(request.body)->as_object();
    if (body.contains("firstVersion")) body = json::Object(body.at("firstVersion").as_object());
    const auto version = static_cast<std::uint32_t>(std::stoul(std::string(body.at("version").as_string())));
    if (!comes_first.empty()) versions[version] = std::exchange(comes_first, "");
    if (versions.contains(version)) return with(409, R"({"name":"VersionAlreadyExistsException","status":409})");
    if (!request.query.get("dryRun")) versions[version] = std::string(body.at("content").at("content").as_string());
    return with(200, "{}");
  }
};

class SchemasTest : public ::testing::Test {
 protected:
  void SetUp() override {
    auto router = std::make_shared<http::Router>();
    store.add_routes(*router);
    server = std::make_unique<http::Server>(worker, router, std::vector<http::Middleware>(),
                                            http::ServerOptions{.server_name = "apicurio"});
    server->start();
    http = std::make_shared<http::Client>(
        worker, http::ClientOptions{.service = "apicurio", .endpoints = {{"127.0.0.1", server->port()}}, .tries = 1});
    apicurio.emplace(http, Secret<std::string>("password"));
    schemas.emplace(*apicurio);
  }
  void TearDown() override {
    http->close();
    server->close_all();
    evc::testing::run_until(worker, [&] { return server->connections() == 0; }, 5s);
  }
  http::Request request(std::string version = "", std::string schema = "", std::string peer = "charging") {
    http::Request made{.method = "PUT", .path = "/internal/schemas", .peer_name = std::move(peer)};
    made.path_parameters = {{"subject", kEnded}, {"version", std::move(version)}};
    made.headers.set("content-type", "application/json");
    made.body = json::serialize(json::Object{{"schema", std::move(schema)}});
    return made;
  }
  http::Response put(http::Request made) { return evc::testing::run_task(worker, schemas->put(context, made)); }
  http::Response get(http::Request made) { return evc::testing::run_task(worker, schemas->get(context, made)); }
  http::Response check(http::Request made) { return evc::testing::run_task(worker, schemas->check(context, made)); }
  static std::string code(const http::Response& response) {
    return std::string(json::parse(response.body)->at("code").as_string());
  }

  Worker worker;
  Store store;
  RequestContext context;
  std::unique_ptr<http::Server> server;
  std::shared_ptr<http::Client> http;
  std::optional<Apicurio> apicurio;
  std::optional<Schemas> schemas;
};

TEST_F(SchemasTest, TheProducerRegistersVersionAfterVersion) {
  ASSERT_EQ(put(request("1", schema_of(1))).status, 200);
  const auto second = put(request("2", schema_of(2)));
  ASSERT_EQ(second.status, 200) << second.body;
  EXPECT_EQ(store.versions.at(1), schema_of(1));
  EXPECT_EQ(store.versions.at(2), schema_of(2));
  EXPECT_EQ(store.rule, "BACKWARD_TRANSITIVE") << "required before the first version is written";
  const auto read = get(request("2", "", "gateway"));
  EXPECT_EQ(read.status, 200);
  EXPECT_EQ(json::parse(read.body)->at("schema").as_string(), schema_of(2));
  EXPECT_EQ(json::parse(read.body)->at("version"), 2);
}

TEST_F(SchemasTest, NobodyElseMayRegister) {
  for (const char* peer : {"payment", "integrations", "platform-admin", "relay-charging", ""}) {
    const auto refused = put(request("1", schema_of(1), peer));
    EXPECT_EQ(refused.status, 403) << peer;
    EXPECT_EQ(code(refused), "forbidden");
  }
  EXPECT_TRUE(store.asked.empty()) << "the store is not even asked";
}

TEST_F(SchemasTest, TheSameContentIsTheSameVersion) {
  store.versions[1] = R"({"a":1,"$id":"urn:evcosta:schema:charging.events-ChargingSessionEnded:1"})";
  EXPECT_EQ(put(request("1", schema_of(1, R"(,"a":1)"))).status, 200);
  EXPECT_EQ(store.versions.size(), 1U);
}

TEST_F(SchemasTest, AnotherContentOfTheSameVersionIsAConflict) {
  store.versions[1] = schema_of(1);
  const auto refused = put(request("1", schema_of(1, R"(,"title":"other")")));
  EXPECT_EQ(refused.status, 409);
  EXPECT_EQ(code(refused), "conflict");
  EXPECT_EQ(store.versions.at(1), schema_of(1));
}

TEST_F(SchemasTest, NoVersionIsLeftOut) {
  store.versions[1] = schema_of(1);
  const auto refused = put(request("3", schema_of(3)));
  EXPECT_EQ(code(refused), "conflict");
  EXPECT_THAT(refused.body, HasSubstr("is 2"));
}

TEST_F(SchemasTest, WhoWasFasterIsCompared) {
  store.versions[1] = schema_of(1);
  store.comes_first = schema_of(2);
  EXPECT_EQ(put(request("2", schema_of(2))).status, 200);
  store.comes_first = schema_of(3, R"(,"title":"theirs")");
  EXPECT_EQ(code(put(request("3", schema_of(3)))), "conflict");
}

TEST_F(SchemasTest, AnIncompatibleVersionNamesItsMembers) {
  store.versions[1] = schema_of(1);
  store.refuses = R"({"name":"RuleViolationException","status":409,
      "causes":[{"description":"OBJECT_TYPE_REQUIRED_PROPERTIES_MEMBER_ADDED","context":"/properties/data"}]})";
  const auto refused = put(request("2", schema_of(2)));
  EXPECT_EQ(refused.status, 409);
  EXPECT_EQ(code(refused), "conflict");
  const auto errors = json::parse(refused.body)->at("errors");
  EXPECT_EQ(errors.at(0).at("pointer"), "/properties/data");
  EXPECT_EQ(errors.at(0).at("detail"), "object type required properties member added");
}

TEST_F(SchemasTest, TheDoorItselfNamesTheMemberAndTheVersion) {
  constexpr std::string_view kClosed = R"(,"type":"object","additionalProperties":false,"properties":{"a":{},"b":{}})";
  constexpr std::string_view kShorter = R"(,"type":"object","additionalProperties":false,"properties":{"a":{}})";
  store.versions = {{1, schema_of(1, kClosed)}, {2, schema_of(2, kClosed)}};
  const auto refused = put(request("3", schema_of(3, kShorter)));
  EXPECT_EQ(code(refused), "conflict");
  const auto errors = json::parse(refused.body)->at("errors");
  EXPECT_EQ(errors.at(0).at("pointer"), "/b");
  EXPECT_EQ(errors.at(0).at("detail"), "is gone (version 1)");
  EXPECT_EQ(errors.at(1).at("detail"), "is gone (version 2)") << "all earlier versions are looked at";
  EXPECT_EQ(store.versions.size(), 2U);
  EXPECT_THAT(check(request("", schema_of(3, kShorter), "gateway")).body, HasSubstr(R"("compatible":false)"));
}

TEST_F(SchemasTest, CheckingStoresNothing) {
  store.versions[1] = schema_of(1);
  const auto good = check(request("", schema_of(2), "gateway"));
  EXPECT_EQ(good.body, R"({"compatible":true,"differences":[]})");
  EXPECT_EQ(store.versions.size(), 1U);
  store.refuses = R"({"name":"RuleViolationException","status":409,"causes":[{"description":"GONE","context":"/x"}]})";
  EXPECT_EQ(check(request("", schema_of(2), "gateway")).body,
            R"({"compatible":false,"differences":[{"pointer":"/x","detail":"gone"}]})");
}

TEST_F(SchemasTest, ASchemaCarriesItsOwnName) {
  for (const char* schema : {R"({})", R"({"$id":"urn:evcosta:schema:charging.events-ChargingSessionEnded:2"})", "[]",
                             "nonsense", R"({"$id":1})"}) {
    const auto refused = put(request("1", schema));
    EXPECT_EQ(refused.status, 422) << schema;
    EXPECT_THAT(refused.body, HasSubstr("/schema")) << schema;
  }
}

TEST_F(SchemasTest, WhatIsNotThereIsNotFound) {
  EXPECT_EQ(code(get(request("1"))), "not-found");
  EXPECT_EQ(code(get(request("latest"))), "not-found");
  auto odd = request("1");
  odd.path_parameters["subject"] = "../admin";
  EXPECT_EQ(code(get(odd)), "not-found");
  EXPECT_THAT(store.asked, ::testing::SizeIs(1));
  auto versions = request();
  EXPECT_EQ(evc::testing::run_task(worker, schemas->versions(context, versions)).body,
            R"({"subject":"charging.events-ChargingSessionEnded","versions":[]})");
}

TEST_F(SchemasTest, SubjectsInOrder) {
  auto made = request();
  EXPECT_EQ(evc::testing::run_task(worker, schemas->list(context, made)).body,
            R"({"subjects":["charging.events-ChargingSessionEnded","payment.events-PaymentVoided"]})");
}

TEST_F(SchemasTest, WithoutTheStoreItIsSaid) {
  server->close_all();
  server->stop_accepting();
  evc::testing::run_until(worker, [&] { return server->connections() == 0; }, 5s);
  const auto refused = put(request("1", schema_of(1)));
  EXPECT_GE(refused.status, 500);
  EXPECT_TRUE(json::parse(refused.body)->as_object().contains("code"));
}

TEST(Door, AStrangerIsForbiddenEverything) {
  http::RouteInfo route{.options = {.access = http::Access::kPeer, .callers = {"charging"}}};
  const auto middleware = auth::authenticate(nullptr);
  const std::map<std::string, int> answers{{"charging", 200}, {"stranger", 403}, {"", 403}};
  for (const auto& [peer, status] : answers) {
    Worker worker;
    RequestContext context;
    http::Request request{.peer_name = peer};
    const http::Next next = [](RequestContext&, http::Request&) -> Task<http::Response> {
      co_return http::Response::text(200, "");
    };
    EXPECT_EQ(evc::testing::run_task(worker, middleware(context, request, route, next)).status, status) << peer;
  }
}

}  // namespace
}  // namespace evc::registry_service
