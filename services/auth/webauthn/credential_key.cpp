#include "services/auth/webauthn/credential_key.hpp"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>

#include <string>

#include "kit/auth/openssl_handles.hpp"

namespace evc::auth_service {
namespace {

// Labels of RFC 9052 §7.1 and RFC 9053 §7.
constexpr std::int64_t kKeyType = 1;
constexpr std::int64_t kAlgorithm = 3;
constexpr std::int64_t kCurve = -1;
constexpr std::int64_t kX = -2;
constexpr std::int64_t kY = -3;
constexpr std::int64_t kModulus = -1;
constexpr std::int64_t kExponent = -2;
constexpr std::int64_t kTypeOkp = 1;
constexpr std::int64_t kTypeEc2 = 2;
constexpr std::int64_t kTypeRsa = 3;
constexpr std::int64_t kCurveP256 = 1;
constexpr std::int64_t kCurveEd25519 = 6;

constexpr std::size_t kCoordinateBytes = 32;
constexpr int kRsaMinBits = 2048;
constexpr int kRsaMaxBits = 4096;
constexpr std::size_t kExponentLimitBytes = 4;

using auth::DigestContextPtr;
using auth::NumberPtr;
using auth::ParamBuilderPtr;
using auth::ParamsPtr;
using auth::PkeyContextPtr;
using auth::PkeyPtr;

std::unexpected<Error> bad_key(const char* reason) {
  return fail(Code::kBadRequest, std::string("the public key: ") + reason);
}

const unsigned char* bytes_of(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

bool has_number(const CborValue& map, std::int64_t key, std::int64_t wanted) {
  const CborValue* value = map.find(key);
  return value != nullptr && value->kind == CborValue::Kind::kInteger && value->integer == wanted;
}

// Empty: there is none.
std::string_view bytes_at(const CborValue& map, std::int64_t key) {
  const CborValue* value = map.find(key);
  return value != nullptr && value->kind == CborValue::Kind::kBytes ? value->bytes : std::string_view();
}

// Of an EC point it is looked whether it lies on the curve.
PkeyPtr built(const char* type, OSSL_PARAM_BLD* builder) {
  const ParamsPtr params(OSSL_PARAM_BLD_to_param(builder));
  const PkeyContextPtr context(EVP_PKEY_CTX_new_from_name(nullptr, type, nullptr));
  EVP_PKEY* raw = nullptr;
  if (EVP_PKEY_fromdata_init(context.get()) != 1 ||
      EVP_PKEY_fromdata(context.get(), &raw, EVP_PKEY_PUBLIC_KEY, params.get()) != 1)
    return nullptr;
  return PkeyPtr(raw);
}

Result<PkeyPtr> ec_key(const CborValue& cose) {
  const std::string_view x = bytes_at(cose, kX);
  const std::string_view y = bytes_at(cose, kY);
  constexpr std::size_t kMembers = 5;
  if (cose.items.size() != 2 * kMembers || !has_number(cose, kKeyType, kTypeEc2) ||
      !has_number(cose, kCurve, kCurveP256) || x.size() != kCoordinateBytes || y.size() != kCoordinateBytes)
    return bad_key("ES256 goes with an uncompressed point of P-256 and nothing else");
  const std::string point = '\x04' + std::string(x) + std::string(y);
  const ParamBuilderPtr builder(OSSL_PARAM_BLD_new());
  OSSL_PARAM_BLD_push_utf8_string(builder.get(), OSSL_PKEY_PARAM_GROUP_NAME, "P-256", 0);
  OSSL_PARAM_BLD_push_octet_string(builder.get(), OSSL_PKEY_PARAM_PUB_KEY, point.data(), point.size());
  PkeyPtr key = built("EC", builder.get());
  if (!key) return bad_key("the point is not on the curve");
  return key;
}

Result<PkeyPtr> ed25519_key(const CborValue& cose) {
  const std::string_view x = bytes_at(cose, kX);
  constexpr std::size_t kMembers = 4;
  if (cose.items.size() != 2 * kMembers || !has_number(cose, kKeyType, kTypeOkp) ||
      !has_number(cose, kCurve, kCurveEd25519) || x.size() != kCoordinateBytes)
    return bad_key("EdDSA goes with a point of Ed25519 and nothing else");
  PkeyPtr key(EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, bytes_of(x), x.size()));
  if (!key) return bad_key("the point is not usable");
  return key;
}

Result<PkeyPtr> rsa_key(const CborValue& cose) {
  const std::string_view modulus = bytes_at(cose, kModulus);
  const std::string_view exponent = bytes_at(cose, kExponent);
  constexpr std::size_t kMembers = 4;
  if (cose.items.size() != 2 * kMembers || !has_number(cose, kKeyType, kTypeRsa) || modulus.empty() ||
      modulus.size() > kRsaMaxBits / 8 || exponent.empty() || exponent.size() > kExponentLimitBytes)
    return bad_key("RS256 goes with a modulus of at most 4096 bits, an exponent of at most 32, and nothing else");
  const NumberPtr n(BN_bin2bn(bytes_of(modulus), static_cast<int>(modulus.size()), nullptr));
  const NumberPtr e(BN_bin2bn(bytes_of(exponent), static_cast<int>(exponent.size()), nullptr));
  if (BN_num_bits(n.get()) < kRsaMinBits) return bad_key("the modulus has less than 2048 bits");
  if (!BN_is_odd(n.get()) || !BN_is_odd(e.get()) || BN_is_one(e.get()))
    return bad_key("modulus and exponent are odd, and the exponent more than one");
  const ParamBuilderPtr builder(OSSL_PARAM_BLD_new());
  OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_N, n.get());
  OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_E, e.get());
  PkeyPtr key = built("RSA", builder.get());
  if (!key) return bad_key("it is not usable for RSA");
  return key;
}

Result<PkeyPtr> key_of(std::int64_t algorithm, const CborValue& cose) {
  if (algorithm == kCoseEs256) return ec_key(cose);
  if (algorithm == kCoseEdDsa) return ed25519_key(cose);
  if (algorithm == kCoseRs256) return rsa_key(cose);
  return bad_key("its algorithm is none of those that were offered");
}

}  // namespace

Result<CredentialKey> CredentialKey::from_cose(const CborValue& cose) {
  const CborValue* algorithm = cose.find(kAlgorithm);
  if (algorithm == nullptr || algorithm->kind != CborValue::Kind::kInteger) return bad_key("it names no algorithm");
  EVC_TRY(key, key_of(algorithm->integer, cose));
  CredentialKey made;
  made.algorithm_ = algorithm->integer;
  made.key_ = std::shared_ptr<void>(key.release(), [](void* raw) { EVP_PKEY_free(static_cast<EVP_PKEY*>(raw)); });
  return made;
}

bool CredentialKey::verifies(std::string_view message, std::string_view signature) const {
  const DigestContextPtr context(EVP_MD_CTX_new());
  const EVP_MD* digest = algorithm_ == kCoseEdDsa ? nullptr : EVP_sha256();
  auto* key = static_cast<EVP_PKEY*>(key_.get());
  if (EVP_DigestVerifyInit(context.get(), nullptr, digest, nullptr, key) != 1) return false;
  return EVP_DigestVerify(context.get(), bytes_of(signature), signature.size(), bytes_of(message), message.size()) == 1;
}

}  // namespace evc::auth_service
