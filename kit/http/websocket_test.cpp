#include "kit/http/websocket.hpp"

#include <gtest/gtest.h>

#include "kit/http/server.hpp"
#include "kit/http/websocket_frames.hpp"
#include "kit/http/websocket_stream.hpp"
#include "kit/testing/raw_peer.hpp"

namespace evc::http {
namespace {

using namespace std::chrono_literals;
using testing::run_task;
constexpr std::array<std::uint8_t, 4> kMask{0x37, 0xfa, 0x21, 0x3d};

SteadyTime in(std::chrono::milliseconds time) {
  return std::chrono::steady_clock::now() + time;
}

std::expected<std::vector<FrameEvent>, FrameError> read_all(std::string_view bytes, std::size_t step,
                                                            std::size_t limit = 1000) {
  FrameReader reader(WebSocketRole::kServer, limit);
  std::vector<FrameEvent> all;
  for (std::size_t at = 0; at < bytes.size(); at += step) {
    auto events = reader.feed(bytes.substr(at, step));
    if (!events) return events;
    for (auto& event : *events) all.push_back(std::move(event));
  }
  return all;
}

int refusal(std::string_view bytes, std::size_t limit = 1000) {
  const auto whole = read_all(bytes, bytes.size(), limit);
  const auto single = read_all(bytes, 1, limit);
  EXPECT_EQ(whole.has_value(), single.has_value());
  return whole ? 0 : whole.error().close_code;
}

std::string masked(Opcode opcode, std::string_view payload) {
  return write_frame(opcode, payload, &kMask);
}

// The same frame with its FIN bit cleared.
std::string open_ended(std::string frame) {
  frame[0] = static_cast<char>(frame[0] & 0x7F);
  return frame;
}

TEST(Frames, ExampleOfTheRfc) {
  const std::string hello("\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58", 11);
  EXPECT_EQ(masked(Opcode::kText, "Hello"), hello);
  EXPECT_EQ(write_frame(Opcode::kText, "Hello", nullptr), std::string("\x81\x05Hello", 7));
  for (const std::size_t step : {1U, 3U, 11U}) {
    const auto events = read_all(hello, step);
    ASSERT_TRUE(events);
    ASSERT_EQ(events->size(), 1U);
    EXPECT_EQ(events->front().payload, "Hello");
  }
  EXPECT_EQ(websocket_accept_key(std::string_view("dGhlIHNhbXBsZSBub25jZQ==")), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
}

TEST(Frames, FragmentsWithAPingBetween) {
  const std::string bytes =
      open_ended(masked(Opcode::kText, "Hel")) + masked(Opcode::kPing, "p") + masked(Opcode::kContinuation, "lo");
  const auto events = read_all(bytes, 1);
  ASSERT_TRUE(events);
  ASSERT_EQ(events->size(), 2U);
  EXPECT_EQ((*events)[0].kind, Opcode::kPing);
  EXPECT_EQ((*events)[1].payload, "Hello");
}

TEST(Frames, EveryLengthForm) {
  for (const std::size_t size : {0U, 125U, 126U, 65535U, 65536U}) {
    const std::string text(size, 'x');
    const auto events = read_all(masked(Opcode::kText, text), 4096, 100'000);
    ASSERT_TRUE(events);
    ASSERT_EQ(events->size(), 1U);
    EXPECT_EQ(events->front().payload, text);
  }
}

TEST(Frames, CloseWithAndWithoutACode) {
  const auto with = read_all(masked(Opcode::kClose, close_payload(1001, "bye")), 1);
  ASSERT_TRUE(with);
  EXPECT_EQ(with->front().close_code, 1001);
  EXPECT_EQ(with->front().payload, "bye");
  EXPECT_EQ(read_all(masked(Opcode::kClose, ""), 1)->front().close_code, 1005);
}

TEST(Frames, WhatTheRfcForbidsIsRefusedWithItsCode) {
  EXPECT_EQ(refusal(write_frame(Opcode::kText, "x", nullptr)), 1002) << "a client must mask";
  EXPECT_EQ(refusal("\xC1\x80"), 1002) << "reserved bit";
  EXPECT_EQ(refusal("\x83\x80"), 1002) << "unknown opcode";
  EXPECT_EQ(refusal(masked(Opcode::kBinary, "x")), 1003);
  EXPECT_EQ(refusal(open_ended(masked(Opcode::kPing, "x"))), 1002) << "control frame in fragments";
  EXPECT_EQ(refusal(std::string_view("\x89\xFE\x00\x7E", 4)), 1002) << "long control frame";
  EXPECT_EQ(refusal(masked(Opcode::kContinuation, "x")), 1002) << "continuation of nothing";
  EXPECT_EQ(refusal(open_ended(masked(Opcode::kText, "x")) + masked(Opcode::kText, "y")), 1002)
      << "new message inside a message";
  EXPECT_EQ(refusal(std::string_view("\x81\xFE\x00\x05", 4)), 1002) << "length longer than needed";
  EXPECT_EQ(refusal(std::string_view("\x81\xFF\x80\x00\x00\x00\x00\x00\x00\x00", 10)), 1002)
      << "length with the top bit";
  EXPECT_EQ(refusal(masked(Opcode::kText, std::string(1001, 'x'))), 1009);
  EXPECT_EQ(refusal(open_ended(masked(Opcode::kText, std::string(600, 'x'))) +
                    masked(Opcode::kContinuation, std::string(600, 'x'))),
            1009);
  EXPECT_EQ(refusal(masked(Opcode::kText, "\xFF")), 1007);
  EXPECT_EQ(refusal(masked(Opcode::kClose, "x")), 1002) << "half a close code";
  EXPECT_EQ(refusal(masked(Opcode::kClose, close_payload(1005, ""))), 1002);
  EXPECT_EQ(refusal(masked(Opcode::kClose, close_payload(1000, "\xFF"))), 1007);
}

Task<Result<std::string>> accept_ocpp(RequestContext&, Request& request) {
  if (request.path_parameters.at("id") == "forbidden") co_return fail(Code::kUnauthenticated);
  co_return "ocpp1.6";
}

struct Seen {
  int open = 0;
  int ended = 0;
};

Task<> echo_all(Seen& seen, WebSocket& socket) {
  ++seen.open;
  for (;;) {
    auto text = co_await socket.read();
    if (!text) break;
    if (*text == "bye") socket.close(1000, "as you wish");
    const auto written = co_await socket.write("echo " + *text);
    if (!written) break;
  }
  ++seen.ended;
}

class WebSocketTest : public ::testing::Test {
 protected:
  ~WebSocketTest() override {
    if (server) server->close_all();
    testing::run_until(worker, [&] { return worker.tasks().size() == 0; }, 5s);
  }
  void start() {
    const auto handler = [this](RequestContext&, Request&, WebSocket& socket) { return echo_all(seen, socket); };
    router->add_websocket("/ocpp/{id}", accept_ocpp, handler, server_side);
    server = std::make_unique<Server>(worker, router, std::vector<Middleware>(), ServerOptions{.server_name = "test"});
    server->start();
  }
  Result<std::unique_ptr<WebSocket>> connect(std::string path = "/ocpp/cp1") {
    WebSocketDial dial{.host = "127.0.0.1",
                       .port = server->port(),
                       .path = std::move(path),
                       .subprotocols = {"ocpp1.6"},
                       .options = client_side};
    return run_task(worker, connect_websocket(worker, std::move(dial), in(5s)));
  }
  std::string upgrade(std::string_view key = "dGhlIHNhbXBsZSBub25jZQ==") {
    return "GET /ocpp/cp1 HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: "
           "13\r\nSec-WebSocket-Key: " +
           std::string(key) + "\r\n\r\n";
  }

  Worker worker;
  Seen seen;
  WebSocketOptions server_side;
  WebSocketOptions client_side;
  std::shared_ptr<Router> router = std::make_shared<Router>();
  std::unique_ptr<Server> server;
};

TEST_F(WebSocketTest, MessagesGoBothWays) {
  start();
  auto socket = connect();
  ASSERT_TRUE(socket) << socket.error().detail;
  EXPECT_EQ((*socket)->subprotocol(), "ocpp1.6");
  for (const std::size_t size : {1U, 126U, 60'000U}) {
    const std::string text(size, 'x');
    ASSERT_TRUE(run_task(worker, (*socket)->write(text)));
    EXPECT_EQ(run_task(worker, (*socket)->read()).value(), "echo " + text);
  }
}

TEST_F(WebSocketTest, AFrameBehindTheHandshakeIsNotLost) {
  start();
  testing::RawPeer peer(worker, server->port());
  peer.send(upgrade() + masked(Opcode::kText, "early"));
  EXPECT_NE(peer.receive_until("\r\n\r\n").find("s3pPLMBiTxaQ9kYGzzhZRbK+xOo="), std::string::npos);
  EXPECT_EQ(peer.receive_until("echo early").substr(2), "echo early");
  peer.close();
}

TEST_F(WebSocketTest, EachSideMayClose) {
  start();
  auto socket = connect();
  ASSERT_TRUE(socket);
  ASSERT_TRUE(run_task(worker, (*socket)->write("bye")));
  EXPECT_FALSE(run_task(worker, (*socket)->read()));
  EXPECT_FALSE(run_task(worker, (*socket)->write("more")));
  EXPECT_TRUE(testing::run_until(worker, [&] { return seen.ended == 1; }, 5s));
  auto second = connect();
  ASSERT_TRUE(second);
  (*second)->close(1000, "done");
  EXPECT_TRUE(testing::run_until(worker, [&] { return seen.ended == 2; }, 5s));
}

TEST_F(WebSocketTest, ABrokenFrameIsAnsweredWithItsCode) {
  start();
  testing::RawPeer peer(worker, server->port());
  peer.send(upgrade());
  peer.receive_until("\r\n\r\n");
  peer.send(masked(Opcode::kBinary, "x"));
  EXPECT_NE(peer.receive_until(std::string("\x03\xEB")).find('\x88'), std::string::npos);
  EXPECT_TRUE(testing::run_until(worker, [&] { return seen.ended == 1; }, 5s));
}

TEST_F(WebSocketTest, APeerThatAnswersNoPingIsCut) {
  server_side.ping_interval = 50ms;
  start();
  testing::RawPeer peer(worker, server->port());
  peer.send(upgrade());
  peer.receive_until("\r\n\r\n");
  EXPECT_EQ(peer.receive_until(std::string("\x89\x00", 2)).size(), 2U);
  EXPECT_TRUE(testing::run_until(worker, [&] { return seen.ended == 1; }, 5s));
}

Task<> read_for_ever(WebSocket& socket) {
  for (;;) {
    const auto text = co_await socket.read();
    if (!text) co_return;
  }
}

TEST_F(WebSocketTest, APeerThatAnswersPingsStays) {
  server_side.ping_interval = 50ms;
  start();
  auto socket = connect();
  ASSERT_TRUE(socket);
  worker.tasks().spawn("read", read_for_ever(**socket));
  EXPECT_FALSE(testing::run_until(worker, [&] { return seen.ended == 1; }, 400ms));
  (*socket)->close(1000, "");
  EXPECT_TRUE(testing::run_until(worker, [&] { return seen.ended == 1; }, 5s));
}

TEST_F(WebSocketTest, RefusalsAreAnswersOfHttp) {
  start();
  const auto forbidden = connect("/ocpp/forbidden");
  ASSERT_FALSE(forbidden);
  EXPECT_EQ(forbidden.error().code, Code::kUnauthenticated);
  const auto missing = connect("/nothing");
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().code, Code::kNotFound);
  EXPECT_EQ(testing::RawPeer(worker, server->port()).exchange("GET /ocpp/cp1 HTTP/1.1\r\nHost: a\r\n\r\n").status, 426);
  EXPECT_EQ(testing::RawPeer(worker, server->port()).exchange(upgrade("c2hvcnQ=")).status, 426);
}

Task<bool> drain(Server& server) {
  const bool done = co_await server.drain(in(5s));
  co_return done;
}

TEST_F(WebSocketTest, DrainSaysGoodbye) {
  start();
  auto socket = connect();
  ASSERT_TRUE(socket);
  ASSERT_TRUE(testing::run_until(worker, [&] { return seen.open == 1; }, 5s));
  worker.tasks().spawn("read", read_for_ever(**socket));
  EXPECT_TRUE(run_task(worker, drain(*server)));
  EXPECT_EQ(seen.ended, 1);
}

}  // namespace
}  // namespace evc::http
