// The signing keys of this process: read from the database, extended on schedule (one process at a time decides),
// re-read every 30 s so that all processes publish the same set.
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
  bool ready(WallTime now) const;

 private:
  struct Entry {
    KeyTimes times;
    auth::SigningKey key;
    json::Value public_jwk;
  };
  postgres::Pool& pool_;
  SealKey key_encryption_key_;
  std::vector<Entry> entries_;
};

}  // namespace evc::auth_service
