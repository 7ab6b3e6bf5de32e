// evcosta-keys: what an operator does with the keys of auth, on the machine that runs it.
//   evcosta-keys --config services/auth/config.yaml list | rotate [SECONDS] | revoke KEY | rotate-kek
// rotate: a new key of each algorithm signs after so many seconds (600), at least two; what the old ones signed stays
// good. revoke: the key must not be trusted any more. A successor is made first if it is needed; all tokens of the old
// key are refused within five seconds, and their holders refresh. rotate-kek: the secrets in the keystore are sealed
// under another key while everything runs (api/keystore_exchange.hpp); ended in between, the same command goes on with
// it. Needs auth's certificate, secrets and database, as auth itself does.
#include <algorithm>
#include <charconv>
#include <iostream>
#include <optional>

#include "kit/runtime/worker.hpp"
#include "kit/service/dependencies.hpp"
#include "kit/service/settings.hpp"
#include "services/auth/api/key_ring.hpp"
#include "services/auth/api/keystore_exchange.hpp"
#include "services/auth/command.hpp"
#include "services/auth/store/audit_log.hpp"

namespace evc::auth_service {
namespace {

constexpr std::chrono::seconds kLimit{15};
constexpr std::chrono::seconds kUsualLead{600};  // twice what a JWKS may be kept
constexpr std::chrono::hours kLongestLead{24};

struct Order {
  enum class Kind { kList, kRotate, kRevoke, kRotateKek };
  Kind kind = Kind::kList;
  std::chrono::seconds lead = kUsualLead;
  std::string key_id;
};

Result<Order> read_order(const std::vector<std::string>& words) {
  if (words == std::vector<std::string>{"list"}) return Order{};
  if (words == std::vector<std::string>{"rotate-kek"}) return Order{.kind = Order::Kind::kRotateKek};
  if (words.size() == 2 && words[0] == "revoke") return Order{.kind = Order::Kind::kRevoke, .key_id = words[1]};
  if (words.empty() || words.size() > 2 || words[0] != "rotate")
    return fail_field("order", "list, rotate [SECONDS], revoke KEY or rotate-kek");
  Order order{.kind = Order::Kind::kRotate};
  if (words.size() == 1) return order;
  std::int64_t seconds = 0;
  const auto parsed = std::from_chars(words[1].data(), words[1].data() + words[1].size(), seconds);
  const bool whole = parsed.ec == std::errc() && parsed.ptr == words[1].data() + words[1].size();
  order.lead = std::chrono::seconds(seconds);
  if (!whole || order.lead < kShortestLead || order.lead > kLongestLead)
    return fail_field("SECONDS", "from 2 to 86400: when every verifier has the new key");
  return order;
}

AuditEntry entry_of(AuditAction action, const std::string& key_id) {
  return {.action = action, .actor = AuditActor::kMachine, .subject = {}, .detail = {{"keyId", key_id}}};
}

std::string_view name_of(KeyAlgorithm algorithm) {
  return algorithm == KeyAlgorithm::kEs256 ? "ES256" : "RS256";
}

std::vector<KeyTimes> times_of(const std::vector<StoredKey>& keys, KeyAlgorithm algorithm) {
  std::vector<KeyTimes> times;
  for (const StoredKey& key : keys) {
    if (key.algorithm == algorithm) times.push_back(key.times);
  }
  return times;
}

std::string_view state_of(const KeyTimes& key, const std::optional<std::string>& signing, WallTime now) {
  if (key.revoked) return "revoked";
  if (key.key_id == signing) return "signing";
  if (key.use_from > now) return "next";
  return is_published(key, now) ? "retired" : "over";
}

class Keys {
 public:
  Keys(Worker& worker, postgres::Pool& pool, SealKey key_encryption_key, KeystoreExchange& exchange)
      : worker_(worker), pool_(pool), key_encryption_key_(std::move(key_encryption_key)), exchange_(exchange) {
    context_.trace = telemetry::TraceContext::root();
    context_.deadline = context_.clock->steady() + kLimit;
  }

