#include "kit/http/client.hpp"

#include <gtest/gtest.h>

#include <deque>

#include "kit/http/server.hpp"
#include "kit/net/listener.hpp"
#include "kit/telemetry/span.hpp"
#include "kit/testing/certificates.hpp"
#include "kit/testing/run_task.hpp"

namespace evc::http {
namespace {

using namespace std::chrono_literals;
using testing::run_task;

// What the callee does with the next requests; the last one repeats.
struct Script {
  std::deque<Response> answers{Response::text(200, "ok")};
  std::chrono::milliseconds delay{0};
  std::vector<Request> seen;
};

Task<Response> play(Worker& worker, Script& script, Request& request) {
  script.seen.push_back(request);
  if (script.delay.count() > 0) co_await sleep_for(worker, script.delay);
  Response answer = script.answers.front();
  if (script.answers.size() > 1) script.answers.pop_front();
  co_return answer;
}

Response status(int value, std::string retry_after = "") {
  Response response = Response::text(value, "x");
  if (!retry_after.empty()) response.headers.add("Retry-After", retry_after);
  return response;
}

class ClientTest : public ::testing::Test {
 protected:
  void SetUp() override {
    const auto handler = [this](RequestContext&, Request& request) { return play(worker, script, request); };
    for (const char* method : {"GET", "POST"}) router->add(method, "/x", handler);
    server = make_server({});
    options = {
        .service = "payment", .endpoints = {{"127.0.0.1", server->port()}}, .retry = {.base = 10ms, .cap = 20ms}};
  }
  void TearDown() override {
    client.reset();
    if (server) server->close_all();
    testing::run_until(worker, [&] { return !server || server->connections() == 0; }, 5s);
  }
  std::unique_ptr<Server> make_server(ServerOptions with) {
    with.server_name = "payment";
    auto made = std::make_unique<Server>(worker, router, std::vector<Middleware>(), std::move(with));
    made->start();
    return made;
  }
  Result<Response> send(Call call) {
    if (!client) client = std::make_unique<Client>(worker, options);
    call.target = "/x";
    if (call.route_class.empty()) call.route_class = "/x";
    return run_task(worker, client->send(context, std::move(call)));
  }
  static Call repeatable() { return {.method = "POST", .body = "{}", .repeat = Call::Repeat::kIdempotent}; }

