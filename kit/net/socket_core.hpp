// What the plain and the TLS stream share: the socket, its two deadlines and the reason why it was closed. Shared by
// the stream and by the operations in flight, so that a stream may be destroyed while one of them waits. One armed
// wheel entry serves both directions and moves lazily.
#pragma once

#include <array>
#include <memory>
#include <string>

#include <boost/asio/basic_stream_socket.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/system/error_code.hpp>

#include "kit/base/result.hpp"
#include "kit/net/stream.hpp"
#include "kit/runtime/worker.hpp"

namespace evc::net {

using Tcp = boost::asio::ip::tcp;
using Socket = boost::asio::basic_stream_socket<Tcp, Executor>;

class SocketCore : public std::enable_shared_from_this<SocketCore> {
 public:
  enum Side { kRead = 0, kWrite = 1 };

  SocketCore(Worker& worker, Socket socket) : worker_(worker), socket_(std::move(socket)) {}

  Worker& worker() { return worker_; }
  Socket& socket() { return socket_; }
  bool open() const { return socket_.is_open(); }
  void close();
  // After connecting or accepting: TCP_NODELAY and the peer's address.
  void established();
  const std::string& remote_address() const { return remote_address_; }

  void begin(Side side, SteadyTime deadline);
  void end(Side side) { deadlines_[side] = SteadyTime::max(); }
  // Closes the socket, and says why the operation ended: its deadline or the connection.
  std::unexpected<Error> failed(const char* what);

 private:
  void arm(SteadyTime when);
  void expire();

  Worker& worker_;
  Socket socket_;
  std::array<SteadyTime, 2> deadlines_{SteadyTime::max(), SteadyTime::max()};
  SteadyTime armed_for_ = SteadyTime::max();
  DeadlineWheel::Handle armed_;
  bool timed_out_ = false;
  std::string remote_address_;
};

class TcpStream final : public Stream {
 public:
  explicit TcpStream(std::shared_ptr<SocketCore> core) : core_(std::move(core)) {}
  ~TcpStream() override;

  Task<Result<std::size_t>> read_some(std::span<char> into, SteadyTime deadline) override;
  Task<Result<void>> write_all(std::string_view bytes, SteadyTime deadline) override;
  void close() override { core_->close(); }
  bool is_open() const override { return core_->open(); }
  void shutdown_send() override;
  bool idle_and_alive() override;
  std::string peer_name() const override { return {}; }
  std::string remote_address() const override { return core_->remote_address(); }

  // Gives the socket to a TLS stream; this stream is closed afterwards.
  std::shared_ptr<SocketCore> release();

 private:
  std::shared_ptr<SocketCore> core_;
};

// Writing to a connection that the peer closed must be an error, not a signal; OpenSSL writes without MSG_NOSIGNAL.
void ignore_broken_pipes();

}  // namespace evc::net
