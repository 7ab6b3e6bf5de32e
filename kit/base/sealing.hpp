// Encryption of single values at rest: AES-256-GCM with a random nonce and the value's place as associated data, so
// that a sealed value cannot be moved to another row or column. Form: 0x01 | nonce (12) | ciphertext | tag (16). Also
// the keyed derivations that go with it. Pure, thread-safe.
#pragma once

#include <string>
#include <string_view>

#include "kit/base/result.hpp"
#include "kit/base/secret.hpp"

namespace evc {

// 32 bytes.
using SealKey = Secret<std::string>;

// `place` names where the value lives, e.g. "auth.account.email:<id>".
std::string seal(const SealKey& key, std::string_view plain, std::string_view place);
// `internal` for a wrong key, place or a damaged value.
Result<std::string> open_sealed(const SealKey& key, std::string_view sealed, std::string_view place);
// HMAC-SHA-256(key, purpose): independent keys from one.
SealKey derive_key(const SealKey& key, std::string_view purpose);

}  // namespace evc