  Worker worker;
  Script script;
  std::shared_ptr<Router> router = std::make_shared<Router>();
  std::unique_ptr<Server> server;
  ClientOptions options;
  std::unique_ptr<Client> client;
  RequestContext context;
};

TEST_F(ClientTest, SendsWhatItWasGivenAndKeepsTheConnection) {
  context.trace = telemetry::TraceContext::root();
  context = context.with_timeout(3s);
  Call call{.method = "POST", .body = R"({"a":1})"};
  call.headers.add("Content-Type", "application/json");
  call.headers.add("Host", "evil");
  for (int i = 0; i < 3; ++i) EXPECT_EQ(send(call).value().body, "ok");
  EXPECT_EQ(server->connections(), 1U);
  const Request& seen = script.seen.front();
  EXPECT_EQ(seen.body, R"({"a":1})");
  EXPECT_EQ(seen.headers.get("Content-Type"), "application/json");
  EXPECT_TRUE(seen.headers.get("Host")->starts_with("127.0.0.1:"));
  EXPECT_TRUE(seen.headers.get("traceparent")->starts_with("00-" + context.trace.trace_id_hex()));
  const int left = std::stoi(std::string(*seen.headers.get("evc-deadline-ms")));
  EXPECT_GT(left, 2'000);
  EXPECT_LE(left, 3'000);
}

TEST_F(ClientTest, AnyStatusIsAnAnswer) {
  script.answers = {status(404)};
  EXPECT_EQ(send({}).value().status, 404);
  EXPECT_EQ(script.seen.size(), 1U);
}

TEST_F(ClientTest, TriesThreeTimesOnServerFailures) {
  script.answers = {status(503), status(502), status(200)};
  EXPECT_EQ(send(repeatable()).value().status, 200);
  EXPECT_EQ(script.seen.size(), 3U);
}

TEST_F(ClientTest, TheLastFailureIsTheAnswer) {
  script.answers = {status(503), status(503), status(504), status(200)};
  EXPECT_EQ(send(repeatable()).value().status, 504);
  EXPECT_EQ(script.seen.size(), 3U);
}

TEST_F(ClientTest, DoesNotRepeatWhatMayNotBeRepeated) {
  script.answers = {status(503)};
  EXPECT_EQ(send({.method = "POST"}).value().status, 503);
  EXPECT_EQ(script.seen.size(), 1U);
}

TEST_F(ClientTest, DoesNotRepeatRefusals) {
  for (const int refusal : {400, 409, 422, 500}) {
    script.seen.clear();
    script.answers = {status(refusal)};
    EXPECT_EQ(send(repeatable()).value().status, refusal);
    EXPECT_EQ(script.seen.size(), 1U) << refusal;
  }
}

TEST_F(ClientTest, HonoursRetryAfter) {
  script.answers = {status(503, "1"), status(200)};
  const auto begun = std::chrono::steady_clock::now();
  EXPECT_EQ(send(repeatable()).value().status, 200);
  EXPECT_GE(std::chrono::steady_clock::now() - begun, 1s);
}

TEST_F(ClientTest, DoesNotWaitPastTheDeadline) {
  script.answers = {status(503, "5"), status(200)};
  context = context.with_timeout(2s);
  const auto begun = std::chrono::steady_clock::now();
  EXPECT_EQ(send(repeatable()).value().status, 503);
  EXPECT_LT(std::chrono::steady_clock::now() - begun, 1s);
}

TEST_F(ClientTest, AsksAgainWhileTheFirstTryStillRuns) {
  script.answers = {status(409, "0"), status(409, "0"), status(409, "0"), status(409, "0"), status(201)};
  Call call = repeatable();
  call.headers.add("Idempotency-Key", "k");
  EXPECT_EQ(send(call).value().status, 201);
  EXPECT_EQ(script.seen.size(), 5U);
  script.answers = {status(409, "0"), status(201)};
  EXPECT_EQ(send(repeatable()).value().status, 409) << "without a key a 409 is an answer";
}

TEST_F(ClientTest, ATryThatTakesTooLongIsTriedAgain) {
  options.try_timeout = 50ms;
  script.delay = 500ms;
  const auto answer = send(repeatable());
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, Code::kUpstreamTimeout);
  EXPECT_EQ(script.seen.size(), 3U);
}

TEST_F(ClientTest, TheCallersDeadlineEndsTheCall) {
  script.delay = 2s;
  context = context.with_timeout(100ms);
  const auto answer = send(repeatable());
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, Code::kDeadlineExceeded);
  EXPECT_EQ(script.seen.size(), 1U);
  EXPECT_EQ(send(repeatable()).error().code, Code::kDeadlineExceeded);
  EXPECT_EQ(script.seen.size(), 1U) << "a spent deadline makes no call";
}

TEST_F(ClientTest, ARefusedConnectionIsTriedAgainAndReported) {
  server->close_all();
  server.reset();
  const auto answer = send(repeatable());
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, Code::kConnectionFailed);
}

TEST_F(ClientTest, TriesGoToTheNextEndpoint) {
  std::uint16_t dead = 0;
  {
    const net::Listener listener(worker, {});
    dead = listener.port();
  }
  options.endpoints = {{"127.0.0.1", dead}, {"127.0.0.1", server->port()}};
  for (int i = 0; i < 3; ++i) EXPECT_EQ(send(repeatable()).value().status, 200);
}

TEST_F(ClientTest, AKeptConnectionThatDiedIsReplaced) {
  EXPECT_EQ(send({}).value().status, 200);
  const std::uint16_t port = server->port();
  server->close_all();
  testing::run_until(worker, [&] { return server->connections() == 0; }, 5s);
  server.reset();
  server = make_server({.port = port});
  EXPECT_EQ(send({.method = "POST"}).value().status, 200);
}

Task<> accept_and_cut(net::Listener& listener, int times, int& cut) {
  for (int i = 0; i < times; ++i) {
    auto stream = co_await listener.accept();
    if (!stream) co_return;
    std::array<char, 4096> buffer{};
    for (int answers = 0;; ++answers) {
      const auto count = co_await (*stream)->read_some(buffer, std::chrono::steady_clock::now() + 5s);
      if (!count || answers == 1) break;
      const auto written = co_await (*stream)->write_all("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
                                                         std::chrono::steady_clock::now() + 5s);
      if (!written) break;
    }
    ++cut;
  }
}

TEST_F(ClientTest, AConnectionThatDiesUnderARepeatableCallIsReplacedAtOnce) {
  net::Listener listener(worker, {});
  int cut = 0;
  worker.tasks().spawn("accept", accept_and_cut(listener, 2, cut));
  options.endpoints = {{"127.0.0.1", listener.port()}};
  options.tries = 1;
  EXPECT_EQ(send(repeatable()).value().status, 200);
  EXPECT_EQ(send(repeatable()).value().status, 200) << "the second request kills the first connection";
  EXPECT_EQ(cut, 1);
  listener.close();
}

TEST_F(ClientTest, TheBreakerOpensAnswersAtOnceAndHeals) {
  options.breaker.open_for = 200ms;
  script.answers = {status(500)};
  for (int i = 0; i < 10; ++i) EXPECT_EQ(send({}).value().status, 500);
  const auto suspended = send({});
  ASSERT_FALSE(suspended);
  EXPECT_EQ(suspended.error().code, Code::kCircuitOpen);
  EXPECT_TRUE(suspended.error().retry_after);
  EXPECT_EQ(script.seen.size(), 10U);
  EXPECT_EQ(send({.route_class = "/other"}).value().status, 500) << "each route class has its own breaker";
  script.answers = {status(200)};
  run_task(worker, sleep_for(worker, 220ms));
  for (int i = 0; i < 5; ++i) EXPECT_EQ(send({}).value().status, 200);
}

TEST_F(ClientTest, RefusalsDoNotOpenTheBreaker) {
  for (const int refusal : {422, 429}) {
    script.answers = {status(refusal)};
    for (int i = 0; i < 30; ++i) EXPECT_EQ(send({}).value().status, refusal);
  }
}

TEST_F(ClientTest, ACalleeThatShedsIsNotSuspended) {
  RequestContext theirs;
  script.answers = {problem({.code = Code::kOverloaded}, theirs)};
  for (int i = 0; i < 30; ++i) EXPECT_EQ(send({}).value().status, 503);
  script.answers = {problem({.code = Code::kServiceUnavailable}, theirs)};
  for (int i = 0; i < 10; ++i) EXPECT_EQ(send({}).value().status, 503);
  EXPECT_FALSE(send({})) << "what is broken is suspended";
}

TEST_F(ClientTest, RetriesAreASmallShareOfTheCalls) {
  options.breaker.minimum_calls = 1'000;
  script.answers = {status(503)};
  for (int i = 0; i < 20; ++i) send(repeatable());
  EXPECT_LE(script.seen.size(), 24U);
  EXPECT_GE(script.seen.size(), 23U);
}

Task<Result<Response>> send_one(Client& client, RequestContext& context) {
  Call call{.target = "/x", .route_class = "/x"};
  auto answer = co_await client.send(context, std::move(call));
  co_return answer;
}

Task<> count_answer(Client& client, RequestContext& context, int& answered) {
  const auto answer = co_await send_one(client, context);
  if (answer && answer->status == 200) ++answered;
}

TEST_F(ClientTest, ConnectionsAreBoundedAndCallsWaitInLine) {
  options.connections = 2;
  script.delay = 20ms;
  client = std::make_unique<Client>(worker, options);
  int answered = 0;
  for (int i = 0; i < 10; ++i) worker.tasks().spawn("call", count_answer(*client, context, answered));
  EXPECT_TRUE(testing::run_until(worker, [&] { return answered == 10; }, 5s));
  EXPECT_LE(server->connections(), 2U);
}

Task<> three_pieces(Worker& worker, StreamWriter& writer) {
  for (const char* text : {"one ", "two ", "three"}) {
    const auto written = co_await writer.write(text);
    if (!written) co_return;
    co_await sleep_for(worker, 10ms);
  }
}

Task<Response> answer_stream(Worker& worker) {
  Response response;
  response.stream = [&worker](RequestContext&, StreamWriter& writer) { return three_pieces(worker, writer); };
  co_return response;
}

TEST_F(ClientTest, StreamsAreHandedOverPieceByPiece) {
  router->add("GET", "/stream", [this](RequestContext&, Request&) { return answer_stream(worker); });
  client = std::make_unique<Client>(worker, options);
  Call call{.target = "/stream", .route_class = "/stream"};
  auto answer = run_task(worker, client->send_streaming(context, std::move(call)));
  ASSERT_TRUE(answer);
  ASSERT_NE(answer->stream, nullptr);
  std::string all;
  int pieces = 0;
  for (;;) {
    const auto piece = run_task(worker, answer->stream->next(std::chrono::steady_clock::now() + 5s));
    ASSERT_TRUE(piece);
    if (piece->empty()) break;
    all += *piece;
    ++pieces;
  }
  EXPECT_EQ(all, "one two three");
  EXPECT_EQ(pieces, 3);
  answer->stream.reset();
}

TEST_F(ClientTest, StreamsTakeNoPlaceFromCalls) {
  options.connections = 1;
  router->add("GET", "/stream", [this](RequestContext&, Request&) { return answer_stream(worker); });
  client = std::make_unique<Client>(worker, options);
  std::vector<Result<StreamedResponse>> open;
  for (int i = 0; i < 3; ++i) {
    Call call{.target = "/stream", .route_class = "/stream"};
    open.push_back(run_task(worker, client->send_streaming(context, std::move(call))));
    ASSERT_TRUE(open.back());
  }
  EXPECT_EQ(send({}).value().status, 200);
}

TEST_F(ClientTest, OnlyTheNamedServiceIsBelieved) {
  const testing::Certificates certificates({"payment", "routing", "charging"});
  const auto server_tls = [&](const std::string& name) {
    return std::make_shared<net::TlsServer>(net::tls_files(certificates.dir(), name),
                                            net::ClientCertificate::kRequired);
  };
  auto genuine = make_server({.tls = server_tls("payment")});
  auto impostor = make_server({.tls = server_tls("routing")});
  options.tls = std::make_shared<net::TlsClient>(net::tls_files(certificates.dir(), "charging"));
  options.endpoints = {{"127.0.0.1", genuine->port()}};
  EXPECT_EQ(send({}).value().status, 200);
  EXPECT_EQ(script.seen.front().peer_name, "charging");
  options.endpoints = {{"127.0.0.1", impostor->port()}};
  client = std::make_unique<Client>(worker, options);
  EXPECT_EQ(send({}).error().code, Code::kConnectionFailed);
  client.reset();
  testing::run_until(worker, [&] { return genuine->connections() + impostor->connections() == 0; }, 5s);
}

TEST_F(ClientTest, ARenewedCertificateIsTakenOverWithoutAFailedCall) {
  testing::Certificates certificates({"payment", "charging"});
  const auto server_tls = std::make_shared<net::TlsServer>(net::tls_files(certificates.dir(), "payment"),
                                                           net::ClientCertificate::kRequired);
  auto secured = make_server({.tls = server_tls});
  options.tls = std::make_shared<net::TlsClient>(net::tls_files(certificates.dir(), "charging"));
  options.endpoints = {{"127.0.0.1", secured->port()}};
  for (int i = 0; i < 2; ++i) EXPECT_EQ(send({}).value().status, 200);
  EXPECT_EQ(secured->connections(), 1U) << "one connection for all calls";
  certificates.renew("charging");
  ASSERT_TRUE(options.tls->reload());
  EXPECT_EQ(send({}).value().status, 200);
  EXPECT_TRUE(testing::run_until(
      worker, [&] { return secured->connections() == 1; }, 5s))
      << "the connection of the old certificate is closed, a new one is kept";
  certificates.renew("payment");
  ASSERT_TRUE(server_tls->reload());
  // The first answer on the old connection is its last one; no call fails.
  for (int i = 0; i < 3; ++i) EXPECT_EQ(send({}).value().status, 200);
  EXPECT_TRUE(testing::run_until(worker, [&] { return secured->connections() == 1; }, 5s));
  client.reset();
  testing::run_until(worker, [&] { return secured->connections() == 0; }, 5s);
}

TEST_F(ClientTest, EachTryIsASpanOfItsOwn) {
  std::vector<telemetry::EndedSpan> spans;
  telemetry::set_test_sink([&](const telemetry::EndedSpan& span) {
    if (span.kind == telemetry::SpanKind::kClient) spans.push_back(span);
  });
  script.answers = {status(503), status(200)};
  context.trace = telemetry::TraceContext::root();
  send(repeatable());
  telemetry::set_test_sink({});
  ASSERT_EQ(spans.size(), 2U);
  EXPECT_EQ(spans[0].name, "POST /x");
  EXPECT_EQ(spans[0].error_type, "503");
  EXPECT_EQ(spans[1].error_type, "");
  EXPECT_EQ(spans[1].parent.span_id_hex(), context.trace.span_id_hex());
}

// --- several instances of one service
class InstancesTest : public ClientTest {
 protected:
  void SetUp() override {
    ClientTest::SetUp();
    second_router->add("GET", "/x",
                       [this](RequestContext&, Request& request) { return play(worker, second, request); });
    second_server = std::make_unique<Server>(worker, second_router, std::vector<Middleware>(),
                                             ServerOptions{.server_name = "payment"});
    second_server->start();
    options.endpoints.push_back({"127.0.0.1", second_server->port()});
    options.outliers.eject_for = 2s;
    options.try_timeout = 2s;
  }
  void TearDown() override {
    ClientTest::TearDown();
    second_server->close_all();
    testing::run_until(worker, [&] { return second_server->connections() == 0; }, 5s);
  }
  Call look() { return {.repeat = Call::Repeat::kIdempotent}; }
  void both_answer(int count) {
    for (int i = 0; i < count; ++i) EXPECT_EQ(send(look()).value().status, 200);
  }
  json::Object instance(std::size_t index) { return client->state().at("instances").as_array().at(index).as_object(); }
  Task<> send_into(std::vector<Result<Response>>& answers) {
    Call call = look();
    call.target = call.route_class = "/x";
    RequestContext own;
    answers.push_back(co_await client->send(own, std::move(call)));
  }

