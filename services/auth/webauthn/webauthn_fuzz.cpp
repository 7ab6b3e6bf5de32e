// libFuzzer over what anybody may send in a WebAuthn ceremony. What the CBOR decoder takes has one encoding only, the
// one that came; what the ceremonies take is within their limits.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "services/auth/webauthn/ceremony.hpp"
#include "services/auth/webauthn/software_authenticator_test.hpp"

namespace {

using namespace evc;
using namespace evc::auth_service;

void require(bool holds) {
  if (!holds) std::abort();
}

std::string wide_head(unsigned major, std::uint64_t argument) {
  if (argument <= 0xFFFFFFFFU) return testing::cbor_head(major, argument);
  std::string head(1, static_cast<char>(major << 5U | 27U));
  for (int shift = 56; shift >= 0; shift -= 8) head += static_cast<char>(argument >> shift & 0xFFU);
  return head;
}

std::string encoded(const CborValue& value) {
  switch (value.kind) {
    case CborValue::Kind::kInteger:
      return value.integer < 0 ? wide_head(1, static_cast<std::uint64_t>(-1 - value.integer))
                               : wide_head(0, static_cast<std::uint64_t>(value.integer));
    case CborValue::Kind::kBytes:
      return testing::cbor_bytes(value.bytes);
    case CborValue::Kind::kText:
      return testing::cbor_text(value.bytes);
    case CborValue::Kind::kArray:
    case CborValue::Kind::kMap: {
      const bool map = value.kind == CborValue::Kind::kMap;
      std::string all = wide_head(map ? 5 : 4, map ? value.items.size() / 2 : value.items.size());
      for (const CborValue& item : value.items) all += encoded(item);
      return all;
    }
    case CborValue::Kind::kFalse:
      return "\xF4";
    case CborValue::Kind::kTrue:
      return "\xF5";
    case CborValue::Kind::kNull:
      return "\xF6";
  }
  return {};
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const RelyingParty party{.id = "localhost", .origins = {"https://localhost:8443"}};
  static const testing::SoftwareAuthenticator device;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  if (const auto value = decode_cbor(bytes)) require(encoded(*value) == bytes);
  if (const auto front = decode_cbor_front(bytes)) require(front->length > 0 && front->length <= size);
  // As a whole, and as authenticator data of which the beginning is right.
  const std::string object(testing::SoftwareAuthenticator::attestation_object(
      device.authenticator_data("localhost", 0x05, 0).substr(0, 32) + std::string(bytes)));
  for (const std::string_view each : {bytes, std::string_view(object)}) {
    const auto made = judge_registration(party, each);
    if (made)
      require(made->credential_id.size() >= 16 && made->credential_id.size() <= 1023 && !made->public_key.empty());
  }
  if (const auto said = judge_client_data(party, Ceremony::kSignIn, bytes)) require(!said->challenge.empty());
  const KnownPasskey known{.public_key = device.cose_key(), .sign_count = 0, .backup_eligible = false};
  require(!judge_assertion(party, known, {"{}", std::string(bytes), "no signature"}));
  return 0;
}
