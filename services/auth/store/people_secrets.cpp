#include "services/auth/store/people_secrets.hpp"

namespace evc::auth_service {
namespace {

using postgres::Params;
using postgres::Rows;
using postgres::Statement;

// The row of the key is locked until the commit: an exchange that begins meanwhile waits, or this inserts nothing.
constexpr Statement kInsertPerson{"person_insert",
                                  "INSERT INTO person (secret_sealed, id, created_at, key_id) SELECT $1::bytea, "
                                  "$2::uuid, $3::timestamptz, id FROM key_encryption_key WHERE id = $4 AND state = "
                                  "'sealing' FOR SHARE"};
constexpr Statement kReadPerson{"person_read", "SELECT secret_sealed, coalesce(key_id, '') FROM person WHERE id = $1"};
constexpr Statement kDeletePerson{"person_delete", "DELETE FROM person WHERE id = $1"};
constexpr Statement kNames{"keystore_key_names", "SELECT id, state = 'sealing' FROM key_encryption_key"};
constexpr Statement kAdopt{"keystore_key_adopt",
                           "INSERT INTO key_encryption_key (id, state, created_at) SELECT $1, 'sealing', $2 WHERE NOT "
                           "EXISTS (SELECT 1 FROM key_encryption_key) ON CONFLICT DO NOTHING"};
constexpr Statement kReplace{"keystore_key_replace",
                             "UPDATE key_encryption_key SET state = 'opening' WHERE state = 'sealing' AND id <> $1"};
constexpr Statement kSealUnder{
    "keystore_key_seal_under",
    "INSERT INTO key_encryption_key (id, state, created_at, exchanged) VALUES ($1, 'sealing', "
    "$2, true) ON CONFLICT (id) DO NOTHING"};
constexpr Statement kPageEnd{"person_page_end",
                             "SELECT id FROM person WHERE $1::uuid IS NULL OR id > $1::uuid ORDER BY id OFFSET $2 "
                             "LIMIT 1"};
constexpr Statement kLockOthers{"person_lock_others",
                                "SELECT id, secret_sealed, coalesce(key_id, '') FROM person WHERE key_id IS DISTINCT "
                                "FROM $1 AND ($2::uuid IS NULL OR id > $2::uuid) AND ($3::uuid IS NULL OR id <= "
                                "$3::uuid) ORDER BY id FOR UPDATE"};
// Alone with 0004_named_keys_only.sql: from the commit on a process that names no key cannot write.
constexpr Statement kAwaitUnnamed{"person_await_unnamed", "SELECT pg_advisory_xact_lock(7203648152)"};
constexpr Statement kTryExchange{"keystore_exchange_try", "SELECT pg_try_advisory_xact_lock(7203648151)"};
constexpr Statement kReseal{"person_reseal", "UPDATE person SET secret_sealed = $1, key_id = $3 WHERE id = $2"};
constexpr Statement kForget{"keystore_key_forget",
                            "DELETE FROM key_encryption_key k WHERE state = 'opening' AND NOT EXISTS (SELECT 1 FROM "
                            "person WHERE key_id IS NULL OR key_id = k.id)"};

std::string place_of(const Uuid& id) {
  return "auth_keystore.person.secret:" + to_string(id);
}

// A row that names no key is from before they had names: whichever opens it.
Result<std::string> opened(const KeystoreKey& keys, const std::string& key_id, const std::string& sealed,
                           const Uuid& id) {
  if (key_id.empty()) {
    for (const KeystoreKey::Named& each : keys.all())
      if (auto secret = open_sealed(each.key, sealed, place_of(id))) return secret;
    return fail(Code::kInternal, "a secret is sealed under none of the keystore's keys");
  }
  const auto key = keys.find(key_id);
  if (!key) return fail(Code::kInternal, "a secret is sealed under a key of the keystore that is not here");
  return open_sealed(*key, sealed, place_of(id));
}

}  // namespace

Task<Result<KeystoreKeyNames>> keystore_key_names(RequestContext& context, postgres::Pool& keystore) {
  EVC_CO_TRY(rows, co_await keystore.exec(context, kNames));
  KeystoreKeyNames names;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (rows.get<bool>(i, 1)) {
      names.sealing = rows.get<std::string>(i, 0);
    } else {
      names.opening.push_back(rows.get<std::string>(i, 0));
    }
  }
  co_return names;
}

