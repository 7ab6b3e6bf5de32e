#include "kit/auth/jws.hpp"

#include <openssl/core_names.h>

#include <array>
#include <optional>

#include "kit/auth/openssl_handles.hpp"
#include "kit/base/assert.hpp"
#include "kit/base/bytes.hpp"

namespace evc::auth {
namespace {

constexpr std::size_t kTokenLimitBytes = 8 * 1024;
constexpr std::size_t kCoordinateBytes = 32;
constexpr int kRsaMinBits = 2048;
constexpr unsigned kRsaBits = 2048;  // of our own keys
// Headers that let a token bring its own key or change how it is read.
constexpr std::array<std::string_view, 7> kForbiddenHeaders{"jku", "x5u", "jwk", "x5c", "crit", "b64", "zip"};

std::unexpected<Error> invalid(std::string reason) {
  return fail(Code::kTokenInvalid, std::move(reason));
}

EVP_PKEY* pkey(const std::shared_ptr<void>& key) {
  return static_cast<EVP_PKEY*>(key.get());
}

std::shared_ptr<void> share(PkeyPtr key) {
  return std::shared_ptr<void>(key.release(), [](void* raw) { EVP_PKEY_free(static_cast<EVP_PKEY*>(raw)); });
}

Result<json::Object> decode_part(std::string_view part, const char* which) {
  const auto bytes = base64url_decode(part);
  if (!bytes) return invalid(std::string(which) + " is not base64url");
  auto value = json::parse(*bytes);
  if (!value || !value->is_object()) return invalid(std::string(which) + " is not a JSON object");
  return value->get_object();
}

std::optional<std::string> text_member(const json::Object& object, std::string_view name) {
  const auto* value = object.if_contains(name);
  if (value == nullptr || !value->is_string()) return std::nullopt;
  return std::string(value->get_string());
}

Result<PkeyPtr> ec_key(const json::Object& jwk) {
  const auto curve = text_member(jwk, "crv");
  const auto x = base64url_decode(text_member(jwk, "x").value_or("!"));
  const auto y = base64url_decode(text_member(jwk, "y").value_or("!"));
  if (curve != "P-256" || !x || !y || x->size() != kCoordinateBytes || y->size() != kCoordinateBytes) {
    return invalid("the EC key is not P-256");
  }
  const std::string point = '\x04' + *x + *y;
  ParamBuilderPtr builder(OSSL_PARAM_BLD_new());
  OSSL_PARAM_BLD_push_utf8_string(builder.get(), OSSL_PKEY_PARAM_GROUP_NAME, "P-256", 0);
  OSSL_PARAM_BLD_push_octet_string(builder.get(), OSSL_PKEY_PARAM_PUB_KEY, point.data(), point.size());
  ParamsPtr params(OSSL_PARAM_BLD_to_param(builder.get()));
  PkeyContextPtr context(EVP_PKEY_CTX_new_from_name(nullptr, "EC", nullptr));
  EVP_PKEY* raw = nullptr;
  if (EVP_PKEY_fromdata_init(context.get()) != 1 ||
      EVP_PKEY_fromdata(context.get(), &raw, EVP_PKEY_PUBLIC_KEY, params.get()) != 1) {
    return invalid("the EC point is not on the curve");
  }
  return PkeyPtr(raw);
}

Result<PkeyPtr> rsa_key(const json::Object& jwk) {
  const auto modulus = base64url_decode(text_member(jwk, "n").value_or("!"));
  const auto exponent = base64url_decode(text_member(jwk, "e").value_or("!"));
  if (!modulus || !exponent) return invalid("the RSA key has no n and e");
  NumberPtr n(
      BN_bin2bn(reinterpret_cast<const unsigned char*>(modulus->data()), static_cast<int>(modulus->size()), nullptr));
  NumberPtr e(
      BN_bin2bn(reinterpret_cast<const unsigned char*>(exponent->data()), static_cast<int>(exponent->size()), nullptr));
  if (BN_num_bits(n.get()) < kRsaMinBits) return invalid("the RSA key is too short");
  ParamBuilderPtr builder(OSSL_PARAM_BLD_new());
  OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_N, n.get());
  OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_E, e.get());
  ParamsPtr params(OSSL_PARAM_BLD_to_param(builder.get()));
  PkeyContextPtr context(EVP_PKEY_CTX_new_from_name(nullptr, "RSA", nullptr));
  EVP_PKEY* raw = nullptr;
  if (EVP_PKEY_fromdata_init(context.get()) != 1 ||
      EVP_PKEY_fromdata(context.get(), &raw, EVP_PKEY_PUBLIC_KEY, params.get()) != 1) {
    return invalid("the RSA key is not usable");
  }
  return PkeyPtr(raw);
}

