// The part of a connection that outlives one answer: event streams and WebSockets.
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/this_coro.hpp>

#include "kit/http/connection.hpp"
#include "kit/http/websocket_stream.hpp"
#include "kit/http/writer.hpp"
#include "kit/telemetry/log.hpp"

namespace evc::http {

namespace asio = boost::asio;

struct Connection::Streaming {
  asio::cancellation_signal cancel;
  bool over = false;  // the client left, or the server drains

  void end() {
    if (over) return;
    over = true;
    cancel.emit(asio::cancellation_type::total);
  }
};

namespace {

class ChunkWriter final : public StreamWriter {
 public:
  ChunkWriter(net::Stream& stream, const bool& over, std::chrono::milliseconds timeout)
      : stream_(stream), over_(over), timeout_(timeout) {}

  Task<Result<void>> write(std::string bytes) override {
    if (over_) co_return fail(Code::kCancelled, "the stream is over");
    if (bytes.empty()) co_return Result<void>{};
    const std::string framed = chunk(bytes);
    auto written = co_await stream_.write_all(framed, std::chrono::steady_clock::now() + timeout_);
    co_return written;
  }

 private:
  net::Stream& stream_;
  const bool& over_;
  std::chrono::milliseconds timeout_;
};

Task<> run_body(StreamBody body, RequestContext& context, StreamWriter& writer) {
  co_await asio::this_coro::reset_cancellation_state(asio::enable_total_cancellation());
  co_await asio::this_coro::throw_if_cancelled(false);
  co_await body(context, writer);
}

}  // namespace

// A stream has no deadline of its own: it ends with its source, with the client or with the server. The connection
// closes after it.
Task<> Connection::write_stream(RequestContext& context, StreamBody body) {
  context.deadline = SteadyTime::max();
  streaming_ = std::make_shared<Streaming>();
  const auto streaming = streaming_;
  server_->tasks.spawn("http stream watch", watch(shared_from_this()));
  ChunkWriter writer(*stream_, streaming->over, server_->options.write_timeout);
  std::string thrown;
  try {
    co_await asio::co_spawn(server_->worker.executor(), run_body(std::move(body), context, writer),
                            asio::bind_cancellation_slot(streaming->cancel.slot(), use_task));
  } catch (const std::exception& exception) {
    thrown = exception.what();
  }
  if (!thrown.empty()) {
    EVC_LOG(kError, context.trace, "a stream ended with an exception", {{telemetry::key::kReason, thrown}});
  } else if (stream_->is_open()) {
    const auto written =
        co_await stream_->write_all(chunk(""), std::chrono::steady_clock::now() + server_->options.write_timeout);
    (void)written;
  }
  streaming->over = true;
  stream_->close();
}

// A client of a stream has nothing more to say: whatever arrives is dropped, and the end of the connection ends the
// stream.
Task<> Connection::watch(std::shared_ptr<Connection> self) {
  const auto streaming = self->streaming_;
  bool open = true;
  while (open && !streaming->over) open = co_await self->read_more(SteadyTime::max());
  streaming->end();
}

void Connection::drain() {
  if (websocket_ != nullptr) {
    websocket_->close(1001, "the service stops");
  } else if (streaming_) {
    streaming_->end();
  } else if (idle_) {
    close();
  }
}

Task<Response> Connection::prepare_upgrade(RequestContext& context, Request& request, const Router::Match& match) {
  const auto accepted_key = websocket_accept_key(parser_.head());
  if (!accepted_key) {
    Response response = problem(accepted_key.error(), context, request.path);
    response.status = 426;
    response.headers.add("Sec-WebSocket-Version", "13");
    co_return response;
  }
  auto protocol = co_await (*match.accept)(context, request);
  if (!protocol) co_return problem(protocol.error(), context, request.path);
  subprotocol_ = std::move(*protocol);
  Response response{.status = 101};
  response.headers.add("Sec-WebSocket-Accept", *accepted_key);
  if (!subprotocol_.empty()) response.headers.add("Sec-WebSocket-Protocol", subprotocol_);
  co_return response;
}

Task<> Connection::run_websocket(RequestContext& context, Request& request, const Router::Match& match) {
  const auto accepted_key = websocket_accept_key(parser_.head());
  std::string head =
      "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: " +
      *accepted_key + "\r\n";
  if (!subprotocol_.empty()) head += "Sec-WebSocket-Protocol: " + subprotocol_ + "\r\n";
  head += "\r\n";
  const auto written =
      co_await stream_->write_all(head, std::chrono::steady_clock::now() + server_->options.write_timeout);
  if (!written) co_return;
  context.deadline = SteadyTime::max();
  std::string leftover(buffer_.get() + buffer_begin_, buffer_end_ - buffer_begin_);
  const auto websocket = make_websocket(server_->worker, std::move(stream_), std::move(leftover),
                                        WebSocketRole::kServer, *match.websocket_options, subprotocol_);
  websocket_ = websocket.get();
  std::string thrown;
  try {
    co_await (*match.websocket)(context, request, *websocket);
  } catch (const std::exception& exception) {
    thrown = exception.what();
  }
  websocket_ = nullptr;
  if (!thrown.empty())
    EVC_LOG(kError, context.trace, "a WebSocket handler ended with an exception", {{telemetry::key::kReason, thrown}});
  websocket->close(thrown.empty() ? 1000 : 1011, "");
}

}  // namespace evc::http
