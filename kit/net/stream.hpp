// A byte stream over TCP or TLS with deadlines from the worker's wheel: the one connection type below HTTP clients,
// Redis and WebSockets. Every operation ends at its deadline with `upstream-timeout`; a failed stream is closed and
// stays closed. Lives on one worker; at most one reader and one writer at a time. It may be destroyed while an
// operation waits: that operation then ends with connection-failed.
#pragma once

#include <chrono>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "kit/base/result.hpp"
#include "kit/net/tls.hpp"
#include "kit/runtime/worker.hpp"

namespace evc::net {

class Stream {
 public:
  virtual ~Stream() = default;
  // At least one byte, at most the span; connection-failed at end of stream.
  virtual Task<Result<std::size_t>> read_some(std::span<char> into, SteadyTime deadline) = 0;
  // The bytes must stay valid until it resumes.
  virtual Task<Result<void>> write_all(std::string_view bytes, SteadyTime deadline) = 0;
  virtual void close() = 0;
  virtual bool is_open() const = 0;
  // Says that nothing more will be sent, so that a last answer reaches the peer while we still read.
  virtual void shutdown_send() = 0;
  // For a connection kept idle: true while the peer has neither closed it nor sent anything unasked. Never blocks.
  virtual bool idle_and_alive() = 0;
  // CN of the verified peer certificate, empty without one.
  virtual std::string peer_name() const = 0;
  virtual std::string remote_address() const = 0;  // without port
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
