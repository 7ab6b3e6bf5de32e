// evcosta-user: wires profiles, vehicles, export and erasure onto one worker. Needs PostgreSQL (users) and auth, which
// knows the person behind a token; charging and payment for exports and erasures only.
#include <algorithm>
#include <fstream>
#include <sstream>
#include <stdexcept>

#include "kit/ev/vehicle.hpp"
#include "kit/service/service.hpp"
#include "services/user/api/routes.hpp"
#include "services/user/settings.hpp"

namespace evc::user {
namespace {

constexpr std::int64_t kLongestKeyLife_s = 300;
constexpr std::int64_t kLongestEmailLife_s = 60;

std::set<std::string> vehicle_models(const std::string& file) {
  std::ifstream in(file, std::ios::binary);
  std::ostringstream text;
  text << in.rdbuf();
  const auto vehicles = in ? ev::read_vehicles(text.str()) : fail(Code::kNotFound, "it cannot be read");
  if (!vehicles) throw std::runtime_error("vehicle models in " + file + ": " + vehicles.error().detail);
  std::set<std::string> models;
  std::ranges::for_each(*vehicles, [&models](const ev::Vehicle& vehicle) { models.insert(vehicle.id); });
  return models;
}

Accounts::Limits limits(const UserSettings& settings) {
  if (settings.key_cache_s > kLongestKeyLife_s || settings.email_cache_s > kLongestEmailLife_s ||
      settings.email_cache_s > settings.key_cache_s || settings.email_cache_s < 0 || settings.cached_accounts < 1) {
    throw std::runtime_error("user.key_cache_s, user.email_cache_s or user.cached_accounts is out of its limits");
  }
  return {.key_life = std::chrono::seconds(settings.key_cache_s),
          .email_life = std::chrono::seconds(settings.email_cache_s),
          .limit = static_cast<std::size_t>(settings.cached_accounts)};
}

ServicePeer peer_of(service::WorkerScope& scope, const std::string& service) {
  return {.name = service, .client = scope.peer(service), .tokens = scope.service_tokens()};
}

void wire(service::WorkerScope& scope) {
  const auto settings = scope.settings<UserSettings>("user");
  auto& accounts = scope.own<Accounts>(scope.peer("auth"), scope.service_tokens(), limits(settings));
  auto& account = scope.own<AccountClient>(peer_of(scope, "auth"));
  auto& charges = scope.own<RecordClient>(peer_of(scope, "charging"), "/internal/charging/records", "sessions");
  auto& payments = scope.own<RecordClient>(peer_of(scope, "payment"), "/internal/payments/records", "payments");
  auto& saga =
      scope.own<ErasureSaga>(ErasureSaga::Parts{.pool = scope.postgres(),
                                                .account = account,
                                                .charges = charges,
                                                .payments = payments,
                                                .forget = [&accounts](const Uuid& id) { accounts.forget(id); }});
  auto& api = scope.own<Api>(Api{.pool = scope.postgres(),
                                 .accounts = accounts,
                                 .account = account,
                                 .charges = charges,
                                 .payments = payments,
                                 .saga = saga,
                                 .models = vehicle_models(settings.vehicles_file)});
  add_routes(scope.router(), api);
  if (!scope.first()) return;
  scope.worker().tasks().spawn("erasures", run_erasures(scope.worker(), saga));
  scope.worker().tasks().spawn("erasure figures", publish_erasure_figures(scope.worker(), scope.postgres()));
  scope.worker().tasks().spawn("erased people", replay_erasures(scope.worker(), saga));
}

}  // namespace
}  // namespace evc::user

int main(int argc, char** argv) {
  return evc::service::run(argc, argv,
                           {.name = "user",
                            .migrations = {"services/user/migrations"},
                            .needs = evc::service::kPostgres | evc::service::kAuth,
                            .sections = {"user"},
                            .wire = evc::user::wire});
}
