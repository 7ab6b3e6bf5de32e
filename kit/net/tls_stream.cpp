#include "kit/net/tls_stream.hpp"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <array>

#include <boost/asio/redirect_error.hpp>

namespace evc::net {

namespace asio = boost::asio;

struct TlsCore {
  std::shared_ptr<SocketCore> socket;
  std::shared_ptr<ssl_ctx_st> context;
  std::unique_ptr<ssl_st, decltype(&SSL_free)> ssl{nullptr, SSL_free};
  std::string peer_name;

  TlsCore(std::shared_ptr<SocketCore> from, std::shared_ptr<ssl_ctx_st> with)
      : socket(std::move(from)), context(std::move(with)), ssl(SSL_new(context.get()), SSL_free) {
    SSL_set_fd(ssl.get(), socket->socket().native_handle());
  }
  void close() {
    if (!socket->open()) return;
    if (SSL_is_init_finished(ssl.get())) SSL_shutdown(ssl.get());
    ERR_clear_error();
    socket->close();
  }
};

namespace {

std::string common_name(SSL* ssl) {
  X509* certificate = SSL_get0_peer_certificate(ssl);
  if (certificate == nullptr) return {};
  std::array<char, 256> name{};
  const int length = X509_NAME_get_text_by_NID(X509_get_subject_name(certificate), NID_commonName, name.data(),
                                               static_cast<int>(name.size()));
  return length > 0 ? std::string(name.data(), static_cast<std::size_t>(length)) : std::string();
}

// Waits for what OpenSSL asked for; true when the step should be tried again.
Task<bool> wait_for(std::shared_ptr<TlsCore> core, int wanted) {
  if (wanted != SSL_ERROR_WANT_READ && wanted != SSL_ERROR_WANT_WRITE) co_return false;
  const auto direction = wanted == SSL_ERROR_WANT_READ ? Socket::wait_read : Socket::wait_write;
  boost::system::error_code error;
  co_await core->socket->socket().async_wait(direction, asio::redirect_error(use_task, error));
  co_return !error && core->socket->open();
}

std::string handshake_reason(SSL* ssl) {
  const long verified = SSL_get_verify_result(ssl);
  if (verified != X509_V_OK) return X509_verify_cert_error_string(verified);
  const char* reason = ERR_reason_error_string(ERR_peek_error());
  return reason != nullptr ? reason : "the connection was lost";
}

Task<Result<std::unique_ptr<Stream>>> handshake(std::shared_ptr<TlsCore> core, SteadyTime deadline) {
  core->socket->begin(SocketCore::kRead, deadline);
  for (;;) {
    ERR_clear_error();
    const int done = SSL_do_handshake(core->ssl.get());
    if (done == 1) break;
    const int wanted = SSL_get_error(core->ssl.get(), done);
    const std::string reason = handshake_reason(core->ssl.get());
    const bool again = co_await wait_for(core, wanted);
    if (!again) {
      core->socket->end(SocketCore::kRead);
      auto failed = core->socket->failed("TLS handshake");
      failed.error().detail += ": " + reason;
      co_return failed;
    }
  }
  core->socket->end(SocketCore::kRead);
  core->peer_name = common_name(core->ssl.get());
  co_return std::make_unique<TlsStream>(core);
}

Task<Result<std::size_t>> read(std::shared_ptr<TlsCore> core, std::span<char> into, SteadyTime deadline) {
  if (!core->socket->open()) co_return core->socket->failed("reading from a closed connection");
  bool waiting = false;
  for (;;) {
    ERR_clear_error();
    std::size_t count = 0;
    const int done = SSL_read_ex(core->ssl.get(), into.data(), into.size(), &count);
    if (done == 1) {
      if (waiting) core->socket->end(SocketCore::kRead);
      co_return count;
    }
    const int wanted = SSL_get_error(core->ssl.get(), done);
    if (!waiting) core->socket->begin(SocketCore::kRead, deadline);
    waiting = true;
    const bool again = co_await wait_for(core, wanted);
    if (!again) break;
  }
  core->socket->end(SocketCore::kRead);
  co_return core->socket->failed("reading");
}

Task<Result<void>> write(std::shared_ptr<TlsCore> core, std::string_view bytes, SteadyTime deadline) {
  if (!core->socket->open()) co_return core->socket->failed("writing to a closed connection");
  bool waiting = false;
  while (!bytes.empty()) {
    ERR_clear_error();
    std::size_t count = 0;
    const int done = SSL_write_ex(core->ssl.get(), bytes.data(), bytes.size(), &count);
    if (done == 1) {
      bytes.remove_prefix(count);
      continue;
    }
    const int wanted = SSL_get_error(core->ssl.get(), done);
    if (!waiting) core->socket->begin(SocketCore::kWrite, deadline);
    waiting = true;
    const bool again = co_await wait_for(core, wanted);
    if (!again) {
      core->socket->end(SocketCore::kWrite);
      co_return core->socket->failed("writing");
    }
  }
  if (waiting) core->socket->end(SocketCore::kWrite);
  co_return Result<void>{};
}

}  // namespace

Task<Result<std::unique_ptr<Stream>>> server_handshake(std::shared_ptr<SocketCore> socket,
                                                       std::shared_ptr<TlsServer> tls, SteadyTime deadline) {
  auto core = std::make_shared<TlsCore>(std::move(socket), tls->context());
  SSL_set_accept_state(core->ssl.get());
  return handshake(std::move(core), deadline);
}

Task<Result<std::unique_ptr<Stream>>> client_handshake(std::shared_ptr<SocketCore> socket,
                                                       std::shared_ptr<TlsClient> tls, std::string server_name,
                                                       SteadyTime deadline) {
  auto core = std::make_shared<TlsCore>(std::move(socket), tls->context());
  SSL_set_connect_state(core->ssl.get());
  boost::system::error_code not_an_address;
  boost::asio::ip::make_address(server_name, not_an_address);
  X509_VERIFY_PARAM* parameters = SSL_get0_param(core->ssl.get());
  if (not_an_address) {
    SSL_set_tlsext_host_name(core->ssl.get(), server_name.c_str());
    X509_VERIFY_PARAM_set_hostflags(parameters, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    X509_VERIFY_PARAM_set1_host(parameters, server_name.c_str(), server_name.size());
  } else {
    X509_VERIFY_PARAM_set1_ip_asc(parameters, server_name.c_str());
  }
  return handshake(std::move(core), deadline);
}

TlsStream::~TlsStream() {
  core_->close();
}
Task<Result<std::size_t>> TlsStream::read_some(std::span<char> into, SteadyTime deadline) {
  return read(core_, into, deadline);
}
Task<Result<void>> TlsStream::write_all(std::string_view bytes, SteadyTime deadline) {
  return write(core_, bytes, deadline);
}
void TlsStream::close() {
  core_->close();
}
bool TlsStream::is_open() const {
  return core_->socket->open();
}
std::string TlsStream::peer_name() const {
  return core_->peer_name;
}
std::string TlsStream::remote_address() const {
  return core_->socket->remote_address();
}

void TlsStream::shutdown_send() {
  if (!is_open()) return;
  SSL_shutdown(core_->ssl.get());
  ERR_clear_error();
  boost::system::error_code ignored;
  core_->socket->socket().shutdown(Socket::shutdown_send, ignored);
}

bool TlsStream::idle_and_alive() {
  if (!is_open()) return false;
  ERR_clear_error();
  char byte = 0;
  std::size_t count = 0;
  // Takes in session tickets on the way; anything else than "nothing there" means that the connection is of no use.
  const int done = SSL_peek_ex(core_->ssl.get(), &byte, 1, &count);
  const bool alive = done != 1 && SSL_get_error(core_->ssl.get(), done) == SSL_ERROR_WANT_READ;
  ERR_clear_error();
  return alive;
}

}  // namespace evc::net
