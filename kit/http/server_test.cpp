#include "kit/http/server.hpp"

#include <gtest/gtest.h>

#include <stdexcept>

#include "kit/telemetry/span.hpp"
#include "kit/testing/certificates.hpp"
#include "kit/testing/raw_peer.hpp"

namespace evc::http {
namespace {

using namespace std::chrono_literals;
using testing::run_task;

SteadyTime in(std::chrono::milliseconds time) {
  return std::chrono::steady_clock::now() + time;
}

Task<Response> hello(RequestContext&, Request&) {
  co_return Response::text(200, "hello");
}
Task<Response> echo(RequestContext&, Request& request) {
  co_return Response::text(200, request.body);
}
Task<Response> throws(RequestContext&, Request&) {
  throw std::runtime_error("secret detail");
  co_return Response::empty();
}
Task<Response> remaining(RequestContext& context, Request&) {
  co_return Response::text(200, std::to_string(context.remaining().count()));
}
Task<Response> headers(RequestContext&, Request& request) {
  std::string names;
  for (const auto& [name, value] : request.headers.all()) names += name + "=" + value + ";";
  co_return Response::text(200, names);
}

Task<Response> echo_name(Request& request) {
  co_return Response::text(200, request.peer_name + " from " + request.remote_address);
}

struct Gate {
  bool open = false;
  int entered = 0;
  int left = 0;
};

Task<Response> wait_for_gate(Worker& worker, Gate& gate) {
  ++gate.entered;
  while (!gate.open) co_await sleep_for(worker, 10ms);
  co_return Response::text(200, "through");
}

Task<> stream_until_gone(Worker& worker, Gate& gate, StreamWriter& writer) {
  ++gate.entered;
  for (int i = 0;; ++i) {
    const auto written = co_await writer.write("data: " + std::to_string(i) + "\n\n");
    if (!written) break;
    co_await sleep_for(worker, i < 2 ? 0ms : 1h);
  }
  ++gate.left;
}

Task<> stream_three(StreamWriter& writer) {
  for (const char* text : {"one", "two", "three"}) {
    const auto written = co_await writer.write(text);
    if (!written) co_return;
  }
}

class ServerTest : public ::testing::Test {
 protected:
  ServerTest() { add_routes(); }
  ~ServerTest() override {
    if (server) server->close_all();
    testing::run_until(worker, [&] { return server == nullptr || server->connections() == 0; }, 5s);
  }

