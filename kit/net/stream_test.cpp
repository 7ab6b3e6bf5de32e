#include "kit/net/stream.hpp"

#include <gtest/gtest.h>

#include <array>
#include <fstream>
#include <stdexcept>
#include <system_error>

#include "kit/net/listener.hpp"
#include "kit/testing/certificates.hpp"
#include "kit/testing/run_task.hpp"

namespace evc::net {
namespace {

using namespace std::chrono_literals;
using testing::run_task;

SteadyTime in(std::chrono::milliseconds time) {
  return std::chrono::steady_clock::now() + time;
}

struct Pair {
  std::unique_ptr<Stream> client;
  std::unique_ptr<Stream> server;
};

// Accepts one connection in the worker's task group while the test dials.
Task<> accept_one(Listener& listener, std::shared_ptr<TlsServer> tls, Result<std::unique_ptr<Stream>>& into,
                  bool& done) {
  into = co_await listener.accept();
  if (into && tls) {
    auto plain = std::move(*into);
    into = co_await accept_tls(std::move(plain), tls, in(5s));
  }
  done = true;
}

class StreamTest : public ::testing::TestWithParam<bool> {
 protected:
  static void SetUpTestSuite() { certificates = new testing::Certificates({"auth", "gateway"}); }
  static void TearDownTestSuite() { delete certificates; }

  void SetUp() override {
    if (!GetParam()) return;
    server_tls = std::make_shared<TlsServer>(tls_files(certificates->dir(), "auth"), ClientCertificate::kRequired);
    client_tls = std::make_shared<TlsClient>(tls_files(certificates->dir(), "gateway"));
  }

  Result<Pair> connect(std::string server_name = "auth.evcosta.internal") {
    Result<std::unique_ptr<Stream>> accepted;
    bool done = false;
    worker.tasks().spawn("accept", accept_one(listener, server_tls, accepted, done));
    const DialOptions options{
        .host = "localhost", .port = listener.port(), .tls = client_tls, .server_name = std::move(server_name)};
    auto dialled = run_task(worker, dial(worker, options, in(5s)));
    testing::run_until(worker, [&] { return done; });
    if (!dialled) return std::unexpected(dialled.error());
    if (!accepted) return std::unexpected(accepted.error());
    return Pair{std::move(*dialled), std::move(*accepted)};
  }

