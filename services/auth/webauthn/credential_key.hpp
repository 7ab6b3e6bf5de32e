// The public key of a passkey, as a COSE key (RFC 9052 §7, RFC 9053) with exactly the members that its kind needs:
// ES256 (P-256, uncompressed, on the curve), EdDSA (Ed25519) or RS256 (2048 to 4096 bits). Pure, thread-safe; parsing
// costs about what a check of a signature does.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string_view>

#include "kit/base/result.hpp"
#include "services/auth/webauthn/cbor.hpp"

namespace evc::auth_service {

// COSE's names, in the order in which they are offered.
inline constexpr std::int64_t kCoseEs256 = -7;
inline constexpr std::int64_t kCoseEdDsa = -8;
inline constexpr std::int64_t kCoseRs256 = -257;
inline constexpr std::array kCoseAlgorithms{kCoseEs256, kCoseEdDsa, kCoseRs256};

class CredentialKey {
 public:
  // bad-request with the reason.
  static Result<CredentialKey> from_cose(const CborValue& cose);
  // Signatures as WebAuthn §6.5.5 has them: strict DER for ES256, 64 bytes for EdDSA, PKCS #1 v1.5 for RS256.
  bool verifies(std::string_view message, std::string_view signature) const;
  std::int64_t algorithm() const { return algorithm_; }

 private:
  std::int64_t algorithm_ = kCoseEs256;
  std::shared_ptr<void> key_;  // EVP_PKEY
};

}  // namespace evc::auth_service
