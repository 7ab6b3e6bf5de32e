// A byte stream over TCP or TLS with deadlines from the worker's wheel: the one connection type below HTTP clients, Redis and WebSockets.
// Every operation ends at its deadline with `upstream-timeout`; a failed stream is closed and stays closed. Lives on one worker.
#pragma once

#include <chrono>
#include <memory>
#include <span>
#include <string>

#include "kit/base/result.hpp"
#include "kit/net/tls.hpp"
#include "kit/runtime/worker.hpp"

namespace evc::net {

class Stream {
 public:
  virtual ~Stream() = default;
  // At least one byte, at most the span; connection-failed at end of stream.
  virtual Task<Result<std::size_t>> read_some(std::span<char> into, SteadyTime deadline) = 0;
  virtual Task<Result<void>> write_all(std::string_view bytes, SteadyTime deadline) = 0;
  virtual void close() = 0;
  virtual bool is_open() const = 0;
  // CN of the verified peer certificate, empty without one.
  virtual std::string peer_name() const = 0;
  virtual std::string remote_address() const = 0;
};

struct DialOptions {
  std::string host;
  std::uint16_t port = 0;
  std::shared_ptr<TlsClient> tls;  // null: plain TCP
  std::string server_name;         // DNS name to verify; empty: host
};
// TCP_NODELAY is set. connection-failed or upstream-timeout.
Task<Result<std::unique_ptr<Stream>>> dial(Worker& worker, DialOptions options, SteadyTime deadline);

}  // namespace evc::net
