// TLS over a non-blocking socket, driven by OpenSSL on the descriptor itself: no memory buffers between the two, so an
// idle connection holds little more than OpenSSL's own state. Everything runs on the socket's worker.
#pragma once

#include <memory>
#include <string>

#include "kit/net/socket_core.hpp"

struct ssl_st;

namespace evc::net {

struct TlsCore;

class TlsStream final : public Stream {
 public:
  explicit TlsStream(std::shared_ptr<TlsCore> core) : core_(std::move(core)) {}
  ~TlsStream() override;

  Task<Result<std::size_t>> read_some(std::span<char> into, SteadyTime deadline) override;
  Task<Result<void>> write_all(std::string_view bytes, SteadyTime deadline) override;
  void close() override;
  bool is_open() const override;
  void shutdown_send() override;
  bool idle_and_alive() override;
  std::string peer_name() const override;
  std::string remote_address() const override;

 private:
  std::shared_ptr<TlsCore> core_;
};

Task<Result<std::unique_ptr<Stream>>> server_handshake(std::shared_ptr<SocketCore> socket,
                                                       std::shared_ptr<TlsServer> tls, SteadyTime deadline);
Task<Result<std::unique_ptr<Stream>>> client_handshake(std::shared_ptr<SocketCore> socket,
                                                       std::shared_ptr<TlsClient> tls, std::string server_name,
                                                       SteadyTime deadline);

}  // namespace evc::net
