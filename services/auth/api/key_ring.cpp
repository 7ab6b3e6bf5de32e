#include "services/auth/api/key_ring.hpp"

#include <algorithm>
#include <array>

#include "kit/base/bytes.hpp"
#include "services/auth/store/audit_log.hpp"

namespace evc::auth_service {
namespace {

std::string place_of(const std::string& key_id) {
  return "auth.signing_key:" + key_id;
}

constexpr std::array kAlgorithms{KeyAlgorithm::kEs256, KeyAlgorithm::kRs256};

template <class Key>
std::vector<KeyTimes> times_of(const std::vector<Key>& keys, KeyAlgorithm algorithm) {
  std::vector<KeyTimes> times;
  for (const Key& key : keys) {
    if (key.algorithm == algorithm) times.push_back(key.times);
  }
  return times;
}

}  // namespace

KeyRing::KeyRing(postgres::Pool& pool, SealKey key_encryption_key)
    : KeyRing(pool, std::move(key_encryption_key), Workshop{.worker = nullptr, .pool = nullptr}) {}

KeyRing::KeyRing(postgres::Pool& pool, SealKey key_encryption_key, Workshop workshop)
    : pool_(pool), key_encryption_key_(std::move(key_encryption_key)), workshop_(std::move(workshop)) {}

Task<Result<StoredKey>> KeyRing::made(RequestContext& context, KeyAlgorithm algorithm, KeyTimes due) {
  if (!workshop_.pool) co_return make(key_encryption_key_, algorithm, due.use_from, due.use_until);
  // Half of the time that is left: when the workshop is busy, the rest of the step is done without it.
  const SteadyTime now = context.clock->steady();
  co_return co_await workshop_.pool->run(
      *workshop_.worker, now + (context.deadline - now) / 2,
      [key = key_encryption_key_, algorithm, due] { return make(key, algorithm, due.use_from, due.use_until); });
}

Task<Result<void>> KeyRing::refresh(RequestContext& context) {
  const WallTime now = context.clock->wall();
  EVC_CO_TRY(transaction, co_await pool_.begin(context));
  EVC_CO_CHECK(co_await lock_key_schedule(context, transaction));
  EVC_CO_TRY(stored, co_await read_signing_keys(context, transaction));
  // All made before the first is written: from the first entry on, the audit log waits for this transaction.
  std::vector<StoredKey> fresh;
  for (const KeyAlgorithm algorithm : kAlgorithms) {
    const auto due = next_key(times_of(stored, algorithm), now);
    if (!due) continue;
    auto row = co_await made(context, algorithm, *due);
    // The workshop is busy: next time. What is stored, and what is revoked, is taken over now.
    if (row) fresh.push_back(std::move(*row));
  }
  for (StoredKey& row : fresh) {
    EVC_CO_CHECK(co_await insert_signing_key(context, transaction, row));
    EVC_CO_CHECK(co_await write_audit(context, transaction,
                                      {.action = AuditAction::kSigningKeyMade,
                                       .actor = AuditActor::kAuth,
                                       .subject = {},
                                       .detail = {{"keyId", row.times.key_id}}}));
    stored.push_back(std::move(row));
  }
  EVC_CO_CHECK(co_await transaction.commit(context));
  EVC_CO_TRY(entries, published(std::move(stored), now));
  entries_ = std::move(entries);
  version_ = hex_encode(view(sha256(json::serialize(json::Value(jwks(now)))))).substr(0, 32);
  co_return Result<void>{};
}

// Opening and parsing one costs as much as a signature: those that are known stay as they are.
Result<std::vector<KeyRing::Entry>> KeyRing::published(std::vector<StoredKey> stored, WallTime now) const {
  std::vector<Entry> entries;
  for (StoredKey& key : stored) {
    if (!is_published(key.times, now)) continue;
    const auto known =
        std::ranges::find(entries_, key.times.key_id, [](const Entry& entry) { return entry.times.key_id; });
    if (known != entries_.end()) {
      entries.push_back({key.times, key.algorithm, known->key, std::move(key.public_jwk)});
      continue;
    }
    EVC_TRY(pem, open_sealed(key_encryption_key_, key.private_sealed, place_of(key.times.key_id)));
    EVC_TRY(parsed, auth::SigningKey::from_pem(Secret<std::string>(std::move(pem))));
    entries.push_back({key.times, key.algorithm, std::move(parsed), std::move(key.public_jwk)});
  }
  return entries;
}

StoredKey KeyRing::make(const SealKey& key_encryption_key, KeyAlgorithm algorithm, WallTime use_from,
                        WallTime use_until) {
  const auth::SigningKey made =
      auth::SigningKey::generate(algorithm == KeyAlgorithm::kEs256 ? auth::Algorithm::kEs256 : auth::Algorithm::kRs256);
  return {.times = {.key_id = made.key_id(), .use_from = use_from, .use_until = use_until},
          .algorithm = algorithm,
          .private_sealed = seal(key_encryption_key, made.private_pem().reveal(), place_of(made.key_id())),
          .public_jwk = made.public_jwk()};
}

Result<std::string> KeyRing::sign_as(std::string_view type, KeyAlgorithm algorithm, const json::Object& claims,
                                     WallTime now) const {
  const auto key_id = signing_key(times_of(entries_, algorithm), now);
  for (const Entry& entry : entries_) {
    if (key_id && entry.times.key_id == *key_id) return entry.key.sign(type, claims);
  }
  return fail(Code::kServiceUnavailable, "there is no signing key yet");
}

Result<std::string> KeyRing::sign(const json::Object& claims, WallTime now) const {
  return sign_as("at+jwt", KeyAlgorithm::kEs256, claims, now);
}

Result<std::string> KeyRing::sign_id_token(const json::Object& claims, KeyAlgorithm algorithm, WallTime now) const {
  return sign_as("JWT", algorithm, claims, now);
}

Result<void> KeyRing::verify(const auth::Jws& token) const {
  for (const Entry& entry : entries_) {
    if (entry.times.key_id != token.key_id) continue;
    EVC_TRY(key, auth::PublicKey::from_jwk(entry.public_jwk.as_object()));
    return key.verify(token);
  }
  return fail(Code::kTokenInvalid, "the key is unknown");
}

json::Object KeyRing::jwks(WallTime now) const {
  json::Array keys;
  for (const Entry& entry : entries_) {
    if (is_published(entry.times, now)) keys.push_back(entry.public_jwk);
  }
  return {{"keys", std::move(keys)}};
}

bool KeyRing::ready(WallTime now) const {
  return sign({}, now).has_value() && sign_id_token({}, KeyAlgorithm::kRs256, now).has_value();
}

}  // namespace evc::auth_service
