// TLS contexts that can change their certificate without a restart: TLS 1.3 only, P-256 leaves. The server may demand
// client certificates; the client verifies the callee's DNS name. reload() swaps key and certificate together and
// leaves open connections alone; a broken file keeps the old pair and returns the reason. Both are safe to use from
// every thread; a connection keeps the context it began with.
#pragma once

#include <memory>
#include <string>

#include "kit/base/result.hpp"

struct ssl_ctx_st;

namespace evc::net {

struct TlsFiles {
  std::string ca;           // PEM
  std::string certificate;  // PEM
  std::string key;          // PEM, mode 0600
};
// <dir>/ca.pem, <dir>/<name>.crt, <dir>/<name>.key
TlsFiles tls_files(const std::string& dir, const std::string& name);

enum class ClientCertificate { kNone, kRequired };

class TlsServer {
 public:
  // Throws std::runtime_error with the file and the reason: a start without certificates fails.
  TlsServer(TlsFiles files, ClientCertificate client_certificate);
  ~TlsServer();
  Result<void> reload();
  std::shared_ptr<ssl_ctx_st> context() const;  // the current one
  // Seconds since 1970 at which the certificate in use ends.
  long long not_after() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

class TlsClient {
 public:
  explicit TlsClient(TlsFiles files);  // certificate and key may be empty: no client certificate
  ~TlsClient();
  Result<void> reload();
  std::shared_ptr<ssl_ctx_st> context() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace evc::net