  Task<Result<void>> carry_out(Order order) {
    switch (order.kind) {
      case Order::Kind::kList:
        co_return co_await list();
      case Order::Kind::kRotate:
        co_return co_await rotate(order.lead);
      case Order::Kind::kRevoke:
        co_return co_await revoke(std::move(order.key_id));
      case Order::Kind::kRotateKek:
        co_return co_await rotate_kek();
    }
    co_return Result<void>{};
  }

 private:
  Task<Result<std::vector<StoredKey>>> locked_keys(postgres::Transaction& transaction) {
    EVC_CO_CHECK(co_await lock_key_schedule(context_, transaction));
    co_return co_await read_signing_keys(context_, transaction);
  }

  Task<Result<void>> list() {
    EVC_CO_TRY(transaction, co_await pool_.begin(context_));
    EVC_CO_TRY(keys, co_await locked_keys(transaction));
    EVC_CO_CHECK(co_await transaction.rollback(context_));
    const WallTime now = context_.clock->wall();
    std::ranges::sort(keys, {}, [](const StoredKey& key) { return key.times.use_from; });
    for (const StoredKey& key : keys) {
      const auto signing = signing_key(times_of(keys, key.algorithm), now);
      std::cout << key.times.key_id << "  " << state_of(key.times, signing, now) << "  "
                << format_rfc3339(key.times.use_from) << " – " << format_rfc3339(key.times.use_until) << "  "
                << name_of(key.algorithm) << "\n";
    }
    co_return Result<void>{};
  }

  // Made before the moment is chosen that it signs from: an RSA key takes a while.
  StoredKey generate(KeyAlgorithm algorithm) const {
    return KeyRing::make(key_encryption_key_, algorithm, WallTime{}, WallTime{});
  }

  // Signs from `when` on, and alone of its algorithm.
  Task<Result<void>> put(postgres::Transaction& transaction, StoredKey key, WallTime when) {
    const std::string key_id = key.times.key_id;
    const KeyAlgorithm algorithm = key.algorithm;
    key.times.use_from = when;
    key.times.use_until = when + kUsedFor;
    EVC_CO_CHECK(co_await insert_signing_key(context_, transaction, std::move(key)));
    EVC_CO_CHECK(co_await retire_signing_keys(context_, transaction, algorithm, key_id, when));
    co_return co_await write_audit(context_, transaction, entry_of(AuditAction::kSigningKeyMade, key_id));
  }

  Task<Result<void>> rotate(std::chrono::seconds lead) {
    const std::vector<StoredKey> made{generate(KeyAlgorithm::kEs256), generate(KeyAlgorithm::kRs256)};
    EVC_CO_TRY(transaction, co_await pool_.begin(context_));
    EVC_CO_CHECK(co_await lock_key_schedule(context_, transaction));
    const WallTime when = context_.clock->wall() + lead;
    for (const StoredKey& key : made) EVC_CO_CHECK(co_await put(transaction, key, when));
    EVC_CO_CHECK(co_await transaction.commit(context_));
    for (const StoredKey& key : made)
      std::cout << key.times.key_id << " signs from " << format_rfc3339(when) << " on\n";
    co_return Result<void>{};
  }

  Task<Result<void>> revoke(std::string key_id) {
    EVC_CO_CHECK(co_await succeed(key_id));
    const WallTime now = context_.clock->wall();
    EVC_CO_TRY(transaction, co_await pool_.begin(context_));
    EVC_CO_CHECK(co_await lock_key_schedule(context_, transaction));
    EVC_CO_TRY(revoked, co_await revoke_signing_key(context_, transaction, key_id, now, now + kRevokedDenied));
    if (!revoked) co_return fail(Code::kNotFound, "there is no such key, or it was revoked before");
    EVC_CO_CHECK(co_await write_audit(context_, transaction, entry_of(AuditAction::kSigningKeyRevoked, key_id)));
    EVC_CO_CHECK(co_await transaction.commit(context_));
    std::cout << key_id << " is revoked; its tokens are refused from now on\n";
    co_return Result<void>{};
  }

