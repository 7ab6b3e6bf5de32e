#include "services/routing/networks/network_watch.hpp"

#include <sys/stat.h>

#include "kit/telemetry/log.hpp"
#include "kit/telemetry/log_keys.hpp"
#include "kit/telemetry/metrics.hpp"
#include "services/routing/networks/load_network.hpp"

namespace evc::routing {
namespace {

// A country takes minutes.
constexpr std::chrono::hours kLoadTime{1};

void count(const char* outcome) {
  telemetry::metrics()
      .counter("routing_network_loads_total", "Road networks that were read, by what became of them",
               {{"outcome", outcome}})
      .add();
}

void tell(const LoadedNetwork& loaded, const std::string& folder) {
  telemetry::metrics()
      .gauge("routing_network_sites", "Charging sites of the network that trips are planned on")
      .set(static_cast<double>(loaded.network->sites().size()));
  EVC_LOG(kInfo, "Trips are planned on this network",
          {{telemetry::key::kReason, folder},
           {telemetry::key::kCount, static_cast<std::int64_t>(loaded.network->sites().size())}});
}

void tell_refused(const Error& error) {
  count("refused");
  EVC_LOG(kWarn, "The imported network is refused; what is there stays", {{telemetry::key::kReason, error.detail}});
}

}  // namespace

std::optional<FolderMark> mark_of(const std::string& folder) {
  const std::string path = folder + "/manifest.json";
  struct stat status{};
  std::error_code error;
  const auto written = std::filesystem::last_write_time(path, error);
  if (error || ::stat(path.c_str(), &status) != 0) return std::nullopt;
  return FolderMark{.written = written, .inode = status.st_ino};
}

Result<std::shared_ptr<const LoadedNetwork>> first_network(const NetworkFolders& folders,
                                                           const std::vector<ev::Vehicle>& vehicles) {
  for (const char* outcome : {"taken", "refused"}) {
    telemetry::metrics().counter("routing_network_loads_total", "Road networks that were read, by what became of them",
                                 {{"outcome", outcome}});
  }
  if (!folders.roads.empty() && mark_of(folders.roads)) {
    auto imported = load_imported(folders.roads, vehicles);
    if (imported) {
      tell(**imported, folders.roads);
      return imported;
    }
    tell_refused(imported.error());
  }
  auto shipped = load_shipped(folders.shipped, vehicles);
  if (shipped) tell(**shipped, folders.shipped);
  return shipped;
}

NetworkWatch::NetworkWatch(Worker& worker, std::shared_ptr<LiveNetwork> live, NetworkFolders folders,
                           std::optional<FolderMark> seen)
    : worker_(worker),
      live_(std::move(live)),
      folders_(std::move(folders)),
      seen_(seen),
      pool_({.name = "network", .threads = 1, .queue_limit = 1, .nice = 10}) {}

Task<> NetworkWatch::run() {
  while (!worker_.tasks().cancelled()) {
    co_await sleep_for(worker_, kLookEvery);
    co_await look();
  }
}

Task<> NetworkWatch::stop() {
  stopping_->store(true);
  co_return;
}

Task<> NetworkWatch::look() {
  const auto mark = mark_of(folders_.roads);
  gone_ = mark ? 0 : gone_ + 1;
  if (mark == seen_ || (!mark && gone_ < kGoneLooks)) co_return;
  // Seen whatever comes of it: a broken one is told of once.
  seen_ = mark;
  co_await take(mark);
}

Task<> NetworkWatch::take(std::optional<FolderMark> mark) {
  const std::string folder = mark ? folders_.roads : folders_.shipped;
  auto load = [folder, imported = mark.has_value(), vehicles = live_->current()->vehicles, stopping = stopping_] {
    return imported ? load_imported(folder, vehicles, [stopping] { return stopping->load(); })
                    : load_shipped(folder, vehicles);
  };
  auto outcome = co_await pool_.run(worker_, system_clock().steady() + kLoadTime, std::move(load));
  if (!outcome || stopping_->load()) co_return;
  if (!*outcome) {
    tell_refused(outcome->error());
    co_return;
  }
  live_->put(**outcome);
  count("taken");
  tell(***outcome, folder);
}

}  // namespace evc::routing
