// evcosta-operator: makes or changes an operator's account from the command line of the machine that runs auth, since
// nobody can register as one.
//   evcosta-operator --config services/auth/config.yaml EMAIL ROLE NAME   (the password comes on standard input; role:
//   viewer, operator, finance, admin)
// An account that exists gets the role and the password. Needs auth's certificate, secrets and databases, as auth
// itself does.
#include <algorithm>
#include <array>
#include <iostream>
#include <optional>

#include "kit/runtime/worker.hpp"
#include "kit/service/dependencies.hpp"
#include "kit/service/settings.hpp"
#include "services/auth/command.hpp"
#include "services/auth/domain/identity.hpp"
#include "services/auth/domain/password.hpp"
#include "services/auth/domain/refresh.hpp"
#include "services/auth/settings.hpp"
#include "services/auth/store/accounts.hpp"
#include "services/auth/store/audit_log.hpp"
#include "services/auth/store/known_password_list.hpp"
#include "services/auth/store/mailed_codes.hpp"
#include "services/auth/store/passkeys.hpp"
#include "services/auth/store/people_secrets.hpp"
#include "services/auth/store/sessions.hpp"

namespace evc::auth_service {
namespace {

constexpr std::array<std::string_view, 4> kRoles{"viewer", "operator", "finance", "admin"};
constexpr std::chrono::seconds kLimit{15};

struct Order {
  std::string email, role, name, password_hash;
  SealKey master;
  KeystoreKey keystore_key;
};

AuditEntry made(const SealKey& secret, const std::string& role) {
  return {.action = AuditAction::kOperatorMade,
          .actor = AuditActor::kMachine,
          .subject = pseudonym(secret, "events"),
          .detail = {{"role", role}}};
}

Task<Result<void>> make_operator(postgres::Pool& pool, postgres::Pool& keystore, Order order) {
  RequestContext context;
  context.trace = telemetry::TraceContext::root();
  context.deadline = context.clock->steady() + kLimit;
  const std::string index = blind_index(derive_key(order.master, "e-mail index"), order.email);
  EVC_CO_TRY(known, co_await find_account_by_index(context, pool, index));
  EVC_CO_TRY(transaction, co_await pool.begin(context));
  if (known) {
    const WallTime now = context.clock->wall();
    EVC_CO_CHECK(co_await update_operator(context, transaction, known->id, order.role, order.password_hash));
    // Nothing that was given to the account before may use its new rights.
    EVC_CO_CHECK(co_await void_mailed_codes(context, transaction, known->id, now));
    EVC_CO_CHECK(co_await delete_passkeys_of(context, transaction, known->id));
    EVC_CO_CHECK(co_await revoke_sessions_of(context, transaction, known->id, std::nullopt, "became an operator's", now,
                                             now + kDenyFor));
    EVC_CO_TRY(secret, co_await read_person(context, keystore, known->id, order.keystore_key));
    EVC_CO_CHECK(co_await write_audit(context, transaction, made(secret, order.role)));
    co_return co_await transaction.commit(context);
  }
  const SealKey secret = new_person_secret();
  const SealKey columns = column_key(secret, "auth");
  const Uuid id = random_uuid();
  const WallTime now = context.clock->wall();
  EVC_CO_CHECK(co_await insert_person(context, keystore, id, secret, order.keystore_key, now));
  Account account{.id = id,
                  .email_sealed = seal(columns, order.email, account_place("email", id)),
                  .name_sealed = seal(columns, order.name, account_place("name", id)),
                  .password_hash = order.password_hash,
                  .role = order.role,
                  .state = "active",
                  .created_at = now};
  EVC_CO_CHECK(co_await insert_account(context, transaction, std::move(account), index));
  EVC_CO_CHECK(co_await write_audit(context, transaction, made(secret, order.role)));
  co_return co_await transaction.commit(context);
}

Result<Order> read_order(const std::vector<std::string>& words, const service::CommonSettings& settings,
                         const AuthSettings& auth) {
  EVC_TRY(email, normalise_email(words.at(0)));
  if (std::ranges::find(kRoles, words.at(1)) == kRoles.end())
    return fail_field("role", "viewer, operator, finance or admin");
  std::string password;
  std::getline(std::cin, password);
  EVC_TRY(known, load_known_passwords(auth.known_passwords));
  EVC_CHECK(check_new_password(password, known));
  const PasswordHasher hasher(service::read_secret(settings, "auth-pepper"));
  return Order{.email = email,
               .role = words.at(1),
               .name = words.at(2),
               .password_hash = hasher.hash(password),
               .master = derive_key(service::read_secret(settings, "auth-master-key"), "evcosta auth"),
               .keystore_key = KeystoreKey::from_file(service::secret_file(settings, "auth-keystore-key"))};
}

int run(const std::string& config, const std::vector<std::string>& words) {
  const service::Settings settings = service::read_settings(config, environment_variables(), "auth", {"auth"});
  auto order = read_order(words, settings.common, settings_as<AuthSettings>(settings.section("auth"), "auth"));
  if (!order) {
    std::cerr << "evcosta-operator: " << first_problem(order.error()) << "\n";
    return 2;
  }
  const std::string role = order->role;
  Worker worker;
  postgres::Pool pool(worker, {.conninfo = service::postgres_conninfo(settings.common, "auth"),
                               .size = 1,
                               .application_name = "evcosta-operator"});
  postgres::Pool keystore(worker, {.conninfo = service::postgres_conninfo(settings.common, "auth_keystore"),
                                   .size = 1,
                                   .application_name = "evcosta-operator"});
  const auto done = run_command(worker, make_operator(pool, keystore, std::move(*order)), {&pool, &keystore});
  if (!done) {
    std::cerr << "evcosta-operator: " << first_problem(done.error()) << "\n";
    return 1;
  }
  std::cout << "the account is active with the role " << role << "\n";
  return 0;
}

}  // namespace
}  // namespace evc::auth_service

int main(int argc, char** argv) {
  const std::vector<std::string> words(argv + 1, argv + argc);
  if (words.size() != 5 || words[0] != "--config") {
    std::cerr << "usage: evcosta-operator --config services/auth/config.yaml EMAIL ROLE NAME   (password on standard "
                 "input)\n";
    return 2;
  }
  try {
    return evc::auth_service::run(words[1], {words.begin() + 2, words.end()});
  } catch (const std::exception& error) {
    std::cerr << "evcosta-operator: " << error.what() << "\n";
    return 1;
  }
}