  Script second;
  std::shared_ptr<Router> second_router = std::make_shared<Router>();
  std::unique_ptr<Server> second_server;
};

TEST_F(InstancesTest, TheOneThatFailsIsLeftAloneAndNobodyNoticesUntilItIsWellAgain) {
  both_answer(10);
  EXPECT_EQ(script.seen.size(), 5U);
  EXPECT_EQ(second.seen.size(), 5U);
  second.answers = {status(503)};
  both_answer(3);
  EXPECT_EQ(second.seen.size(), 8U) << "three failures, each tried again at the other one";
  EXPECT_GT(instance(1).at("ejectedForMs").to_number<int>(), 0);
  both_answer(5);
  EXPECT_EQ(second.seen.size(), 8U);
  EXPECT_EQ(client->state().at("breakers").as_object().at("/x").as_string(), "closed");
  second.answers = {status(200)};
  ASSERT_TRUE(testing::run_until(worker, [&] { return instance(1).at("ejectedForMs").to_number<int>() == 0; }, 10s));
  second.seen.clear();
  both_answer(10);
  EXPECT_EQ(second.seen.size(), 5U);
}

TEST_F(InstancesTest, TheOneThatIsMuchSlowerIsLeftAlone) {
  second.delay = 150ms;
  both_answer(30);
  second.seen.clear();
  EXPECT_GT(instance(1).at("ejectedForMs").to_number<int>(), 0);
  both_answer(4);
  EXPECT_TRUE(second.seen.empty());
}

TEST_F(InstancesTest, AnInstanceThatIsGoneCostsNobodyAnAnswer) {
  second_server->close_all();
  second_server->stop_accepting();
  both_answer(20);
  EXPECT_EQ(script.seen.size(), 20U);
}

TEST_F(InstancesTest, WhenAllFailAllAreAsked) {
  script.answers = second.answers = {status(503)};
  for (int i = 0; i < 3; ++i) EXPECT_EQ(send(look()).value().status, 503);
  EXPECT_TRUE(client->state().at("panic").as_bool());
}

TEST_F(InstancesTest, OtherEndpointsTakeOverAndWhatIsUnderWayEndsWhereItBegan) {
  script.delay = second.delay = 100ms;
  options.endpoints.pop_back();
  both_answer(1);
  std::vector<Result<Response>> answers;
  for (int i = 0; i < 5; ++i) worker.tasks().spawn("send", send_into(answers));
  ASSERT_TRUE(testing::run_until(worker, [&] { return script.seen.size() == 6; }, 5s));
  client->use_endpoints({{"127.0.0.1", second_server->port()}});
  EXPECT_EQ(send(look()).value().status, 200);
  ASSERT_TRUE(testing::run_until(worker, [&] { return answers.size() == 5; }, 5s));
  for (const auto& answer : answers) EXPECT_EQ(answer.value().status, 200);
  EXPECT_EQ(second.seen.size(), 1U);
  both_answer(3);
  EXPECT_EQ(script.seen.size(), 6U) << "nobody asks there any more";
}

}  // namespace
}  // namespace evc::http