// Raw r‖s → DER, the form that OpenSSL checks.
std::optional<std::string> der_signature(std::string_view raw) {
  if (raw.size() != 2 * kCoordinateBytes) return std::nullopt;
  const auto* bytes = reinterpret_cast<const unsigned char*>(raw.data());
  SignaturePtr signature(ECDSA_SIG_new());
  BIGNUM* r = BN_bin2bn(bytes, kCoordinateBytes, nullptr);
  BIGNUM* s = BN_bin2bn(bytes + kCoordinateBytes, kCoordinateBytes, nullptr);
  const bool zero = BN_is_zero(r) || BN_is_zero(s);
  ECDSA_SIG_set0(signature.get(), r, s);
  if (zero) return std::nullopt;
  unsigned char* der = nullptr;
  const int length = i2d_ECDSA_SIG(signature.get(), &der);
  if (length <= 0) return std::nullopt;
  std::string out(reinterpret_cast<char*>(der), static_cast<std::size_t>(length));
  OPENSSL_free(der);
  return out;
}

std::string raw_signature(std::string_view der) {
  const auto* cursor = reinterpret_cast<const unsigned char*>(der.data());
  SignaturePtr signature(d2i_ECDSA_SIG(nullptr, &cursor, static_cast<long>(der.size())));
  EVC_ASSERT(signature != nullptr);
  std::string out(2 * kCoordinateBytes, '\0');
  auto* bytes = reinterpret_cast<unsigned char*>(out.data());
  BN_bn2binpad(ECDSA_SIG_get0_r(signature.get()), bytes, kCoordinateBytes);
  BN_bn2binpad(ECDSA_SIG_get0_s(signature.get()), bytes + kCoordinateBytes, kCoordinateBytes);
  return out;
}

struct Point {
  std::string x, y;  // base64url
};
Point public_point(EVP_PKEY* key) {
  std::array<unsigned char, 2 * kCoordinateBytes + 1> point{};
  std::size_t length = 0;
  EVC_ASSERT(EVP_PKEY_get_octet_string_param(key, OSSL_PKEY_PARAM_PUB_KEY, point.data(), point.size(), &length) == 1);
  EVC_ASSERT(length == point.size());
  const std::string_view bytes(reinterpret_cast<const char*>(point.data()) + 1, 2 * kCoordinateBytes);
  return {base64url_encode(bytes.substr(0, kCoordinateBytes)), base64url_encode(bytes.substr(kCoordinateBytes))};
}

struct RsaNumbers {
  std::string n, e;  // base64url
};
std::string rsa_number(EVP_PKEY* key, const char* name) {
  BIGNUM* raw = nullptr;
  EVC_ASSERT(EVP_PKEY_get_bn_param(key, name, &raw) == 1);
  const NumberPtr number(raw);
  std::string bytes(static_cast<std::size_t>(BN_num_bytes(number.get())), '\0');
  BN_bn2bin(number.get(), reinterpret_cast<unsigned char*>(bytes.data()));
  return base64url_encode(bytes);
}
RsaNumbers public_numbers(EVP_PKEY* key) {
  return {rsa_number(key, OSSL_PKEY_PARAM_RSA_N), rsa_number(key, OSSL_PKEY_PARAM_RSA_E)};
}

