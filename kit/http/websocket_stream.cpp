#include "kit/http/websocket_stream.hpp"

#include <openssl/sha.h>

#include <array>
#include <cstring>
#include <deque>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/basic_waitable_timer.hpp>

#include "kit/base/bytes.hpp"
#include "kit/http/character_sets.hpp"
#include "kit/runtime/worker.hpp"

namespace evc::http {

std::string websocket_accept_key(std::string_view key) {
  const std::string text = std::string(key) + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
  std::array<unsigned char, SHA_DIGEST_LENGTH> digest{};
  SHA1(reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest.data());
  return base64_encode({reinterpret_cast<const char*>(digest.data()), digest.size()});
}

Result<std::string> websocket_accept_key(const RequestHead& head) {
  constexpr std::size_t kNonceBytes = 16;
  const Headers& headers = head.headers;
  const bool upgrade = head.method == "GET" && !head.http10 &&
                       list_contains(headers.get("Connection").value_or(""), "upgrade") &&
                       list_contains(headers.get("Upgrade").value_or(""), "websocket");
  if (!upgrade) return fail(Code::kBadRequest, "this resource speaks WebSocket");
  if (headers.get("Sec-WebSocket-Version") != "13") return fail(Code::kBadRequest, "the WebSocket version is 13");
  const std::string_view key = headers.get("Sec-WebSocket-Key").value_or("");
  const auto nonce = base64_decode(key);
  if (!nonce || nonce->size() != kNonceBytes) return fail(Code::kBadRequest, "the WebSocket key is not 16 bytes");
  return websocket_accept_key(key);
}

namespace {

using Timer = boost::asio::basic_waitable_timer<std::chrono::steady_clock,
                                                boost::asio::wait_traits<std::chrono::steady_clock>, Executor>;

constexpr std::chrono::milliseconds kGoodbye{1'000};
constexpr std::size_t kPongBacklogBytes = 64 * 1024;
constexpr int kGoingAway = 1001;

SteadyTime after(std::chrono::milliseconds time) {
  return std::chrono::steady_clock::now() + time;
}

// The state behind a WebSocket; shared with the coroutines that still write or say goodbye when the owner has dropped
// it.
struct Core : std::enable_shared_from_this<Core> {
  Core(Worker& on, std::unique_ptr<net::Stream> over, WebSocketRole as, WebSocketOptions with)
      : worker(on),
        stream(std::move(over)),
        role(as),
        options(with),
        reader(as, with.message_limit_bytes),
        moved(on.executor()) {}

  Worker& worker;
  std::unique_ptr<net::Stream> stream;
  WebSocketRole role;
  WebSocketOptions options;
  FrameReader reader;
  std::deque<std::string> messages;
  std::string out;  // frames not yet given to the stream
  std::uint64_t queued_bytes = 0;
  std::uint64_t flushed_bytes = 0;
  bool flushing = false;
  bool reading = false;
  bool closing = false;
  SteadyTime heard = std::chrono::steady_clock::now();
  DeadlineWheel::Handle ping;
  Timer moved;  // cancelled whenever bytes are flushed, the reader leaves or the stream fails

  std::string frame(Opcode opcode, std::string_view payload) const {
    if (role == WebSocketRole::kServer) return write_frame(opcode, payload, nullptr);
    std::array<std::uint8_t, 4> mask{};
    std::memcpy(mask.data(), random_bytes(mask.size()).data(), mask.size());
    return write_frame(opcode, payload, &mask);
  }
  void queue(Opcode opcode, std::string_view payload) {
    const std::string bytes = frame(opcode, payload);
    out += bytes;
    queued_bytes += bytes.size();
  }
  void arm_ping();
  void on_ping_time();
  void send_soon(Opcode opcode, std::string_view payload);
  void close(int code, std::string_view reason);
  void take(std::vector<FrameEvent> events);
};

// Gives everything queued to the stream, in order. One flusher at a time.
Task<> flush(std::shared_ptr<Core> core, SteadyTime deadline) {
  if (core->flushing) co_return;
  core->flushing = true;
  while (!core->out.empty() && core->stream->is_open()) {
    const std::string bytes = std::exchange(core->out, {});
    const auto written = co_await core->stream->write_all(bytes, deadline);
    if (written) core->flushed_bytes += bytes.size();
    core->moved.cancel();
  }
  core->flushing = false;
  core->moved.cancel();
}

Task<> wait_moved(std::shared_ptr<Core> core, SteadyTime until) {
  core->moved.expires_at(until);
  co_await core->moved.async_wait(boost::asio::as_tuple(use_task));
}

// After our close frame: the peer answers with its own, or the second is over.
Task<> goodbye(std::shared_ptr<Core> core) {
  const SteadyTime deadline = after(kGoodbye);
  co_await flush(core, deadline);
  while (core->flushing && core->stream->is_open() && std::chrono::steady_clock::now() < deadline)
    co_await wait_moved(core, deadline);
  core->stream->shutdown_send();
  while (core->reading && core->stream->is_open() && std::chrono::steady_clock::now() < deadline)
    co_await wait_moved(core, deadline);
  std::array<char, 1024> ignored{};
  while (core->stream->is_open()) {
    const auto count = co_await core->stream->read_some(ignored, deadline);
    if (!count) break;
  }
  core->stream->close();
}

void Core::arm_ping() {
  ping = worker.wheel().arm(after(options.ping_interval), [weak = weak_from_this()] {
    if (const auto self = weak.lock()) self->on_ping_time();
  });
}

void Core::on_ping_time() {
  if (closing) return;
  if (std::chrono::steady_clock::now() - heard > options.ping_interval * 2 - std::chrono::milliseconds(20)) {
    closing = true;
    stream->close();
    moved.cancel();
    return;
  }
  send_soon(Opcode::kPing, "");
  arm_ping();
}

void Core::send_soon(Opcode opcode, std::string_view payload) {
  queue(opcode, payload);
  worker.tasks().spawn("websocket control frame", flush(shared_from_this(), after(options.write_timeout)));
}

void Core::close(int code, std::string_view reason) {
  if (closing) return;
  closing = true;
  ping.disarm();
  queue(Opcode::kClose, close_payload(code, reason));
  worker.tasks().spawn("websocket goodbye", goodbye(shared_from_this()));
}

void Core::take(std::vector<FrameEvent> events) {
  for (FrameEvent& event : events) {
    if (event.kind == Opcode::kText && !closing) messages.push_back(std::move(event.payload));
    // A peer that floods us with pings and reads nothing gets fewer pongs, not our memory.
    if (event.kind == Opcode::kPing && !closing && out.size() < kPongBacklogBytes)
      send_soon(Opcode::kPong, event.payload);
    if (event.kind == Opcode::kClose) close(event.close_code == 1005 ? 1000 : event.close_code, "");
  }
}

struct ReadingMark {
  explicit ReadingMark(std::shared_ptr<Core> of) : core(std::move(of)) { core->reading = true; }
  ~ReadingMark() {
    core->reading = false;
    core->moved.cancel();
  }
  std::shared_ptr<Core> core;
};

Task<Result<std::string>> read_message(std::shared_ptr<Core> core) {
  const ReadingMark mark(core);
  std::array<char, 2048> buffer{};
  while (core->messages.empty()) {
    if (core->closing) co_return fail(Code::kConnectionFailed, "the WebSocket is closed");
    const auto count = co_await core->stream->read_some(buffer, SteadyTime::max());
    if (!count) {
      core->closing = true;
      co_return fail(Code::kConnectionFailed, "the peer is gone");
    }
    core->heard = std::chrono::steady_clock::now();
    auto events = core->reader.feed({buffer.data(), *count});
    if (!events) {
      core->close(events.error().close_code, events.error().reason);
      co_return fail(Code::kConnectionFailed, events.error().reason);
    }
    core->take(std::move(*events));
  }
  std::string message = std::move(core->messages.front());
  core->messages.pop_front();
  co_return message;
}

Task<Result<void>> write_message(std::shared_ptr<Core> core, std::string text) {
  if (core->closing) co_return fail(Code::kConnectionFailed, "the WebSocket is closed");
  const SteadyTime deadline = after(core->options.write_timeout);
  core->queue(Opcode::kText, text);
  const std::uint64_t mine = core->queued_bytes;
  co_await flush(core, deadline);
  while (core->flushed_bytes < mine && core->stream->is_open() && std::chrono::steady_clock::now() < deadline)
    co_await wait_moved(core, deadline);
  if (core->flushed_bytes < mine) {
    core->closing = true;
    core->stream->close();
    co_return fail(Code::kConnectionFailed, "the peer does not take our messages");
  }
  co_return Result<void>{};
}

class StreamWebSocket final : public WebSocket {
 public:
  StreamWebSocket(std::shared_ptr<Core> core, std::string subprotocol)
      : core_(std::move(core)), subprotocol_(std::move(subprotocol)) {}
  ~StreamWebSocket() override { core_->close(kGoingAway, ""); }
  Task<Result<std::string>> read() override { return read_message(core_); }
  Task<Result<void>> write(std::string text) override { return write_message(core_, std::move(text)); }
  void close(int code, std::string reason) override { core_->close(code, reason); }
  std::string subprotocol() const override { return subprotocol_; }

 private:
  std::shared_ptr<Core> core_;
  std::string subprotocol_;
};

}  // namespace

std::unique_ptr<WebSocket> make_websocket(Worker& worker, std::unique_ptr<net::Stream> stream, std::string leftover,
                                          WebSocketRole role, WebSocketOptions options, std::string subprotocol) {
  auto core = std::make_shared<Core>(worker, std::move(stream), role, options);
  core->arm_ping();
  auto events = core->reader.feed(leftover);
  if (events) {
    core->take(std::move(*events));
  } else {
    core->close(events.error().close_code, events.error().reason);
  }
  return std::make_unique<StreamWebSocket>(std::move(core), std::move(subprotocol));
}

}  // namespace evc::http
