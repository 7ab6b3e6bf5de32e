// evcosta-clients: which programs may ask the OpenID Connect provider for tokens, on the machine that runs auth.
//   evcosta-clients --config services/auth/config.yaml list
//   … add ID --name NAME --redirect URI [--redirect URI…] [--post-logout URI…] [--scope "openid profile …"]
//         [--secret | --keys FILE] [--algorithm RS256|ES256]
//   … remove ID
// add: a public client (PKCE) without more; --secret makes it a confidential one, whose secret is shown once; --keys
// names a file with its public keys (a JWKS) for signed assertions. remove ends what it holds. Needs auth's
// certificate, secrets and database, as auth itself does.
#include <algorithm>
#include <fstream>
#include <iostream>
#include <iterator>
#include <optional>

#include "kit/auth/jws.hpp"
#include "kit/base/bytes.hpp"
#include "kit/runtime/worker.hpp"
#include "kit/service/dependencies.hpp"
#include "kit/service/settings.hpp"
#include "services/auth/command.hpp"
#include "services/auth/domain/refresh.hpp"
#include "services/auth/oidc/discovery.hpp"
#include "services/auth/settings.hpp"
#include "services/auth/store/audit_log.hpp"
#include "services/auth/store/clients.hpp"

namespace evc::auth_service {
namespace {

constexpr std::chrono::seconds kLimit{15};
constexpr const char* kUsage =
    "list, add ID --name NAME --redirect URI [--post-logout URI] [--scope WORDS] [--secret | --keys FILE] "
    "[--algorithm RS256|ES256], or remove ID";

struct Order {
  enum class Kind { kList, kAdd, kRemove };
  Kind kind = Kind::kList;
  OauthClient client;
  std::string secret;  // shown once
};

Result<json::Value> read_keys(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  const std::string text((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  auto value = json::parse(text);
  const auto* keys = value && value->is_object() ? value->get_object().if_contains("keys") : nullptr;
  if (keys == nullptr || !keys->is_array() || keys->get_array().empty())
    return fail_field("keys", "a file with a JWKS is needed");
  for (const auto& jwk : keys->get_array()) {
    const bool good = jwk.is_object() && auth::PublicKey::from_jwk(jwk.get_object()) && !jwk.get_object().contains("d");
    if (!good) return fail_field("keys", "each key is a public one with kid, use: sig and alg ES256 or RS256");
  }
  return std::move(*value);
}

Result<void> take_option(Order& order, const std::string& name, const std::string& value) {
  OauthClient& client = order.client;
  if (name == "--name") {
    client.name = value;
  } else if (name == "--redirect") {
    client.redirect_uris.push_back(value);
  } else if (name == "--post-logout") {
    client.post_logout_redirect_uris.push_back(value);
  } else if (name == "--scope") {
    client.scope = value;
  } else if (name == "--algorithm") {
    client.id_token_algorithm = value;
  } else if (name == "--keys") {
    EVC_TRY(keys, read_keys(value));
    client.authentication = ClientAuthentication::kPrivateKeyJwt;
    client.key_set = std::move(keys);
  } else {
    return fail_field(name, kUsage);
  }
  return {};
}

Result<Order> read_order(const std::vector<std::string>& words) {
  if (words == std::vector<std::string>{"list"}) return Order{};
  if (words.size() < 2 || (words[0] != "add" && words[0] != "remove")) return fail_field("order", kUsage);
  Order order{.kind = words[0] == "add" ? Order::Kind::kAdd : Order::Kind::kRemove,
              .client = {.id = words[1], .name = words[1], .key_set = nullptr, .scope = "openid profile email"},
              .secret = {}};
  if (order.kind == Order::Kind::kRemove) {
    if (words.size() != 2) return fail_field("order", kUsage);
    return order;
  }
  bool with_secret = false;
  for (std::size_t i = 2; i < words.size(); ++i) {
    if (words[i] == "--secret") {
      with_secret = true;
    } else if (i + 1 == words.size()) {
      return fail_field(words[i], kUsage);
    } else {
      EVC_CHECK(take_option(order, words[i], words[i + 1]));
      ++i;
    }
  }
  if (with_secret && order.client.authentication != ClientAuthentication::kNone)
    return fail_field("--secret", "either a secret or keys");
  if (with_secret) {
    order.secret = new_refresh_token();
    order.client.secret_hash = refresh_token_hash(order.secret);
    order.client.authentication = ClientAuthentication::kClientSecret;
  }
  if (!scope_within(order.client.scope, every_scope())) return fail_field("--scope", "one of: " + every_scope());
  EVC_CHECK(check_client(order.client));
  return order;
}

Task<Result<void>> list(RequestContext& context, postgres::Pool& pool) {
  EVC_CO_TRY(clients, co_await all_clients(context, pool));
  for (const OauthClient& client : clients) {
    std::cout << client.id << "  " << name_of(client.authentication) << "  " << client.id_token_algorithm << "  "
              << (client.party == Party::kFirst ? "ours" : "asks for consent") << "  " << client.name << "\n";
    for (const std::string& uri : client.redirect_uris) std::cout << "    " << uri << "\n";
    std::cout << "    " << client.scope << "\n";
  }
  co_return Result<void>{};
}

Task<Result<void>> carry_out(postgres::Pool& pool, Order order) {
  RequestContext context;
  context.trace = telemetry::TraceContext::root();
  context.deadline = context.clock->steady() + kLimit;
  if (order.kind == Order::Kind::kList) co_return co_await list(context, pool);
  const WallTime now = context.clock->wall();
  const std::string id = order.client.id;
  const bool adds = order.kind == Order::Kind::kAdd;
  // It is made again with the next start.
  if (!adds && id == kConsoleClient) co_return fail(Code::kForbidden, "the console is a part of the platform");
  EVC_CO_TRY(transaction, co_await pool.begin(context));
  bool done = false;
  if (adds) {
    EVC_CO_TRY(added, co_await insert_client(context, transaction, std::move(order.client), now));
    done = added;
  } else {
    EVC_CO_TRY(removed, co_await delete_client(context, transaction, id, now, now + kDenyFor));
    done = removed;
  }
  if (!done) co_return fail(Code::kNotFound, adds ? "there is a client of that name" : "there is no such client");
  EVC_CO_CHECK(co_await write_audit(context, transaction,
                                    {.action = adds ? AuditAction::kClientAdded : AuditAction::kClientRemoved,
                                     .actor = AuditActor::kMachine,
                                     .subject = {},
                                     .detail = {{"clientId", id}}}));
  EVC_CO_CHECK(co_await transaction.commit(context));
  std::cout << id << (adds ? " may ask for tokens" : " is removed; what it held is refused from now on") << "\n";
  if (!order.secret.empty()) std::cout << "its secret, shown this once: " << order.secret << "\n";
  co_return Result<void>{};
}

int run(const std::string& config, const std::vector<std::string>& words) {
  auto order = read_order(words);
  if (!order) {
    std::cerr << "evcosta-clients: " << first_problem(order.error()) << "\n";
    return 2;
  }
  const service::Settings settings = service::read_settings(config, environment_variables(), "auth", {"auth"});
  Worker worker;
  postgres::Pool pool(worker, {.conninfo = service::postgres_conninfo(settings.common, "auth"),
                               .size = 1,
                               .application_name = "evcosta-clients"});
  const auto done = run_command(worker, carry_out(pool, std::move(*order)), {&pool});
  if (!done) {
    std::cerr << "evcosta-clients: " << first_problem(done.error()) << "\n";
    return 1;
  }
  return 0;
}

}  // namespace
}  // namespace evc::auth_service

int main(int argc, char** argv) {
  const std::vector<std::string> words(argv + 1, argv + argc);
  if (words.size() < 3 || words[0] != "--config") {
    std::cerr << "usage: evcosta-clients --config services/auth/config.yaml " << evc::auth_service::kUsage << "\n";
    return 2;
  }
  try {
    return evc::auth_service::run(words[1], {words.begin() + 2, words.end()});
  } catch (const std::exception& error) {
    std::cerr << "evcosta-clients: " << error.what() << "\n";
    return 1;
  }
}
