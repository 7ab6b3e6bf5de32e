// A WebSocket (RFC 6455) on its worker, server or client side. read() gives whole text messages; binary frames,
// messages above the limit and silent peers end the connection with the proper close code. One reader and one writer at
// a time; close() may be called from the worker at any time and makes both return. No extensions: nothing is
// compressed.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "kit/base/clock.hpp"
#include "kit/base/result.hpp"
#include "kit/net/tls.hpp"
#include "kit/runtime/task.hpp"

namespace evc {
class Worker;
}

namespace evc::http {

struct WebSocketOptions {
  std::size_t message_limit_bytes = 64 * 1024;
  std::chrono::milliseconds ping_interval{30'000};  // a peer that answers no ping within another interval is cut
  std::chrono::milliseconds write_timeout{10'000};
};

class WebSocket {
 public:
  virtual ~WebSocket() = default;
  // connection-failed when the peer is gone or closed.
  virtual Task<Result<std::string>> read() = 0;
  virtual Task<Result<void>> write(std::string text) = 0;
  // Sends a close frame (RFC 6455 §7.4 code) and tears down; never blocks longer than one second.
  virtual void close(int code, std::string reason) = 0;
  virtual std::string subprotocol() const = 0;
};

struct WebSocketDial {
  std::string host;
  std::uint16_t port = 0;
  std::shared_ptr<net::TlsClient> tls;  // null: ws without TLS
  std::string server_name;              // name to verify; empty: host
  std::string path = "/";               // already encoded
  std::vector<std::string> subprotocols;
  std::vector<std::pair<std::string, std::string>> headers;  // e.g. Authorization
  WebSocketOptions options;
};
// connection-failed, upstream-timeout, protocol-error; unauthenticated for 401 and not-found for 404.
Task<Result<std::unique_ptr<WebSocket>>> connect_websocket(Worker& worker, WebSocketDial options, SteadyTime deadline);

}  // namespace evc::http