Task<Result<void>> insert_person(RequestContext& context, postgres::Pool& keystore, Uuid id, SealKey secret,
                                 KeystoreKey keys, WallTime now) {
  // A second time when another key began to seal in between, a third when nobody had named the first one.
  for (int tries = 0; tries < 3; ++tries) {
    EVC_CO_TRY(names, co_await keystore_key_names(context, keystore));
    if (!names.sealing) {
      EVC_CO_CHECK(co_await keystore.exec(context, kAdopt, Params(keys.all().back().id, now)));
      continue;
    }
    const auto key = keys.find(*names.sealing);
    if (!key) co_return fail(Code::kInternal, "the key that seals in the keystore is not here");
    Params params;
    params.add_bytes(seal(*key, secret.reveal(), place_of(id))).add(id).add(now).add(*names.sealing);
    EVC_CO_TRY(inserted, co_await keystore.exec(context, kInsertPerson, std::move(params)));
    if (inserted.affected() == 1) co_return Result<void>{};
  }
  co_return fail(Code::kDatabaseConflict, "the keystore's key is being exchanged");
}

Task<Result<SealKey>> read_person(RequestContext& context, postgres::Pool& keystore, Uuid id, KeystoreKey keys) {
  EVC_CO_TRY(rows, co_await keystore.exec(context, kReadPerson, Params(id)));
  if (rows.empty()) co_return fail(Code::kNotFound, "the person was erased");
  EVC_CO_TRY(secret, opened(keys, rows.get<std::string>(0, 1), rows.bytes(0, 0), id));
  co_return SealKey(std::move(secret));
}

Task<Result<void>> delete_person(RequestContext& context, postgres::Pool& keystore, Uuid id) {
  EVC_CO_CHECK(co_await keystore.exec(context, kDeletePerson, Params(id)));
  co_return Result<void>{};
}

Task<Result<bool>> hold_exchange(RequestContext& context, postgres::Transaction& transaction) {
  EVC_CO_TRY(rows, co_await transaction.exec(context, kTryExchange));
  co_return rows.get<bool>(0, 0);
}

Task<Result<void>> seal_under(RequestContext& context, postgres::Pool& keystore, std::string id,
                              std::string predecessor, WallTime now) {
  EVC_CO_TRY(transaction, co_await keystore.begin(context));
  EVC_CO_CHECK(co_await transaction.exec(context, kAwaitUnnamed));
  EVC_CO_CHECK(co_await transaction.exec(context, kAdopt, Params(predecessor, now)));
  EVC_CO_CHECK(co_await transaction.exec(context, kReplace, Params(id)));
  EVC_CO_CHECK(co_await transaction.exec(context, kSealUnder, Params(id, now)));
  co_return co_await transaction.commit(context);
}

Task<Result<ResealedPage>> reseal_page(RequestContext& context, postgres::Pool& keystore, KeystoreKey::Named under,
                                       KeystoreKey keys, std::optional<Uuid> after, std::int64_t people) {
  EVC_CO_TRY(transaction, co_await keystore.begin(context));
  EVC_CO_TRY(last, co_await transaction.exec(context, kPageEnd, Params(after, people - 1)));
  ResealedPage page;
  if (!last.empty()) page.end = last.get<Uuid>(0, 0);
  EVC_CO_TRY(rows, co_await transaction.exec(context, kLockOthers, Params(under.id, after, page.end)));
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const Uuid id = rows.get<Uuid>(i, 0);
    EVC_CO_TRY(secret, opened(keys, rows.get<std::string>(i, 2), rows.bytes(i, 1), id));
    Params params;
    params.add_bytes(seal(under.key, secret, place_of(id))).add(id).add(under.id);
    EVC_CO_CHECK(transaction.defer(kReseal, std::move(params)));
  }
  EVC_CO_CHECK(co_await transaction.commit(context));
  page.resealed = rows.size();
  co_return page;
}

Task<Result<void>> forget_opening_keys(RequestContext& context, postgres::Pool& keystore) {
  EVC_CO_CHECK(co_await keystore.exec(context, kForget));
  co_return Result<void>{};
}

}  // namespace evc::auth_service
