// A WebSocket on its worker, server or client side. read() gives whole text messages; binary frames, messages above the limit and silent peers end
// the connection with the proper close code. One reader and one writer at a time; close() may be called from the worker at any time and makes both return.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "kit/base/result.hpp"
#include "kit/http/message.hpp"
#include "kit/net/tls.hpp"
#include "kit/runtime/worker.hpp"

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
  std::string target = "/";
  std::string subprotocol;                // offered; an answer with another one, or none, is protocol-error
  Headers headers;                        // e.g. Authorization
  std::shared_ptr<net::TlsClient> tls;    // null: plain (tests)
  std::string server_name;                // DNS name to verify; empty: host
  WebSocketOptions options;
};
// connection-failed, upstream-timeout, or protocol-error whose detail begins with the status when the upgrade was refused ("401 …").
Task<Result<std::unique_ptr<WebSocket>>> dial_websocket(Worker& worker, WebSocketDial dial, SteadyTime deadline);

}  // namespace evc::http
