// Strict JSON Web Signatures (RFC 7515, compact form) with the two algorithms of the platform. Parsed keys are kept,
// because parsing one costs more than a check. Pure: no I/O, no clock. Every refusal is `token-invalid` with a reason
// that goes to the log only.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "kit/base/json.hpp"
#include "kit/base/result.hpp"
#include "kit/base/secret.hpp"

namespace evc::auth {

enum class Algorithm { kEs256, kRs256 };
std::string_view name(Algorithm algorithm);

struct Jws {
  json::Object header;
  json::Object payload;
  std::string key_id;
  Algorithm algorithm = Algorithm::kEs256;
  std::string signing_input;
  std::string signature;
};

// At most 8 KiB; base64url without padding; no duplicate members; alg in the allow-list; none of jku, x5u, jwk, x5c,
// crit, b64, zip.
Result<Jws> parse_jws(std::string_view compact);

class PublicKey {
 public:
  // EC P-256 (alg ES256) or RSA ≥ 2048 bits (alg RS256); `kid`, `alg` and `use: sig` are required.
  static Result<PublicKey> from_jwk(const json::Object& jwk);
  const std::string& key_id() const { return key_id_; }
  Algorithm algorithm() const { return algorithm_; }
  // The token's alg must be this key's; ES256 signatures are exactly 64 bytes (raw r‖s, RFC 7518 §3.4).
  Result<void> verify(const Jws& token) const;

 private:
  std::string key_id_;
  Algorithm algorithm_ = Algorithm::kEs256;
  std::shared_ptr<void> key_;  // EVP_PKEY
};

class SigningKey {
 public:
  // A fresh P-256 or RSA key of 2048 bits (which takes some 100 ms). The key id is its RFC 7638 thumbprint.
  static SigningKey generate(Algorithm algorithm = Algorithm::kEs256);
  // PKCS#8 PEM as private_pem() gives it.
  static Result<SigningKey> from_pem(const Secret<std::string>& pem);
  const std::string& key_id() const { return key_id_; }
  Algorithm algorithm() const { return algorithm_; }
  Secret<std::string> private_pem() const;
  json::Object public_jwk() const;
  // Compact form; header `{"alg":…,"typ":type,"kid":…}`.
  std::string sign(std::string_view type, const json::Object& payload) const;

 private:
  std::string key_id_;
  Algorithm algorithm_ = Algorithm::kEs256;
  std::shared_ptr<void> key_;  // EVP_PKEY
};

}  // namespace evc::auth
