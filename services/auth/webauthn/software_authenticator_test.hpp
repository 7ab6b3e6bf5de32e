// An authenticator in software, for tests: keys of the three kinds, the bytes that WebAuthn has them sign, and CBOR as
// it writes it. It does whatever it is told, the wrong things too.
#pragma once

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>

#include <array>
#include <memory>
#include <string>

#include "kit/base/bytes.hpp"
#include "services/auth/webauthn/credential_key.hpp"

namespace evc::auth_service::testing {

inline std::string cbor_head(unsigned major, std::uint64_t argument) {
  const auto byte = [](std::uint64_t value) { return std::string(1, static_cast<char>(value & 0xFFU)); };
  if (argument < 24) return byte(major << 5U | argument);
  if (argument < 0x100) return byte(major << 5U | 24U) + byte(argument);
  if (argument < 0x10000) return byte(major << 5U | 25U) + byte(argument >> 8U) + byte(argument);
  return byte(major << 5U | 26U) + byte(argument >> 24U) + byte(argument >> 16U) + byte(argument >> 8U) +
         byte(argument);
}
inline std::string cbor_number(std::int64_t value) {
  return value < 0 ? cbor_head(1, static_cast<std::uint64_t>(-1 - value))
                   : cbor_head(0, static_cast<std::uint64_t>(value));
}
inline std::string cbor_bytes(std::string_view bytes) {
  return cbor_head(2, bytes.size()) + std::string(bytes);
}
inline std::string cbor_text(std::string_view text) {
  return cbor_head(3, text.size()) + std::string(text);
}

inline constexpr unsigned kPresent = 0x01;
inline constexpr unsigned kVerified = 0x04;
inline constexpr unsigned kMayBeBackedUp = 0x08;
inline constexpr unsigned kIsBackedUp = 0x10;
inline constexpr unsigned kWithCredential = 0x40;
inline constexpr unsigned kWithExtensions = 0x80;

class SoftwareAuthenticator {
 public:
  explicit SoftwareAuthenticator(std::int64_t algorithm = kCoseEs256, unsigned rsa_bits = 2048)
      : algorithm_(algorithm), key_(made(algorithm, rsa_bits), EVP_PKEY_free) {}

  std::string credential_id = random_bytes(32);

  std::string cose_key() const {
    if (algorithm_ == kCoseEdDsa)
      return cbor_head(5, 4) + number_pair(1, 1) + number_pair(3, kCoseEdDsa) + number_pair(-1, 6) +
             bytes_pair(-2, raw_point());
    if (algorithm_ == kCoseRs256)
      return cbor_head(5, 4) + number_pair(1, 3) + number_pair(3, kCoseRs256) +
             bytes_pair(-1, big_number(OSSL_PKEY_PARAM_RSA_N)) + bytes_pair(-2, big_number(OSSL_PKEY_PARAM_RSA_E));
    const std::string point = uncompressed_point();
    return ec_cose_key(kCoseEs256, 1, point.substr(1, 32), point.substr(33));
  }
  static std::string ec_cose_key(std::int64_t algorithm, std::int64_t curve, const std::string& x,
                                 const std::string& y) {
    return cbor_head(5, 5) + number_pair(1, 2) + number_pair(3, algorithm) + number_pair(-1, curve) +
           bytes_pair(-2, x) + bytes_pair(-3, y);
  }

  std::string authenticator_data(const std::string& party, unsigned flags, std::uint32_t count) const {
    return authenticator_data(party, flags, count, cose_key());
  }
  std::string authenticator_data(const std::string& party, unsigned flags, std::uint32_t count,
                                 const std::string& key) const {
    std::string data(view(sha256(party)));
    data += static_cast<char>(flags);
    for (int shift = 24; shift >= 0; shift -= 8) data += static_cast<char>(count >> shift & 0xFFU);
    if ((flags & kWithCredential) == 0) return data;
    const std::size_t length = credential_id.size();
    data += std::string(16, '\0') + static_cast<char>(length >> 8U) + static_cast<char>(length & 0xFFU);
    return data + credential_id + key;
  }
  static std::string attestation_object(const std::string& data, const std::string& format = "none",
                                        const std::string& statement = "\xA0") {
    return cbor_head(5, 3) + cbor_text("fmt") + cbor_text(format) + cbor_text("attStmt") + statement +
           cbor_text("authData") + cbor_bytes(data);
  }
  static std::string client_data(const std::string& type, const std::string& challenge, const std::string& origin,
                                 const std::string& more = "") {
    return R"({"type":")" + type + R"(","challenge":")" + base64url_encode(challenge) + R"(","origin":")" + origin +
           '"' + more + "}";
  }

  std::string sign(const std::string& data, const std::string& client_data_json) const {
    const std::string message = data + std::string(view(sha256(client_data_json)));
    const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(EVP_MD_CTX_new(), EVP_MD_CTX_free);
    const EVP_MD* digest = algorithm_ == kCoseEdDsa ? nullptr : EVP_sha256();
    EVP_DigestSignInit(context.get(), nullptr, digest, nullptr, key_.get());
    std::string signature(1024, '\0');
    std::size_t length = signature.size();
    EVP_DigestSign(context.get(), reinterpret_cast<unsigned char*>(signature.data()), &length,
                   reinterpret_cast<const unsigned char*>(message.data()), message.size());
    signature.resize(length);
    return signature;
  }

 private:
  static std::string number_pair(std::int64_t key, std::int64_t value) { return cbor_number(key) + cbor_number(value); }
  static std::string bytes_pair(std::int64_t key, const std::string& value) {
    return cbor_number(key) + cbor_bytes(value);
  }
  static EVP_PKEY* made(std::int64_t algorithm, unsigned rsa_bits) {
    if (algorithm == kCoseEdDsa) return EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519");
    if (algorithm == kCoseRs256) return EVP_RSA_gen(rsa_bits);
    return EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", "P-256");
  }
  std::string uncompressed_point() const {
    std::string point(65, '\0');
    std::size_t length = 0;
    EVP_PKEY_get_octet_string_param(key_.get(), OSSL_PKEY_PARAM_PUB_KEY, reinterpret_cast<unsigned char*>(point.data()),
                                    point.size(), &length);
    return point;
  }
  std::string raw_point() const {
    std::string point(32, '\0');
    std::size_t length = point.size();
    EVP_PKEY_get_raw_public_key(key_.get(), reinterpret_cast<unsigned char*>(point.data()), &length);
    return point;
  }
  std::string big_number(const char* which) const {
    BIGNUM* number = nullptr;
    EVP_PKEY_get_bn_param(key_.get(), which, &number);
    std::string bytes(static_cast<std::size_t>(BN_num_bytes(number)), '\0');
    BN_bn2bin(number, reinterpret_cast<unsigned char*>(bytes.data()));
    BN_free(number);
    return bytes;
  }

  std::int64_t algorithm_;
  std::shared_ptr<EVP_PKEY> key_;
};

}  // namespace evc::auth_service::testing
