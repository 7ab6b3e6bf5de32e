// The signing keys of this process: read from the database, extended on schedule (one process at a time decides),
// re-read every second so that all processes publish the same set.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "kit/auth/jws.hpp"
#include "kit/base/sealing.hpp"
#include "kit/postgres/pool.hpp"
#include "services/auth/store/keys.hpp"

namespace evc::auth_service {

class KeyRing {
 public:
  KeyRing(postgres::Pool& pool, SealKey key_encryption_key);
  // Makes the key that is due and re-reads all. Safe to call at any time.
  Task<Result<void>> refresh(RequestContext& context);
  // service-unavailable before the first refresh succeeded.
  Result<std::string> sign(const json::Object& claims, WallTime now) const;
  json::Object jwks(WallTime now) const;
  // Another text when the set is another.
  const std::string& version() const { return version_; }
  // A new key, sealed for the database.
  static StoredKey make(const SealKey& key_encryption_key, WallTime use_from, WallTime use_until);
  bool ready(WallTime now) const;

 private:
  struct Entry {
    KeyTimes times;
    auth::SigningKey key;
    json::Value public_jwk;
  };
  Result<std::vector<Entry>> published(std::vector<StoredKey> stored, WallTime now) const;

  postgres::Pool& pool_;
  SealKey key_encryption_key_;
  std::vector<Entry> entries_;
  std::string version_;
};

}  // namespace evc::auth_service
