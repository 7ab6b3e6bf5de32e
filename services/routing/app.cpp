// evcosta-routing: reads the network and the vehicles once, shares them between workers, serves the routes and follows
// the stations' status.
#include <fstream>
#include <sstream>

#include "kit/service/service.hpp"
#include "services/routing/api/routes.hpp"
#include "services/routing/domain/overlay_planner.hpp"
#include "services/routing/domain/shipped_network.hpp"
#include "services/routing/events/station_feed.hpp"

namespace evc::routing {
namespace {

struct NetworkSection {
  std::string dir = "data/network";  // places.csv, arcs.csv, sites.json
  std::string vehicles = "data/vehicles.json";
};
BOOST_DESCRIBE_STRUCT(NetworkSection, (), (dir, vehicles))

struct SearchSection {
  std::int64_t threads = 1;
  std::int64_t queue_limit = 64;
};
BOOST_DESCRIBE_STRUCT(SearchSection, (), (threads, queue_limit))

std::string read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::stringstream text;
  text << file.rdbuf();
  if (!file)
    throw std::runtime_error("cannot read " + path +
                             ": start from the root of the source tree or set network.dir and network.vehicles");
  return text.str();
}

template <class T>
T or_throw(Result<T> result, const std::string& what) {
  if (!result)
    throw std::runtime_error(what + ": " + result.error().detail +
                             (result.error().fields.empty()
                                  ? ""
                                  : " " + result.error().fields[0].pointer + " " + result.error().fields[0].detail));
  return std::move(*result);
}

RoutingShared load(const NetworkSection& network, const SearchSection& search) {
  const std::string places = read_file(network.dir + "/places.csv"), arcs = read_file(network.dir + "/arcs.csv"),
                    sites = read_file(network.dir + "/sites.json");
  auto catalogue = std::make_shared<Catalogue>();
  catalogue->network = std::make_shared<const ShippedNetwork>(std::make_shared<const Network>(
      or_throw(Network::load({.places = places, .arcs = arcs, .sites = sites}), network.dir)));
  catalogue->vehicles = or_throw(ev::read_vehicles(read_file(network.vehicles)), network.vehicles);
  if (search.threads < 1 || search.threads > 64 || search.queue_limit < 1 || search.queue_limit > 10'000) {
    throw std::runtime_error("search.threads must be 1 to 64 and search.queue_limit 1 to 10000");
  }
  return {
      .catalogue = catalogue,
      .planner = std::make_shared<const OverlayPlanner>(catalogue->network),
      .pool = std::make_shared<CpuPool>(CpuPool::Options{.name = "search",
                                                         .threads = static_cast<std::size_t>(search.threads),
                                                         .queue_limit = static_cast<std::size_t>(search.queue_limit)})};
}

// wire() runs for one worker after the other on the main thread; the first one loads what all share.
class Wiring {
 public:
  void operator()(service::WorkerScope& scope) {
    if (!*shared_) *shared_ = load(scope.settings<NetworkSection>("network"), scope.settings<SearchSection>("search"));
    const auto board = std::make_shared<StationBoard>();
    scope.own<Routes>(scope.worker(), **shared_, board).add_to(scope.router());
    auto& feed = scope.own<StationFeed>(scope.worker(), scope.peer("charging"), scope.service_tokens(),
                                        scope.redis_options(), board);
    scope.worker().tasks().spawn("station feed", feed.run());
  }

 private:
  std::shared_ptr<std::optional<RoutingShared>> shared_ = std::make_shared<std::optional<RoutingShared>>();
};

}  // namespace
}  // namespace evc::routing

int main(int argc, char** argv) {
  return evc::service::run(argc, argv,
                           {.name = "routing",
                            .needs = evc::service::kRedis | evc::service::kAuth,
                            .sections = {"network", "search"},
                            .wire = evc::routing::Wiring{}});
}
