// The signing keys of this process: read from the database, extended on schedule (one process at a time decides),
// re-read every second so that all processes publish the same set. ES256 signs access tokens, RS256 or ES256 ID tokens;
// each algorithm has keys of its own on the same schedule.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "kit/auth/jws.hpp"
#include "kit/base/sealing.hpp"
#include "kit/postgres/pool.hpp"
#include "kit/runtime/cpu_pool.hpp"
#include "services/auth/store/keys.hpp"

namespace evc::auth_service {

class KeyRing {
 public:
  // Where keys are made, since an RSA key takes some 100 ms; without one, on the spot.
  struct Workshop {
    Worker* worker;
    std::shared_ptr<CpuPool> pool;
  };
  KeyRing(postgres::Pool& pool, SealKey key_encryption_key);
  KeyRing(postgres::Pool& pool, SealKey key_encryption_key, Workshop workshop);
  // Makes the key that is due and re-reads all. Safe to call at any time.
  Task<Result<void>> refresh(RequestContext& context);
  // service-unavailable before the first refresh succeeded.
  Result<std::string> sign(const json::Object& claims, WallTime now) const;
  // Of another type than an access token, so that nobody takes it for one.
  Result<std::string> sign_id_token(const json::Object& claims, KeyAlgorithm algorithm, WallTime now) const;
  // Whether one of the published keys has signed it. token-invalid.
  Result<void> verify(const auth::Jws& token) const;
  json::Object jwks(WallTime now) const;
  // Another text when the set is another.
  const std::string& version() const { return version_; }
  // A new key, sealed for the database.
  static StoredKey make(const SealKey& key_encryption_key, KeyAlgorithm algorithm, WallTime use_from,
                        WallTime use_until);
  bool ready(WallTime now) const;

 private:
  struct Entry {
    KeyTimes times;
    KeyAlgorithm algorithm;
    auth::SigningKey key;
    json::Value public_jwk;
  };
  Result<std::string> sign_as(std::string_view type, KeyAlgorithm algorithm, const json::Object& claims,
                              WallTime now) const;
  Task<Result<StoredKey>> made(RequestContext& context, KeyAlgorithm algorithm, KeyTimes due);
  Result<std::vector<Entry>> published(std::vector<StoredKey> stored, WallTime now) const;

  postgres::Pool& pool_;
  SealKey key_encryption_key_;
  Workshop workshop_;
  std::vector<Entry> entries_;
  std::string version_;
};

}  // namespace evc::auth_service