  static inline testing::Certificates* certificates = nullptr;
  Worker worker;
  Listener listener{worker, {}};
  std::shared_ptr<TlsServer> server_tls;
  std::shared_ptr<TlsClient> client_tls;
};

Task<std::string> read_exactly(Stream& stream, std::size_t size) {
  std::string text;
  std::array<char, 4096> buffer{};
  while (text.size() < size) {
    const auto count = co_await stream.read_some(buffer, in(5s));
    if (!count) break;
    text.append(buffer.data(), *count);
  }
  co_return text;
}

Task<> write_into(Stream& stream, std::string bytes, Result<void>& result) {
  result = co_await stream.write_all(bytes, in(5s));
}

TEST_P(StreamTest, CarriesBytesBothWays) {
  auto pair = connect();
  ASSERT_TRUE(pair) << pair.error().detail;
  const std::string large(3 << 20, 'x');
  Result<void> written;
  worker.tasks().spawn("write", write_into(*pair->client, large, written));
  EXPECT_EQ(run_task(worker, read_exactly(*pair->server, large.size())), large);
  EXPECT_TRUE(written);
  ASSERT_TRUE(run_task(worker, pair->server->write_all("pong", in(1s))));
  EXPECT_EQ(run_task(worker, read_exactly(*pair->client, 4)), "pong");
  EXPECT_EQ(pair->server->remote_address(), "127.0.0.1");
  EXPECT_EQ(pair->server->peer_name(), GetParam() ? "gateway" : "");
  EXPECT_EQ(pair->client->peer_name(), GetParam() ? "auth" : "");
}

TEST_P(StreamTest, AReadEndsAtItsDeadlineAndTheStreamStaysClosed) {
  auto pair = connect();
  ASSERT_TRUE(pair);
  std::array<char, 16> buffer{};
  const auto count = run_task(worker, pair->client->read_some(buffer, in(30ms)));
  ASSERT_FALSE(count);
  EXPECT_EQ(count.error().code, Code::kUpstreamTimeout);
  EXPECT_FALSE(pair->client->is_open());
  EXPECT_FALSE(run_task(worker, pair->client->read_some(buffer, in(1s))));
  EXPECT_FALSE(run_task(worker, pair->client->write_all("x", in(1s))));
}

TEST_P(StreamTest, AWriteToAPeerThatDoesNotReadEndsAtItsDeadline) {
  auto pair = connect();
  ASSERT_TRUE(pair);
  const std::string large(64 << 20, 'x');
  const auto written = run_task(worker, pair->client->write_all(large, in(100ms)));
  ASSERT_FALSE(written);
  EXPECT_EQ(written.error().code, Code::kUpstreamTimeout);
}

TEST_P(StreamTest, ALaterDeadlineMovesTheArmedOne) {
  auto pair = connect();
  ASSERT_TRUE(pair);
  std::array<char, 16> buffer{};
  ASSERT_TRUE(run_task(worker, pair->server->write_all("a", in(1s))));
  ASSERT_TRUE(run_task(worker, pair->client->read_some(buffer, in(40ms))));
  const auto begun = std::chrono::steady_clock::now();
  EXPECT_FALSE(run_task(worker, pair->client->read_some(buffer, in(150ms))));
  EXPECT_GE(std::chrono::steady_clock::now() - begun, 150ms);
}

TEST_P(StreamTest, EndOfStreamIsConnectionFailed) {
  auto pair = connect();
  ASSERT_TRUE(pair);
  EXPECT_TRUE(pair->client->idle_and_alive());
  pair->server->close();
  std::array<char, 16> buffer{};
  const auto count = run_task(worker, pair->client->read_some(buffer, in(1s)));
  ASSERT_FALSE(count);
  EXPECT_EQ(count.error().code, Code::kConnectionFailed);
}

TEST_P(StreamTest, AnIdleConnectionShowsThatItsPeerLeft) {
  auto pair = connect();
  ASSERT_TRUE(pair);
  EXPECT_TRUE(pair->client->idle_and_alive());
  pair->server->close();
  EXPECT_TRUE(testing::run_until(worker, [&] { return !pair->client->idle_and_alive(); }, 2s));
}

TEST_P(StreamTest, AnsweringAfterShutdownSendReachesThePeer) {
  auto pair = connect();
  ASSERT_TRUE(pair);
  ASSERT_TRUE(run_task(worker, pair->server->write_all("bye", in(1s))));
  pair->server->shutdown_send();
  EXPECT_EQ(run_task(worker, read_exactly(*pair->client, 100)), "bye");
}

Task<> read_until_error(Stream& stream, Code& code, bool& done) {
  std::array<char, 16> buffer{};
  const auto count = co_await stream.read_some(buffer, in(5s));
  code = count ? Code::kInternal : count.error().code;
  done = true;
}

TEST_P(StreamTest, DestroyingAStreamEndsTheOperationThatWaits) {
  auto pair = connect();
  ASSERT_TRUE(pair);
  Code code = Code::kInternal;
  bool done = false;
  worker.tasks().spawn("read", read_until_error(*pair->client, code, done));
  testing::run_until(worker, [] { return false; }, 20ms);
  pair->client.reset();
  EXPECT_TRUE(testing::run_until(worker, [&] { return done; }, 2s));
  EXPECT_EQ(code, Code::kConnectionFailed);
}

INSTANTIATE_TEST_SUITE_P(PlainAndTls, StreamTest, ::testing::Bool(),
                         [](const auto& info) { return info.param ? "Tls" : "Plain"; });

class TlsTest : public StreamTest {};
INSTANTIATE_TEST_SUITE_P(Tls, TlsTest, ::testing::Values(true));

TEST_P(TlsTest, TheCalleesNameIsVerified) {
  const auto wrong = connect("payment.evcosta.internal");
  ASSERT_FALSE(wrong);
  EXPECT_EQ(wrong.error().code, Code::kConnectionFailed);
  EXPECT_TRUE(connect("127.0.0.1"));
  EXPECT_FALSE(connect("127.0.0.2"));
}

TEST_P(TlsTest, AForeignAuthorityIsRefused) {
  const testing::Certificates foreign({"gateway"});
  auto files = tls_files(foreign.dir(), "gateway");
  client_tls = std::make_shared<TlsClient>(files);
  EXPECT_FALSE(connect());
  files.ca = certificates->dir() + "/ca.pem";
  client_tls = std::make_shared<TlsClient>(files);
  auto pair = connect();
  EXPECT_FALSE(pair) << "the server must refuse a client certificate of another authority";
}

TEST_P(TlsTest, AClientWithoutACertificateIsRefused) {
  client_tls = std::make_shared<TlsClient>(TlsFiles{.ca = certificates->dir() + "/ca.pem"});
  EXPECT_FALSE(connect());
}

TEST_P(TlsTest, ABrokenFileKeepsTheOldPair) {
  testing::Certificates own({"auth"});
  const auto files = tls_files(own.dir(), "auth");
  TlsServer server(files, ClientCertificate::kNone);
  const auto before = server.context();
  std::ofstream(files.certificate) << "nonsense";
  const auto reloaded = server.reload();
  ASSERT_FALSE(reloaded);
  EXPECT_NE(reloaded.error().detail.find("auth.crt"), std::string::npos);
  EXPECT_EQ(server.context(), before);
  own.renew("auth");
  EXPECT_TRUE(server.reload());
  EXPECT_NE(server.context(), before);
  EXPECT_GT(server.not_after(), 1'700'000'000);
  EXPECT_THROW(TlsServer({.ca = "/nowhere", .certificate = "/nowhere", .key = "/nowhere"}, ClientCertificate::kNone),
               std::runtime_error);
}

TEST(Listener, APortIsClaimedOnceAndSharedOnPurpose) {
  Worker worker;
  const Listener first(worker, {});
  const auto claim = [&](Listener::Share share) { Listener second(worker, {.port = first.port(), .share = share}); };
  EXPECT_THROW(claim(Listener::Share::kClaim), std::system_error);
  EXPECT_NO_THROW(claim(Listener::Share::kJoin));
}

TEST(Dial, NobodyListensIsConnectionFailed) {
  Worker worker;
  std::uint16_t port = 0;
  {
    const Listener listener(worker, {});
    port = listener.port();
  }
  const DialOptions options{.host = "127.0.0.1", .port = port};
  const auto dialled = run_task(worker, dial(worker, options, in(1s)));
  ASSERT_FALSE(dialled);
  EXPECT_EQ(dialled.error().code, Code::kConnectionFailed);
}

}  // namespace
}  // namespace evc::net
