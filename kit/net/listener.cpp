#include "kit/net/listener.hpp"

#include <sys/socket.h>

#include <system_error>

#include <boost/asio/basic_socket_acceptor.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/system/system_error.hpp>

#include "kit/net/socket_core.hpp"
#include "kit/net/tls_stream.hpp"

namespace evc::net {

namespace asio = boost::asio;
using Acceptor = asio::basic_socket_acceptor<Tcp, Executor>;

namespace {

[[noreturn]] void refuse(const boost::system::error_code& error, const Listener::Options& options) {
  throw std::system_error(error.value(), std::system_category(),
                          "listening on " + options.host + ":" + std::to_string(options.port));
}

// Binding once without SO_REUSEPORT finds another process that listens with it.
void claim(Worker& worker, const Tcp::endpoint& endpoint, const Listener::Options& options) {
  boost::system::error_code error;
  Acceptor probe(worker.executor());
  probe.open(endpoint.protocol(), error);
  if (!error) probe.set_option(Acceptor::reuse_address(true), error);
  if (!error) probe.bind(endpoint, error);
  if (!error) probe.listen(1, error);
  if (error) refuse(error, options);
}

}  // namespace

struct Listener::Impl {
  Impl(Worker& on) : worker(on), acceptor(on.executor()) {}
  Worker& worker;
  Acceptor acceptor;
  std::uint16_t port = 0;
};

Listener::Listener(Worker& worker, Options options) : impl_(std::make_shared<Impl>(worker)) {
  ignore_broken_pipes();
  boost::system::error_code error;
  const auto address = asio::ip::make_address(options.host == "localhost" ? "127.0.0.1" : options.host, error);
  if (error) refuse(error, options);
  const Tcp::endpoint endpoint(address, options.port);
  if (options.share == Share::kClaim && options.port != 0) claim(worker, endpoint, options);
  Acceptor& acceptor = impl_->acceptor;
  acceptor.open(endpoint.protocol(), error);
  if (error) refuse(error, options);
  acceptor.set_option(Acceptor::reuse_address(true), error);
  const int on = 1;
  if (::setsockopt(acceptor.native_handle(), SOL_SOCKET, SO_REUSEPORT, &on, sizeof on) != 0) {
    refuse({errno, boost::system::system_category()}, options);
  }
  acceptor.bind(endpoint, error);
  if (!error) acceptor.listen(options.backlog, error);
  if (error) refuse(error, options);
  impl_->port = acceptor.local_endpoint(error).port();
}

Listener::~Listener() {
  close();
}

std::uint16_t Listener::port() const {
  return impl_->port;
}

void Listener::close() {
  boost::system::error_code ignored;
  impl_->acceptor.close(ignored);
}

namespace {

Task<Result<std::unique_ptr<Stream>>> next_connection(Worker& worker, Acceptor& acceptor) {
  if (!acceptor.is_open()) co_return fail(Code::kCancelled, "the listener is closed");
  Socket socket(worker.executor());
  boost::system::error_code error;
  co_await acceptor.async_accept(socket, asio::redirect_error(use_task, error));
  if (error == asio::error::operation_aborted || !acceptor.is_open())
    co_return fail(Code::kCancelled, "the listener is closed");
  if (error == boost::system::errc::too_many_files_open ||
      error == boost::system::errc::too_many_files_open_in_system) {
    co_return fail(Code::kOverloaded, "the process is out of file descriptors");
  }
  if (error) co_return fail(Code::kConnectionFailed, "the connection was lost before it was accepted");
  auto core = std::make_shared<SocketCore>(worker, std::move(socket));
  core->established();
  co_return std::make_unique<TcpStream>(std::move(core));
}

}  // namespace

Task<Result<std::unique_ptr<Stream>>> Listener::accept() {
  const auto impl = impl_;
  auto next = co_await next_connection(impl->worker, impl->acceptor);
  co_return next;
}

Task<Result<std::unique_ptr<Stream>>> accept_tls(std::unique_ptr<Stream> plain, std::shared_ptr<TlsServer> tls,
                                                 SteadyTime deadline) {
  auto* tcp = dynamic_cast<TcpStream*>(plain.get());
  if (tcp == nullptr) co_return fail(Code::kInternal, "TLS begins on a plain stream only");
  auto secured = co_await server_handshake(tcp->release(), std::move(tls), deadline);
  co_return secured;
}

}  // namespace evc::net
