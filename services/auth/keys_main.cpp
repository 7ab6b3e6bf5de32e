// evcosta-keys: what an operator does with the keys of auth, on the machine that runs it.
//   evcosta-keys --config services/auth/config.yaml list | rotate [SECONDS] | revoke KEY | rotate-kek
// rotate: a new key signs after so many seconds (600), at least two; what the old one signed stays good. revoke: the
// key must not be trusted any more. A successor is made first if it is needed; all tokens of the old key are refused
// within five seconds, and their holders refresh. rotate-kek: the secrets in the keystore are sealed under another key
// while everything runs (api/keystore_exchange.hpp); ended in between, the same command goes on with it. Needs auth's
// certificate, secrets and database, as auth itself does.
#include <charconv>
#include <iostream>
#include <optional>

#include "kit/runtime/worker.hpp"
#include "kit/service/dependencies.hpp"
#include "kit/service/settings.hpp"
#include "services/auth/api/key_ring.hpp"
#include "services/auth/api/keystore_exchange.hpp"
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
  Task<Result<std::vector<KeyTimes>>> locked_keys(postgres::Transaction& transaction) {
    EVC_CO_CHECK(co_await lock_key_schedule(context_, transaction));
    EVC_CO_TRY(stored, co_await read_signing_keys(context_, transaction));
    std::vector<KeyTimes> times;
    for (const StoredKey& key : stored) times.push_back(key.times);
    co_return times;
  }

  Task<Result<void>> list() {
    EVC_CO_TRY(transaction, co_await pool_.begin(context_));
    EVC_CO_TRY(keys, co_await locked_keys(transaction));
    EVC_CO_CHECK(co_await transaction.rollback(context_));
    const WallTime now = context_.clock->wall();
    const auto signing = signing_key(keys, now);
    std::ranges::sort(keys, {}, &KeyTimes::use_from);
    for (const KeyTimes& key : keys)
      std::cout << key.key_id << "  " << state_of(key, signing, now) << "  " << format_rfc3339(key.use_from) << " – "
                << format_rfc3339(key.use_until) << "\n";
    co_return Result<void>{};
  }

  // Signs from `when` on, and alone.
  Task<Result<std::string>> make(postgres::Transaction& transaction, WallTime when) {
    StoredKey key = KeyRing::make(key_encryption_key_, when, when + kUsedFor);
    const std::string key_id = key.times.key_id;
    EVC_CO_CHECK(co_await insert_signing_key(context_, transaction, std::move(key)));
    EVC_CO_CHECK(co_await retire_signing_keys(context_, transaction, key_id, when));
    EVC_CO_CHECK(co_await write_audit(context_, transaction, entry_of(AuditAction::kSigningKeyMade, key_id)));
    co_return key_id;
  }

  Task<Result<void>> rotate(std::chrono::seconds lead) {
    const WallTime when = context_.clock->wall() + lead;
    EVC_CO_TRY(transaction, co_await pool_.begin(context_));
    EVC_CO_CHECK(co_await lock_key_schedule(context_, transaction));
    EVC_CO_TRY(key_id, co_await make(transaction, when));
    EVC_CO_CHECK(co_await transaction.commit(context_));
    std::cout << key_id << " signs from " << format_rfc3339(when) << " on\n";
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
    const WallTime when = context_.clock->wall() + kShortestLead;
    EVC_CO_TRY(transaction, co_await pool_.begin(context_));
    EVC_CO_TRY(keys, co_await locked_keys(transaction));
    if (signing_key(keys, when) != key_id) co_return co_await transaction.rollback(context_);
    EVC_CO_TRY(successor, co_await make(transaction, when));
    EVC_CO_CHECK(co_await transaction.commit(context_));
    std::cout << successor << " takes its place" << std::endl;
    co_await sleep_for(worker_, kShortestLead + kRevokedAfter);
    co_return Result<void>{};
  }

  Worker& worker_;
  postgres::Pool& pool_;
  SealKey key_encryption_key_;
  KeystoreExchange& exchange_;
  RequestContext context_;
};

Task<> run_and_stop(Worker& worker, Keys& keys, Order order, std::optional<Result<void>>& outcome) {
  outcome = co_await keys.carry_out(std::move(order));
  worker.stop();
}

std::string first_problem(const Error& error) {
  return error.fields.empty() ? error.detail : error.fields.front().pointer + ": " + error.fields.front().detail;
}

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
  std::optional<Result<void>> outcome;
  worker.tasks().spawn("keys", run_and_stop(worker, keys, std::move(*order), outcome));
  worker.run();
  pool.close();
  keystore.close();
  if (outcome && *outcome) return 0;
  std::cerr << "evcosta-keys: " << (outcome ? first_problem(outcome->error()) : "the database did not answer") << "\n";
  return 1;
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