  void add_routes() {
    router->add("GET", "/hello", hello);
    router->add("POST", "/echo", echo, {.body_limit_bytes = 100'000});
    router->add("POST", "/small", echo, {.body_limit_bytes = 10});
    router->add("GET", "/throws", throws);
    router->add("GET", "/remaining", remaining, {.deadline = 4'500ms});
    router->add("GET", "/headers", headers);
    router->add("GET", "/wait", [this](RequestContext&, Request&) { return wait_for_gate(worker, gate); });
    router->add("GET", "/forever", [this](RequestContext&, Request&) { return stream_answer(); });
    router->add("GET", "/three", [](RequestContext&, Request&) { return three_answer(); });
  }
  Task<Response> stream_answer() {
    Response response;
    response.headers.add("Content-Type", "text/event-stream");
    response.stream = [this](RequestContext&, StreamWriter& writer) { return stream_until_gone(worker, gate, writer); };
    co_return response;
  }
  static Task<Response> three_answer() {
    Response response;
    response.stream = [](RequestContext&, StreamWriter& writer) { return stream_three(writer); };
    co_return response;
  }
  void start() {
    options.server_name = "test";
    server = std::make_unique<Server>(worker, router, middleware, options);
    server->start();
  }
  testing::RawPeer peer() { return testing::RawPeer(worker, server->port()); }

  Worker worker;
  Gate gate;
  std::shared_ptr<Router> router = std::make_shared<Router>();
  std::vector<Middleware> middleware;
  ServerOptions options;
  std::unique_ptr<Server> server;
};

constexpr std::string_view kGet = "GET /hello HTTP/1.1\r\nHost: a\r\n\r\n";

TEST_F(ServerTest, AnswersAndKeepsTheConnection) {
  start();
  auto client = peer();
  for (int i = 0; i < 3; ++i) {
    const auto answer = client.exchange(kGet);
    EXPECT_EQ(answer.status, 200);
    EXPECT_EQ(answer.body, "hello");
    EXPECT_EQ(answer.headers.get("Content-Length"), "5");
    EXPECT_TRUE(answer.headers.contains("Date"));
    EXPECT_FALSE(answer.headers.contains("Connection"));
  }
  EXPECT_EQ(server->connections(), 1U);
}

TEST_F(ServerTest, PipelinedRequestsAreAnsweredInOrder) {
  start();
  auto client = peer();
  client.send(
      "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nonePOST /echo HTTP/1.1\r\nHost: "
      "a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\ntwo\r\n0\r\n\r\n" +
      std::string(kGet));
  EXPECT_EQ(client.receive().body, "one");
  EXPECT_EQ(client.receive().body, "two");
  EXPECT_EQ(client.receive().body, "hello");
}

TEST_F(ServerTest, HeadHasTheLengthAndNoBody) {
  start();
  auto client = peer();
  client.send("HEAD /hello HTTP/1.1\r\nHost: a\r\n\r\n");
  const auto answer = client.receive(ResponseParser::ExpectBody::kNone);
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.headers.get("Content-Length"), "5");
  EXPECT_EQ(client.exchange(kGet).body, "hello");
}

TEST_F(ServerTest, CloseIsHonoured) {
  start();
  auto client = peer();
  const auto answer = client.exchange("GET /hello HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
  EXPECT_EQ(answer.headers.get("Connection"), "close");
  EXPECT_TRUE(client.closed_by_peer());
}

TEST_F(ServerTest, UnknownPathsAndMethodsAreProblems) {
  start();
  auto client = peer();
  const auto missing = client.exchange("GET /nothing HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_EQ(missing.status, 404);
  EXPECT_EQ(missing.headers.get("Content-Type"), "application/problem+json");
  EXPECT_NE(missing.body.find("\"code\":\"not-found\""), std::string::npos);
  EXPECT_NE(missing.body.find("\"traceId\":\""), std::string::npos);
  const auto method = client.exchange("DELETE /hello HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_EQ(method.status, 405);
  EXPECT_EQ(method.headers.get("Allow"), "GET");
}

TEST_F(ServerTest, AMalformedRequestIsAnsweredAndTheConnectionEnds) {
  start();
  auto client = peer();
  const auto answer = client.exchange(
      "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /hello "
      "HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_EQ(answer.status, 400);
  EXPECT_EQ(answer.headers.get("Connection"), "close");
  EXPECT_EQ(client.receive().status, 0) << "the smuggled request must not be answered";
  EXPECT_TRUE(client.closed_by_peer());
}

TEST_F(ServerTest, LimitsHaveTheirStatus) {
  start();
  const std::string long_target = "GET /" + std::string(9000, 'a') + " HTTP/1.1\r\nHost: a\r\n\r\n";
  EXPECT_EQ(peer().exchange(long_target).status, 414);
  EXPECT_EQ(peer().exchange("GET / HTTP/1.1\r\nHost: a\r\nX: " + std::string(40'000, 'a') + "\r\n\r\n").status, 431);
  EXPECT_EQ(peer().exchange("POST /small HTTP/1.1\r\nHost: a\r\nContent-Length: 11\r\n\r\n").status, 413);
  EXPECT_EQ(peer().exchange("POST /small HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nb\r\n").status, 413);
}

TEST_F(ServerTest, ContinueIsSaidBeforeTheBodyIsRead) {
  start();
  auto client = peer();
  client.send("POST /echo HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n");
  EXPECT_EQ(client.receive_until("\r\n\r\n"), "HTTP/1.1 100 Continue\r\n\r\n");
  EXPECT_EQ(client.exchange("hi").body, "hi");
}

TEST_F(ServerTest, ContinueIsNotSaidForABodyThatWillBeRefused) {
  start();
  auto client = peer();
  const auto answer =
      client.exchange("POST /small HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 11\r\n\r\n");
  EXPECT_EQ(answer.status, 413);
  EXPECT_EQ(answer.headers.get("Connection"), "close");
}

Task<Response> refuse_all(RequestContext& context, Request& request) {
  EXPECT_TRUE(request.body.empty());
  co_return problem({.code = Code::kUnauthenticated}, context, request.path);
}

TEST_F(ServerTest, MiddlewareAnswersBeforeTheBodyAndTheConnectionGoesOn) {
  middleware.push_back([](RequestContext& c, Request& r, const RouteInfo&, const Next&) { return refuse_all(c, r); });
  start();
  auto client = peer();
  EXPECT_EQ(client.exchange("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc").status, 401);
  EXPECT_EQ(client.exchange(kGet).status, 401);
  EXPECT_EQ(server->connections(), 1U);
}

TEST_F(ServerTest, MiddlewareRunsInItsOrder) {
  std::string order;
  for (const char* name : {"a", "b"}) {
    middleware.push_back([&order, name](RequestContext& c, Request& r, const RouteInfo& info, const Next& next) {
      order += name + info.path;
      return next(c, r);
    });
  }
  start();
  EXPECT_EQ(peer().exchange(kGet).body, "hello");
  EXPECT_EQ(order, "a/hellob/hello");
}

TEST_F(ServerTest, AnExceptionIsA500WithoutItsText) {
  start();
  auto client = peer();
  const auto answer = client.exchange("GET /throws HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_EQ(answer.status, 500);
  EXPECT_EQ(answer.body.find("secret"), std::string::npos);
  EXPECT_EQ(client.exchange(kGet).status, 200);
}

TEST_F(ServerTest, TheDeadlineIsTheNearerOfRouteAndCaller) {
  start();
  auto client = peer();
  const auto own = std::stoi(client.exchange("GET /remaining HTTP/1.1\r\nHost: a\r\n\r\n").body);
  EXPECT_GT(own, 4'000);
  EXPECT_LE(own, 4'500);
  const auto given =
      std::stoi(client.exchange("GET /remaining HTTP/1.1\r\nHost: a\r\nevc-deadline-ms: 1000\r\n\r\n").body);
  EXPECT_GT(given, 500);
  EXPECT_LE(given, 1'000);
  EXPECT_EQ(client.exchange("GET /remaining HTTP/1.1\r\nHost: a\r\nevc-deadline-ms: 0\r\n\r\n").status, 504);
}

TEST_F(ServerTest, ForeignHeadersStopAtThePublicFront) {
  options.trust = ServerOptions::Trust::kPublic;
  start();
  auto client = peer();
  const auto answer = client.exchange(
      "GET /headers HTTP/1.1\r\nHost: a\r\nevc-deadline-ms: 1\r\nX-Forwarded-For: 1.2.3.4\r\nx-real-ip: "
      "1.2.3.4\r\nForwarded: for=x\r\nTE: trailers\r\n"
      "Connection: keep-alive, X-Dropped\r\nX-Dropped: 1\r\nX-Kept: 2\r\n\r\n");
  EXPECT_EQ(answer.body, "Host=a;X-Kept=2;");
  EXPECT_EQ(answer.headers.get("X-Content-Type-Options"), "nosniff");
  EXPECT_TRUE(answer.headers.contains("Strict-Transport-Security"));
  EXPECT_TRUE(answer.headers.contains("Content-Security-Policy"));
}

TEST_F(ServerTest, TracesGoOnAndAreShownToTheClient) {
  start();
  std::vector<telemetry::EndedSpan> spans;
  telemetry::set_test_sink([&](const telemetry::EndedSpan& span) { spans.push_back(span); });
  auto client = peer();
  const auto answer = client.exchange(
      "GET /hello HTTP/1.1\r\nHost: a\r\ntraceparent: 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01\r\n\r\n");
  const std::string response(answer.headers.get("traceresponse").value_or(""));
  EXPECT_TRUE(response.starts_with("00-4bf92f3577b34da6a3ce929d0e0e4736-")) << response;
  EXPECT_EQ(answer.headers.get("Server-Timing"), "traceparent;desc=\"" + response + "\"");
  ASSERT_TRUE(testing::run_until(worker, [&] { return !spans.empty(); }, 5s));
  telemetry::set_test_sink({});
  EXPECT_EQ(spans.front().name, "GET /hello");
  EXPECT_EQ(spans.front().kind, telemetry::SpanKind::kServer);
  EXPECT_EQ(spans.front().parent.span_id_hex(), "00f067aa0ba902b7");
}

TEST_F(ServerTest, AnAdminListenerIsNotTraced) {
  options.traces = ServerOptions::Traces::kUnsampled;
  start();
  auto client = peer();
  const auto answer = client.exchange(
      "GET /hello HTTP/1.1\r\nHost: a\r\ntraceparent: 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01\r\n\r\n");
  EXPECT_TRUE(answer.headers.get("traceresponse").value_or("").ends_with("-00"));
}

TEST_F(ServerTest, AHeadThatDoesNotArriveInTimeIs408) {
  options.header_timeout = 50ms;
  start();
  auto client = peer();
  EXPECT_EQ(client.exchange("GET /hello HTTP/1.1\r\nHo").status, 408);
  EXPECT_TRUE(client.closed_by_peer());
}

TEST_F(ServerTest, IdleConnectionsEnd) {
  options.idle_timeout = 50ms;
  start();
  auto client = peer();
  EXPECT_EQ(client.exchange(kGet).status, 200);
  EXPECT_TRUE(client.closed_by_peer());
}

TEST_F(ServerTest, ABodyThatDoesNotArriveInTimeEndsTheConnection) {
  options.body_timeout = 50ms;
  start();
  auto client = peer();
  EXPECT_EQ(client.exchange("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nabc").status, 0);
}

TEST_F(ServerTest, ConnectionsAboveTheLimitAreClosed) {
  options.connection_limit = 1;
  start();
  auto first = peer();
  EXPECT_EQ(first.exchange(kGet).status, 200);
  auto second = peer();
  EXPECT_TRUE(second.closed_by_peer());
  EXPECT_EQ(first.exchange(kGet).status, 200);
}

TEST_F(ServerTest, RequestsPerConnectionAreLimited) {
  options.requests_per_connection = 2;
  start();
  auto client = peer();
  EXPECT_FALSE(client.exchange(kGet).headers.contains("Connection"));
  EXPECT_EQ(client.exchange(kGet).headers.get("Connection"), "close");
  EXPECT_TRUE(client.closed_by_peer());
}

TEST_F(ServerTest, StreamsAreChunkedAndEndTheConnection) {
  start();
  auto client = peer();
  const auto answer = client.exchange("GET /three HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_EQ(answer.headers.get("Transfer-Encoding"), "chunked");
  EXPECT_EQ(answer.body, "onetwothree");
  EXPECT_TRUE(client.closed_by_peer());
}

TEST_F(ServerTest, AStreamEndsWhenItsClientLeaves) {
  start();
  auto client = peer();
  client.send("GET /forever HTTP/1.1\r\nHost: a\r\n\r\n");
  client.receive_until("data: 1\n\n");
  EXPECT_EQ(gate.left, 0);
  client.close();
  EXPECT_TRUE(testing::run_until(worker, [&] { return gate.left == 1; }, 5s));
}

Task<bool> drain(Server& server, std::chrono::milliseconds time) {
  const bool done = co_await server.drain(in(time));
  co_return done;
}

TEST_F(ServerTest, DrainFinishesWhatIsInFlight) {
  start();
  auto idle = peer();
  EXPECT_EQ(idle.exchange(kGet).status, 200);
  auto busy = peer();
  busy.send("GET /wait HTTP/1.1\r\nHost: a\r\n\r\n");
  auto streaming = peer();
  streaming.send("GET /forever HTTP/1.1\r\nHost: a\r\n\r\n");
  ASSERT_TRUE(testing::run_until(worker, [&] { return gate.entered == 2; }, 5s));
  EXPECT_EQ(server->in_flight(), 2U);
  EXPECT_FALSE(run_task(worker, drain(*server, 50ms)));
  EXPECT_TRUE(idle.closed_by_peer());
  streaming.receive_until("0\r\n\r\n");
  gate.open = true;
  const auto answer = busy.receive();
  EXPECT_EQ(answer.body, "through");
  EXPECT_EQ(answer.headers.get("Connection"), "close");
  EXPECT_TRUE(run_task(worker, drain(*server, 5s)));
  EXPECT_EQ(server->connections(), 0U);
  EXPECT_FALSE(peer().connected());
}

TEST_F(ServerTest, SpeaksTlsAndKnowsItsPeer) {
  const testing::Certificates certificates({"payment", "charging"});
  options.tls = std::make_shared<net::TlsServer>(net::tls_files(certificates.dir(), "payment"),
                                                 net::ClientCertificate::kRequired);
  router->add("GET", "/who", [](RequestContext&, Request& request) { return echo_name(request); });
  start();
  const auto tls = std::make_shared<net::TlsClient>(net::tls_files(certificates.dir(), "charging"));
  testing::RawPeer client(worker, server->port(), tls, "payment.evcosta.internal");
  ASSERT_TRUE(client.connected());
  EXPECT_EQ(client.exchange("GET /who HTTP/1.1\r\nHost: a\r\n\r\n").body, "charging from 127.0.0.1");
  client.close();
}

TEST_F(ServerTest, AfterARenewalOfItsCertificateAConnectionEndsWithItsNextAnswer) {
  testing::Certificates certificates({"payment", "charging"});
  const auto server_tls = std::make_shared<net::TlsServer>(net::tls_files(certificates.dir(), "payment"),
                                                           net::ClientCertificate::kRequired);
  options.tls = server_tls;
  router->add("GET", "/who", [](RequestContext&, Request& request) { return echo_name(request); });
  start();
  const auto tls = std::make_shared<net::TlsClient>(net::tls_files(certificates.dir(), "charging"));
  testing::RawPeer client(worker, server->port(), tls, "payment.evcosta.internal");
  const std::string request = "GET /who HTTP/1.1\r\nHost: a\r\n\r\n";
  EXPECT_NE(client.exchange(request).headers.get("Connection"), "close");
  certificates.renew("payment");
  ASSERT_TRUE(server_tls->reload());
  const auto last = client.exchange(request);
  EXPECT_EQ(last.body, "charging from 127.0.0.1");
  EXPECT_EQ(last.headers.get("Connection"), "close");
  client.close();
}

}  // namespace
}  // namespace evc::http
