#include "kit/net/socket_core.hpp"

#include <sys/socket.h>

#include <algorithm>
#include <csignal>

#include <boost/asio/buffer.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/write.hpp>

namespace evc::net {

namespace asio = boost::asio;

void ignore_broken_pipes() {
  static const bool done = [] { return std::signal(SIGPIPE, SIG_IGN) != SIG_ERR; }();
  (void)done;
}

void SocketCore::close() {
  if (!socket_.is_open()) return;
  boost::system::error_code ignored;
  socket_.shutdown(Socket::shutdown_both, ignored);
  socket_.close(ignored);
}

void SocketCore::established() {
  ignore_broken_pipes();
  boost::system::error_code ignored;
  socket_.set_option(Tcp::no_delay(true), ignored);
  socket_.native_non_blocking(true, ignored);
  const auto endpoint = socket_.remote_endpoint(ignored);
  if (!ignored) remote_address_ = endpoint.address().to_string();
}

void SocketCore::begin(Side side, SteadyTime deadline) {
  deadlines_[side] = deadline;
  if (deadline < armed_for_) arm(deadline);
}

void SocketCore::arm(SteadyTime when) {
  armed_for_ = when;
  armed_ = worker_.wheel().arm(when, [weak = weak_from_this()] {
    if (const auto self = weak.lock()) self->expire();
  });
}

void SocketCore::expire() {
  armed_for_ = SteadyTime::max();
  const SteadyTime next = std::min(deadlines_[kRead], deadlines_[kWrite]);
  if (next == SteadyTime::max()) return;
  if (next > std::chrono::steady_clock::now()) return arm(next);
  timed_out_ = true;
  close();
}

std::unexpected<Error> SocketCore::failed(const char* what) {
  close();
  if (timed_out_) return fail(Code::kUpstreamTimeout, std::string(what) + " took too long");
  return fail(Code::kConnectionFailed, what);
}

namespace {

Task<Result<std::size_t>> read(std::shared_ptr<SocketCore> core, std::span<char> into, SteadyTime deadline) {
  if (!core->open()) co_return core->failed("reading from a closed connection");
  boost::system::error_code error;
  core->begin(SocketCore::kRead, deadline);
  const std::size_t count = co_await core->socket().async_read_some(asio::buffer(into.data(), into.size()),
                                                                    asio::redirect_error(use_task, error));
  core->end(SocketCore::kRead);
  if (error) co_return core->failed("reading");
  co_return count;
}

Task<Result<void>> write(std::shared_ptr<SocketCore> core, std::string_view bytes, SteadyTime deadline) {
  if (!core->open()) co_return core->failed("writing to a closed connection");
  boost::system::error_code error;
  core->begin(SocketCore::kWrite, deadline);
  co_await asio::async_write(core->socket(), asio::buffer(bytes.data(), bytes.size()),
                             asio::redirect_error(use_task, error));
  core->end(SocketCore::kWrite);
  if (error) co_return core->failed("writing");
  co_return Result<void>{};
}

}  // namespace

TcpStream::~TcpStream() {
  if (core_) core_->close();
}

Task<Result<std::size_t>> TcpStream::read_some(std::span<char> into, SteadyTime deadline) {
  return read(core_, into, deadline);
}

Task<Result<void>> TcpStream::write_all(std::string_view bytes, SteadyTime deadline) {
  return write(core_, bytes, deadline);
}

void TcpStream::shutdown_send() {
  boost::system::error_code ignored;
  core_->socket().shutdown(Socket::shutdown_send, ignored);
}

bool TcpStream::idle_and_alive() {
  if (!core_->open()) return false;
  char byte = 0;
  const auto got = ::recv(core_->socket().native_handle(), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
  return got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK);
}

std::shared_ptr<SocketCore> TcpStream::release() {
  auto fresh = std::make_shared<SocketCore>(core_->worker(), std::move(core_->socket()));
  fresh->established();
  return fresh;
}

}  // namespace evc::net
