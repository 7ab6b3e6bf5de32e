// A listening TCP port of one worker. Workers of a process share a port by SO_REUSEPORT; the first one claims it, so
// that a second process on the same port fails at start instead of silently taking half of the connections. TCP_NODELAY
// is set on what is accepted.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "kit/net/stream.hpp"

namespace evc::net {

class Listener {
 public:
  enum class Share { kClaim, kJoin };
  struct Options {
    std::string host = "127.0.0.1";
    std::uint16_t port = 0;  // 0: a free one
    Share share = Share::kClaim;
    int backlog = 1024;
  };
  // Throws std::system_error when the port is taken or the address is not ours.
  Listener(Worker& worker, Options options);
  ~Listener();

  std::uint16_t port() const;
  // The next connection, plain. `cancelled` after close(), `overloaded` when the process is out of descriptors (wait a
  // moment, then go on).
  Task<Result<std::unique_ptr<Stream>>> accept();
  void close();

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;
};

// The server's half of a TLS handshake over an accepted plain stream.
Task<Result<std::unique_ptr<Stream>>> accept_tls(std::unique_ptr<Stream> plain, std::shared_ptr<TlsServer> tls,
                                                 SteadyTime deadline);

}  // namespace evc::net
