#include "kit/net/tls.hpp"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <array>
#include <ctime>
#include <mutex>
#include <stdexcept>
#include <string_view>

namespace evc::net {
namespace {

using ContextPointer = std::shared_ptr<ssl_ctx_st>;

std::string openssl_reason() {
  const unsigned long code = ERR_get_error();
  ERR_clear_error();
  if (code == 0) return "unknown reason";
  const char* reason = ERR_reason_error_string(code);
  return reason != nullptr ? reason : "unknown reason";
}

std::unexpected<Error> broken(const std::string& file) {
  return fail(Code::kInternal, file + ": " + openssl_reason());
}

Result<ContextPointer> base_context(const SSL_METHOD* method) {
  ERR_clear_error();
  ContextPointer context(SSL_CTX_new(method), SSL_CTX_free);
  if (!context) return fail(Code::kInternal, openssl_reason());
  SSL_CTX_set_min_proto_version(context.get(), TLS1_3_VERSION);
  SSL_CTX_set_max_proto_version(context.get(), TLS1_3_VERSION);
  // Partial writes let a slow reader push back; released buffers keep an idle connection small; read-ahead takes a
  // record with one system call instead of two.
  SSL_CTX_set_mode(context.get(),
                   SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_RELEASE_BUFFERS);
  SSL_CTX_set_read_ahead(context.get(), 1);
  SSL_CTX_set_options(context.get(), SSL_OP_NO_RENEGOTIATION | SSL_OP_IGNORE_UNEXPECTED_EOF);
  return context;
}

Result<void> use_pair(SSL_CTX* context, const TlsFiles& files) {
  if (SSL_CTX_use_certificate_chain_file(context, files.certificate.c_str()) != 1) return broken(files.certificate);
  if (SSL_CTX_use_PrivateKey_file(context, files.key.c_str(), SSL_FILETYPE_PEM) != 1) return broken(files.key);
  if (SSL_CTX_check_private_key(context) != 1) return broken(files.key);
  return {};
}

Result<void> use_authority(SSL_CTX* context, const TlsFiles& files) {
  if (SSL_CTX_load_verify_file(context, files.ca.c_str()) != 1) return broken(files.ca);
  return {};
}

// Only HTTP/1.1 is spoken; a client that offers other protocols alone goes on without the extension.
int select_protocol(SSL*, const unsigned char** out, unsigned char* out_length, const unsigned char* offered,
                    unsigned offered_length, void*) {
  constexpr std::string_view kHttp11 = "http/1.1";
  for (unsigned at = 0; at < offered_length; at += offered[at] + 1U) {
    const std::string_view name(reinterpret_cast<const char*>(offered + at + 1), offered[at]);
    if (at + offered[at] < offered_length && name == kHttp11) {
      *out = offered + at + 1;
      *out_length = offered[at];
      return SSL_TLSEXT_ERR_OK;
    }
  }
  return SSL_TLSEXT_ERR_NOACK;
}

Result<ContextPointer> server_context(const TlsFiles& files, ClientCertificate client_certificate) {
  EVC_TRY(context, base_context(TLS_server_method()));
  EVC_CHECK(use_pair(context.get(), files));
  SSL_CTX_set_alpn_select_cb(context.get(), select_protocol, nullptr);
  constexpr std::array<unsigned char, 7> kSessionContext{'e', 'v', 'c', 'o', 's', 't', 'a'};
  SSL_CTX_set_session_id_context(context.get(), kSessionContext.data(), kSessionContext.size());
  if (client_certificate == ClientCertificate::kRequired) {
    EVC_CHECK(use_authority(context.get(), files));
    SSL_CTX_set_client_CA_list(context.get(), SSL_load_client_CA_file(files.ca.c_str()));
    SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
    // Services keep their connections; a ticket would only outlive a certificate that was taken back.
    SSL_CTX_set_num_tickets(context.get(), 0);
  }
  return std::move(context);
}

Result<ContextPointer> client_context(const TlsFiles& files) {
  EVC_TRY(context, base_context(TLS_client_method()));
  EVC_CHECK(use_authority(context.get(), files));
  if (!files.certificate.empty()) EVC_CHECK(use_pair(context.get(), files));
  SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER, nullptr);
  return std::move(context);
}

ContextPointer must(Result<ContextPointer> made) {
  if (!made) throw std::runtime_error("TLS: " + made.error().detail);
  return std::move(*made);
}

// The context in use, swapped as a whole.
class Current {
 public:
  explicit Current(ContextPointer context) : context_(std::move(context)) {}
  ContextPointer get() const {
    const std::lock_guard lock(mutex_);
    return context_;
  }
  void set(ContextPointer context) {
    const std::lock_guard lock(mutex_);
    context_.swap(context);
  }

 private:
  mutable std::mutex mutex_;
  ContextPointer context_;
};

}  // namespace

TlsFiles tls_files(const std::string& dir, const std::string& name) {
  return {.ca = dir + "/ca.pem", .certificate = dir + "/" + name + ".crt", .key = dir + "/" + name + ".key"};
}

struct TlsServer::Impl {
  Impl(TlsFiles from, ClientCertificate demand, ContextPointer first)
      : files(std::move(from)), client_certificate(demand), current(std::move(first)) {}
  TlsFiles files;
  ClientCertificate client_certificate;
  Current current;
};

TlsServer::TlsServer(TlsFiles files, ClientCertificate client_certificate) {
  auto context = must(server_context(files, client_certificate));
  impl_ = std::make_unique<Impl>(std::move(files), client_certificate, std::move(context));
}
TlsServer::~TlsServer() = default;

Result<void> TlsServer::reload() {
  EVC_TRY(context, server_context(impl_->files, impl_->client_certificate));
  impl_->current.set(std::move(context));
  return {};
}

std::shared_ptr<ssl_ctx_st> TlsServer::context() const {
  return impl_->current.get();
}

long long TlsServer::not_after() const {
  const auto context = impl_->current.get();
  std::tm end{};
  if (ASN1_TIME_to_tm(X509_get0_notAfter(SSL_CTX_get0_certificate(context.get())), &end) != 1) return 0;
  return timegm(&end);
}

struct TlsClient::Impl {
  Impl(TlsFiles from, ContextPointer first) : files(std::move(from)), current(std::move(first)) {}
  TlsFiles files;
  Current current;
};

TlsClient::TlsClient(TlsFiles files) {
  auto context = must(client_context(files));
  impl_ = std::make_unique<Impl>(std::move(files), std::move(context));
}
TlsClient::~TlsClient() = default;

Result<void> TlsClient::reload() {
  EVC_TRY(context, client_context(impl_->files));
  impl_->current.set(std::move(context));
  return {};
}

std::shared_ptr<ssl_ctx_st> TlsClient::context() const {
  return impl_->current.get();
}

}  // namespace evc::net