// RFC 7638: SHA-256 over the required members in lexicographic order.
std::string thumbprint(EVP_PKEY* key, Algorithm algorithm) {
  std::string canonical;
  if (algorithm == Algorithm::kEs256) {
    const Point point = public_point(key);
    canonical = R"({"crv":"P-256","kty":"EC","x":")" + point.x + R"(","y":")" + point.y + R"("})";
  } else {
    const RsaNumbers numbers = public_numbers(key);
    canonical = R"({"e":")" + numbers.e + R"(","kty":"RSA","n":")" + numbers.n + R"("})";
  }
  const Digest digest = sha256(canonical);
  return base64url_encode(view(digest));
}

std::string signature_over(EVP_PKEY* key, const std::string& input) {
  DigestContextPtr context(EVP_MD_CTX_new());
  EVC_ASSERT(EVP_DigestSignInit(context.get(), nullptr, EVP_sha256(), nullptr, key) == 1);
  std::array<unsigned char, kRsaBits / 8> bytes{};
  std::size_t length = bytes.size();
  EVC_ASSERT(EVP_DigestSign(context.get(), bytes.data(), &length, reinterpret_cast<const unsigned char*>(input.data()),
                            input.size()) == 1);
  return {reinterpret_cast<const char*>(bytes.data()), length};
}

}  // namespace

std::string_view name(Algorithm algorithm) {
  return algorithm == Algorithm::kEs256 ? "ES256" : "RS256";
}

Result<Jws> parse_jws(std::string_view compact) {
  if (compact.size() > kTokenLimitBytes) return invalid("the token is too large");
  const auto first = compact.find('.');
  const auto second = first == std::string_view::npos ? first : compact.find('.', first + 1);
  if (second == std::string_view::npos || compact.find('.', second + 1) != std::string_view::npos) {
    return invalid("the token has not three parts");
  }
  Jws token;
  EVC_TRY(header, decode_part(compact.substr(0, first), "the header"));
  EVC_TRY(payload, decode_part(compact.substr(first + 1, second - first - 1), "the payload"));
  const auto signature = base64url_decode(compact.substr(second + 1));
  if (!signature || signature->empty()) return invalid("the signature is not base64url");
  for (const auto forbidden : kForbiddenHeaders) {
    if (header.contains(forbidden)) return invalid("the header has " + std::string(forbidden));
  }
  const auto algorithm = text_member(header, "alg");
  if (algorithm == "ES256") {
    token.algorithm = Algorithm::kEs256;
  } else if (algorithm == "RS256") {
    token.algorithm = Algorithm::kRs256;
  } else {
    return invalid("the algorithm is not allowed");
  }
  const auto key_id = text_member(header, "kid");
  if (!key_id || key_id->empty()) return invalid("the header has no kid");
  token.key_id = *key_id;
  token.header = std::move(header);
  token.payload = std::move(payload);
  token.signing_input = std::string(compact.substr(0, second));
  token.signature = *signature;
  return token;
}

Result<PublicKey> PublicKey::from_jwk(const json::Object& jwk) {
  PublicKey key;
  const auto key_id = text_member(jwk, "kid");
  if (!key_id || key_id->empty()) return invalid("the key has no kid");
  if (text_member(jwk, "use") != "sig") return invalid("the key is not for signatures");
  const auto type = text_member(jwk, "kty");
  const auto algorithm = text_member(jwk, "alg");
  PkeyPtr parsed;
  if (type == "EC" && algorithm == "ES256") {
    EVC_TRY(ec, ec_key(jwk));
    parsed = std::move(ec);
    key.algorithm_ = Algorithm::kEs256;
  } else if (type == "RSA" && algorithm == "RS256") {
    EVC_TRY(rsa, rsa_key(jwk));
    parsed = std::move(rsa);
    key.algorithm_ = Algorithm::kRs256;
  } else {
    return invalid("the key's type and algorithm are not allowed");
  }
  key.key_id_ = *key_id;
  key.key_ = share(std::move(parsed));
  return key;
}

