// CBOR (RFC 8949) as authenticators write it: the strict subset of CTAP 2 §8. Refused are indefinite lengths, lengths
// and numbers that are longer than they need be, tags, floating point, text that is not UTF-8, keys that are neither
// numbers nor text, and keys that come twice. Limits: 16 KiB, depth 8, 512 items in all. The order of keys is not
// looked at: clients in the field differ. Texts and bytes point into what was decoded.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "kit/base/result.hpp"

namespace evc::auth_service {

struct CborValue {
  enum class Kind { kInteger, kBytes, kText, kArray, kMap, kFalse, kTrue, kNull };
  Kind kind = Kind::kNull;
  std::int64_t integer = 0;
  std::string_view bytes;        // kBytes, kText
  std::vector<CborValue> items;  // kArray; kMap: each key is followed by its value

  // Of a map; null when it has no such key, or is none.
  const CborValue* find(std::int64_t key) const;
  const CborValue* find(std::string_view key) const;
};

struct DecodedCbor {
  CborValue value;
  std::size_t length = 0;  // of its encoding
};
// The item at the front; what follows it is the caller's. bad-request with the reason.
Result<DecodedCbor> decode_cbor_front(std::string_view bytes);
// One item and nothing behind it.
Result<CborValue> decode_cbor(std::string_view bytes);

}  // namespace evc::auth_service
