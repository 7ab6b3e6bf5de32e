// evcosta-routing: reads the network and the vehicles once, shares them between workers, serves the routes and follows
// the stations' status.
#include "kit/service/service.hpp"
#include "services/routing/api/routes.hpp"
#include "services/routing/events/station_feed.hpp"
#include "services/routing/networks/load_network.hpp"
#include "services/routing/networks/network_watch.hpp"

namespace evc::routing {
namespace {

struct NetworkSection {
  std::string dir = "data/network";  // places.csv, arcs.csv, sites.json
  std::string roads;                 // folder that evcosta-import makes; empty: never another network than the shipped
  std::string vehicles = "data/vehicles.json";
};
BOOST_DESCRIBE_STRUCT(NetworkSection, (), (dir, roads, vehicles))

struct SearchSection {
  std::int64_t threads = 1;
  std::int64_t queue_limit = 64;
};
BOOST_DESCRIBE_STRUCT(SearchSection, (), (threads, queue_limit))

template <class T>
T or_throw(Result<T> result) {
  if (!result) {
    throw service::StartError(service::ExitCode::kSettings, result.error().detail,
                              "Start from the root of the source tree, or set network.dir and network.vehicles.");
  }
  return std::move(*result);
}

struct Shared {
  RoutingShared routing;
  std::shared_ptr<LiveNetwork> live;
  NetworkFolders folders;
  std::optional<FolderMark> seen;
};

Shared load(const NetworkSection& network, const SearchSection& search) {
  if (search.threads < 1 || search.threads > 64 || search.queue_limit < 1 || search.queue_limit > 10'000) {
    throw std::runtime_error("search.threads must be 1 to 64 and search.queue_limit 1 to 10000");
  }
  Shared shared{.folders = {.shipped = network.dir, .roads = network.roads}, .seen = mark_of(network.roads)};
  const auto vehicles = or_throw(load_vehicles(network.vehicles));
  shared.live = std::make_shared<LiveNetwork>(or_throw(first_network(shared.folders, vehicles)));
  shared.routing = {
      .network = shared.live,
      .pool = std::make_shared<CpuPool>(CpuPool::Options{.name = "search",
                                                         .threads = static_cast<std::size_t>(search.threads),
                                                         .queue_limit = static_cast<std::size_t>(search.queue_limit)})};
  return shared;
}

// wire() runs for one worker after the other on the main thread; the first one loads what all share.
class Wiring {
 public:
  void operator()(service::WorkerScope& scope) {
    if (!*shared_) *shared_ = load(scope.settings<NetworkSection>("network"), scope.settings<SearchSection>("search"));
    const auto board = std::make_shared<StationBoard>();
    scope.own<Routes>(scope.worker(), (*shared_)->routing, board).add_to(scope.router());
    auto& feed = scope.own<StationFeed>(scope.worker(), scope.peer("charging"), scope.service_tokens(),
                                        scope.redis_options(), board);
    scope.worker().tasks().spawn("station feed", feed.run());
    if (!scope.first() || (*shared_)->folders.roads.empty()) return;
    auto& watch = scope.own<NetworkWatch>(scope.worker(), (*shared_)->live, (*shared_)->folders, (*shared_)->seen);
    scope.worker().tasks().spawn("network watch", watch.run());
    scope.on_drain([&watch] { return watch.stop(); });
  }

 private:
  std::shared_ptr<std::optional<Shared>> shared_ = std::make_shared<std::optional<Shared>>();
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