  Task<Result<void>> rotate_kek() {
    EVC_CO_TRY(done, co_await exchange_.carry_out(context_));
    std::cout << done.key_id << " seals the keystore" << (done.resumed ? ", by an exchange that was begun before" : "")
              << "; " << done.resealed << " secrets were sealed anew, and the old key is gone\n";
    co_return Result<void>{};
  }

  // If the key signs, another takes its place, and everybody uses that before this returns.
  Task<Result<void>> succeed(std::string key_id) {
    EVC_CO_TRY(transaction, co_await pool_.begin(context_));
    EVC_CO_TRY(keys, co_await locked_keys(transaction));
    std::optional<KeyAlgorithm> signs;
    const WallTime soon = context_.clock->wall() + kShortestLead;
    for (const KeyAlgorithm algorithm : {KeyAlgorithm::kEs256, KeyAlgorithm::kRs256}) {
      if (signing_key(times_of(keys, algorithm), soon) == key_id) signs = algorithm;
    }
    if (!signs) co_return co_await transaction.rollback(context_);
    StoredKey successor = generate(*signs);
    std::cout << successor.times.key_id << " takes its place" << std::endl;
    EVC_CO_CHECK(co_await put(transaction, std::move(successor), context_.clock->wall() + kShortestLead));
    EVC_CO_CHECK(co_await transaction.commit(context_));
    co_await sleep_for(worker_, kShortestLead + kRevokedAfter);
    co_return Result<void>{};
  }

  Worker& worker_;
  postgres::Pool& pool_;
  SealKey key_encryption_key_;
  KeystoreExchange& exchange_;
  RequestContext context_;
};

int run(const std::string& config, const std::vector<std::string>& words) {
  auto order = read_order(words);
  if (!order) {
    std::cerr << "evcosta-keys: " << first_problem(order.error()) << "\n";
    return 2;
  }
  const service::Settings settings = service::read_settings(config, environment_variables(), "auth", {"auth"});
  const SealKey master = derive_key(service::read_secret(settings.common, "auth-master-key"), "evcosta auth");
  Worker worker;
  postgres::Pool pool(
      worker,
      {.conninfo = service::postgres_conninfo(settings.common, "auth"), .size = 1, .application_name = "evcosta-keys"});
  postgres::Pool keystore(worker, {.conninfo = service::postgres_conninfo(settings.common, "auth_keystore"),
                                   .size = 2,
                                   .statement_timeout = kLimit,  // a batch waits for whoever holds one of its rows
                                   .application_name = "evcosta-keys"});
  KeystoreExchange exchange(
      {.pool = pool, .keystore = keystore, .key_file = service::secret_file(settings.common, "auth-keystore-key")});
  Keys keys(worker, pool, derive_key(master, "signing keys"), exchange);
  const auto done = run_command(worker, keys.carry_out(std::move(*order)), {&pool, &keystore});
  if (!done) {
    std::cerr << "evcosta-keys: " << first_problem(done.error()) << "\n";
    return 1;
  }
  return 0;
}

}  // namespace
}  // namespace evc::auth_service

int main(int argc, char** argv) {
  const std::vector<std::string> words(argv + 1, argv + argc);
  if (words.size() < 3 || words[0] != "--config") {
    std::cerr << "usage: evcosta-keys --config services/auth/config.yaml list | rotate [SECONDS] | revoke KEY | "
                 "rotate-kek\n";
    return 2;
  }
  try {
    return evc::auth_service::run(words[1], {words.begin() + 2, words.end()});
  } catch (const std::exception& error) {
    std::cerr << "evcosta-keys: " << error.what() << "\n";
    return 1;
  }
}
