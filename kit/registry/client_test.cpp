#include "kit/registry/client.hpp"

#include <gtest/gtest.h>

#include "kit/http/server.hpp"
#include "kit/testing/run_task.hpp"

namespace evc::registry {
namespace {

using namespace std::chrono_literals;
using evc::testing::run_task;

// Answers what it was told to, and keeps what it was asked.
class ClientTest : public ::testing::Test {
 protected:
  void SetUp() override {
    const auto handler = [this](RequestContext& asked_in, http::Request& request) { return answer(asked_in, request); };
    router->add("GET", "/internal/schemas/{subject}/versions", handler);
    router->add("GET", "/internal/schemas/{subject}/versions/{version}", handler);
    router->add("PUT", "/internal/schemas/{subject}/versions/{version}", handler);
    router->add("POST", "/internal/schemas/{subject}/compatibility", handler);
    server = std::make_unique<http::Server>(worker, router, std::vector<http::Middleware>(),
                                            http::ServerOptions{.server_name = "registry"});
    server->start();
    http = std::make_shared<http::Client>(
        worker, http::ClientOptions{.service = "registry", .endpoints = {{"127.0.0.1", server->port()}}, .tries = 1});
    client = std::make_unique<Client>(http);
  }
  void TearDown() override {
    http->close();
    server->close_all();
    evc::testing::run_until(worker, [&] { return server->connections() == 0; }, 5s);
  }
  Task<http::Response> answer(RequestContext& asked_in, http::Request& request) {
    asked = request.method + " " + request.target;
    body = request.body;
    if (error) co_return http::problem(*error, asked_in, request.path);
    co_return http::Response::text(200, reply, "application/json");
  }

  Worker worker;
  std::shared_ptr<http::Router> router = std::make_shared<http::Router>();
  std::unique_ptr<http::Server> server;
  std::shared_ptr<http::Client> http;
  std::unique_ptr<Client> client;
  RequestContext context;
  std::string reply, asked, body;
  std::optional<Error> error;
  const Reference reference{.subject = "charging.events-ChargingSessionEnded", .version = 2};
};

TEST_F(ClientTest, Versions) {
  reply = R"({"subject":"charging.events-ChargingSessionEnded","versions":[2,1]})";
  const auto versions = run_task(worker, client->versions(context, reference.subject));
  ASSERT_TRUE(versions) << versions.error().detail;
  EXPECT_EQ(*versions, (std::vector<std::uint32_t>{1, 2}));
  EXPECT_EQ(asked, "GET /internal/schemas/charging.events-ChargingSessionEnded/versions");
}

TEST_F(ClientTest, ResolvesAReference) {
  reply = R"({"subject":"charging.events-ChargingSessionEnded","version":2,"schema":"{\"a\":1}","more":true})";
  const auto schema = run_task(worker, client->resolve(context, reference));
  ASSERT_TRUE(schema) << schema.error().detail;
  EXPECT_EQ(*schema, R"({"a":1})");
  EXPECT_EQ(asked, "GET /internal/schemas/charging.events-ChargingSessionEnded/versions/2");
}

TEST_F(ClientTest, EnrolsWithTheTextAsItIs) {
  reply = R"({"subject":"charging.events-ChargingSessionEnded","version":2,"schema":"{}"})";
  ASSERT_TRUE(run_task(worker, client->enrol(context, reference, R"({"a":"é"})")));
  EXPECT_EQ(asked, "PUT /internal/schemas/charging.events-ChargingSessionEnded/versions/2");
  EXPECT_EQ(json::parse(body)->at("schema").as_string(), R"({"a":"é"})");
}

TEST_F(ClientTest, ARefusalKeepsItsCodeAndItsPlaces) {
  error = Error{.code = Code::kConflict, .detail = "no", .fields = {{"/properties/x", "is gone"}}};
  const auto enrolled = run_task(worker, client->enrol(context, reference, "{}"));
  ASSERT_FALSE(enrolled);
  EXPECT_EQ(enrolled.error().code, Code::kConflict);
  EXPECT_EQ(enrolled.error().detail, "no");
  ASSERT_EQ(enrolled.error().fields.size(), 1U);
  EXPECT_EQ(enrolled.error().fields[0].pointer, "/properties/x");
  EXPECT_EQ(enrolled.error().fields[0].detail, "is gone");
}

TEST_F(ClientTest, Incompatibilities) {
  reply = R"({"compatible":false,"differences":[{"pointer":"/properties/x","detail":"is gone"}]})";
  const auto found = run_task(worker, client->incompatibilities(context, reference.subject, "{}"));
  ASSERT_TRUE(found);
  ASSERT_EQ(found->size(), 1U);
  EXPECT_EQ(found->front().pointer, "/properties/x");
  reply = R"({"compatible":true,"differences":[]})";
  EXPECT_TRUE(run_task(worker, client->incompatibilities(context, reference.subject, "{}"))->empty());
  reply = R"({"compatible":false,"differences":[]})";
  EXPECT_FALSE(run_task(worker, client->incompatibilities(context, reference.subject, "{}"))->empty());
}

TEST_F(ClientTest, SomethingElseBreaksTheProtocol) {
  for (const char* text : {"[]", "{}", R"({"versions":"x"})", "nonsense"}) {
    reply = text;
    const auto versions = run_task(worker, client->versions(context, reference.subject));
    ASSERT_FALSE(versions) << text;
    EXPECT_EQ(versions.error().code, Code::kProtocolError) << text;
  }
}

TEST_F(ClientTest, NobodyThereIsAConnectionThatFailed) {
  server->close_all();
  server.reset();
  const auto versions = run_task(worker, client->versions(context, reference.subject));
  ASSERT_FALSE(versions);
  EXPECT_EQ(versions.error().code, Code::kConnectionFailed);
  server = std::make_unique<http::Server>(worker, router, std::vector<http::Middleware>(), http::ServerOptions{});
  server->start();
}

}  // namespace
}  // namespace evc::registry