Result<void> PublicKey::verify(const Jws& token) const {
  if (token.algorithm != algorithm_) return invalid("the algorithm is not the one of this key");
  std::string signature = token.signature;
  if (algorithm_ == Algorithm::kEs256) {
    auto der = der_signature(token.signature);
    if (!der) return invalid("the signature is not 64 bytes of r and s");
    signature = std::move(*der);
  }
  DigestContextPtr context(EVP_MD_CTX_new());
  if (EVP_DigestVerifyInit(context.get(), nullptr, EVP_sha256(), nullptr, pkey(key_)) != 1) {
    return invalid("the key cannot verify");
  }
  const int good =
      EVP_DigestVerify(context.get(), reinterpret_cast<const unsigned char*>(signature.data()), signature.size(),
                       reinterpret_cast<const unsigned char*>(token.signing_input.data()), token.signing_input.size());
  if (good != 1) return invalid("the signature is wrong");
  return {};
}

SigningKey SigningKey::generate(Algorithm algorithm) {
  SigningKey key;
  PkeyPtr generated(algorithm == Algorithm::kEs256 ? EVP_EC_gen("P-256") : EVP_RSA_gen(kRsaBits));
  EVC_ASSERT(generated != nullptr);
  key.algorithm_ = algorithm;
  key.key_id_ = thumbprint(generated.get(), algorithm);
  key.key_ = share(std::move(generated));
  return key;
}

Result<SigningKey> SigningKey::from_pem(const Secret<std::string>& pem) {
  BioPtr bio(BIO_new_mem_buf(pem.reveal().data(), static_cast<int>(pem.reveal().size())));
  PkeyPtr parsed(PEM_read_bio_PrivateKey(bio.get(), nullptr, nullptr, nullptr));
  const bool is_ec = parsed != nullptr && EVP_PKEY_is_a(parsed.get(), "EC") == 1;
  const bool is_rsa = parsed != nullptr && EVP_PKEY_is_a(parsed.get(), "RSA") == 1 &&
                      EVP_PKEY_get_bits(parsed.get()) == static_cast<int>(kRsaBits);
  if (!is_ec && !is_rsa) return fail(Code::kInternal, "the stored signing key is unreadable");
  SigningKey key;
  key.algorithm_ = is_ec ? Algorithm::kEs256 : Algorithm::kRs256;
  key.key_id_ = thumbprint(parsed.get(), key.algorithm_);
  key.key_ = share(std::move(parsed));
  return key;
}

Secret<std::string> SigningKey::private_pem() const {
  BioPtr bio(BIO_new(BIO_s_mem()));
  EVC_ASSERT(PEM_write_bio_PKCS8PrivateKey(bio.get(), pkey(key_), nullptr, nullptr, 0, nullptr, nullptr) == 1);
  char* data = nullptr;
  const long length = BIO_get_mem_data(bio.get(), &data);
  return Secret<std::string>(std::string(data, static_cast<std::size_t>(length)));
}

json::Object SigningKey::public_jwk() const {
  json::Object jwk{{"kid", key_id_}, {"alg", name(algorithm_)}, {"use", "sig"}};
  if (algorithm_ == Algorithm::kEs256) {
    const Point point = public_point(pkey(key_));
    jwk.insert({{"kty", "EC"}, {"crv", "P-256"}, {"x", point.x}, {"y", point.y}});
  } else {
    const RsaNumbers numbers = public_numbers(pkey(key_));
    jwk.insert({{"kty", "RSA"}, {"n", numbers.n}, {"e", numbers.e}});
  }
  return jwk;
}

std::string SigningKey::sign(std::string_view type, const json::Object& payload) const {
  const json::Object header{{"alg", name(algorithm_)}, {"typ", type}, {"kid", key_id_}};
  const std::string input =
      base64url_encode(json::serialize(header)) + "." + base64url_encode(json::serialize(payload));
  const std::string made = signature_over(pkey(key_), input);
  return input + "." + base64url_encode(algorithm_ == Algorithm::kEs256 ? raw_signature(made) : made);
}

}  // namespace evc::auth
