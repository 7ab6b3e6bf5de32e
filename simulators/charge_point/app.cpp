// evcosta-charge-points: a fleet of simulated charge points (README.md). One worker holds all of them.
#include <fstream>
#include <iterator>

#include "kit/service/service.hpp"
#include "kit/telemetry/log.hpp"
#include "simulators/charge_point/domain/fleet_plan.hpp"
#include "simulators/charge_point/fleet/fleet.hpp"

namespace evc::charge_point {
namespace {

using std::chrono::milliseconds;

struct FleetSection {
  std::string central_system = "localhost:8444";
  std::string server_name = "integrations.evcosta.internal";
  std::string sites_file;
  std::string vehicles_file;
  std::string vehicle;
  std::string corridor;
  double corridor_km = 15;
  std::int64_t every = 12;
  std::int64_t load = 0;
  std::int64_t seed = 1;
  std::int64_t dials_per_second = 100;
  std::int64_t ping_interval_ms = 60'000;
  double time_factor = 80;
  double target_soc = 0.8;
  std::int64_t meter_interval_ms = 1'000;
  std::int64_t plug_in_delay_ms = 300;
  std::int64_t unplug_delay_ms = 1'500;

  void check(SettingLimits& limits) const {
    limits.range<double>("corridor_km", corridor_km, 0, 1'000);
    limits.range<std::int64_t>("every", every, 0, 100'000);
    limits.range<std::int64_t>("load", load, 0, 50'000);
    limits.range<std::int64_t>("dials_per_second", dials_per_second, 1, 10'000);
    limits.range<std::int64_t>("ping_interval_ms", ping_interval_ms, 1'000, 300'000);
    limits.range<double>("time_factor", time_factor, 1, 10'000);
    limits.range<double>("target_soc", target_soc, 0.5, 1);
    limits.range<std::int64_t>("meter_interval_ms", meter_interval_ms, 100, 3'600'000);
    limits.range<std::int64_t>("plug_in_delay_ms", plug_in_delay_ms, 10, 600'000);
    limits.range<std::int64_t>("unplug_delay_ms", unplug_delay_ms, 10, 600'000);
  }
};
BOOST_DESCRIBE_STRUCT(FleetSection, (),
                      (central_system, server_name, sites_file, vehicles_file, vehicle, corridor, corridor_km, every,
                       load, seed, dials_per_second, ping_interval_ms, time_factor, target_soc, meter_interval_ms,
                       plug_in_delay_ms, unplug_delay_ms))

std::string read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) throw std::runtime_error("cannot be read: " + path);
  return std::string{std::istreambuf_iterator<char>(file), {}};
}

ev::Vehicle read_vehicle(const FleetSection& settings) {
  const auto vehicles = ev::read_vehicles(read_file(settings.vehicles_file));
  if (!vehicles) throw std::runtime_error(settings.vehicles_file + ": " + vehicles.error().detail);
  for (const auto& vehicle : *vehicles) {
    if (vehicle.id == settings.vehicle) return vehicle;
  }
  throw std::runtime_error("fleet.vehicle: " + settings.vehicle + " is not in " + settings.vehicles_file);
}

std::vector<StationPlan> plan(const FleetSection& settings) {
  const auto car = read_vehicle(settings);
  const auto seed = static_cast<std::uint64_t>(settings.seed);
  if (settings.load > 0) return plan_load_fleet(static_cast<std::size_t>(settings.load), seed, car);
  auto corridor = parse_corridor(settings.corridor);
  if (!corridor) throw std::runtime_error("fleet.corridor: " + corridor.error().detail);
  const FleetOptions options{
      .corridor = std::move(*corridor), .corridor_km = settings.corridor_km, .every = settings.every, .seed = seed};
  auto plans = plan_sites(read_file(settings.sites_file), options, car);
  if (!plans) throw std::runtime_error(settings.sites_file + ": " + plans.error().detail);
  return std::move(*plans);
}

void wire(service::WorkerScope& scope) {
  if (!scope.first()) throw std::runtime_error("the simulated fleet runs on one worker: set workers to 1");
  const auto settings = scope.settings<FleetSection>("fleet");
  const auto addresses = service::parse_addresses("fleet.central_system", settings.central_system);
  net::TlsFiles trust = net::tls_files(scope.tls_dir(), "charge-points");
  trust.certificate.clear();  // stations prove themselves by password
  trust.key.clear();
  CentralSystem central_system{.host = addresses.at(0).host,
                               .port = addresses.at(0).port,
                               .tls = std::make_shared<net::TlsClient>(trust),
                               .server_name = settings.server_name,
                               .ping_interval = milliseconds(settings.ping_interval_ms)};
  const Behaviour behaviour{.time_factor = settings.time_factor,
                            .meter_interval = milliseconds(settings.meter_interval_ms),
                            .plug_in_delay = milliseconds(settings.plug_in_delay_ms),
                            .unplug_delay = milliseconds(settings.unplug_delay_ms),
                            .target_soc = settings.target_soc};
  auto& fleet = scope.own<Fleet>(scope.worker(), std::move(central_system), behaviour, plan(settings),
                                 scope.secret("charge-points"));
  fleet.add_routes(scope.router());
  fleet.start(settings.dials_per_second);
  EVC_LOG(kInfo, "The fleet is wired", {{telemetry::key::kCount, static_cast<std::int64_t>(fleet.size())}});
}

}  // namespace
}  // namespace evc::charge_point

int main(int argc, char** argv) {
  return evc::service::run(argc, argv,
                           {.name = "charge-points", .sections = {"fleet"}, .wire = evc::charge_point::wire});
}
