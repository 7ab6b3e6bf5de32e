#include "services/integrations/ocpp/station_provisioning.hpp"

#include <fstream>
#include <iterator>
#include <stdexcept>

#include "kit/telemetry/log.hpp"
#include "services/integrations/domain/station_credentials.hpp"

namespace evc::integrations {
namespace {

constexpr std::chrono::milliseconds kPause{500};
constexpr std::chrono::milliseconds kStepLimit{60'000};

std::vector<Site> read_sites(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) throw std::runtime_error("stations.sites_file cannot be read: " + path);
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  auto sites = parse_sites(text);
  if (!sites) throw std::runtime_error("stations.sites_file " + path + ": " + sites.error().detail);
  return std::move(*sites);
}

}  // namespace

StationProvisioning::StationProvisioning(const std::string& sites_file, std::size_t fleet_size,
                                         const Secret<std::string>& fleet_secret) {
  auto sites = read_sites(sites_file);
  for (auto& site : load_fleet(fleet_size)) sites.push_back(std::move(site));
  for (auto& site : sites) {
    auto digest = password_digest(station_password(fleet_secret, site.station_id));
    stations_.push_back({.site = std::move(site), .password_sha256 = std::move(digest)});
  }
}

Task<> StationProvisioning::run(Worker& worker, postgres::Pool& pool) {
  while (!is_done_ && !worker.tasks().cancelled()) {
    RequestContext context = background_context(kStepLimit);
    auto changed = co_await store::provision(context, pool, stations_);
    is_done_ = changed.has_value();
    if (is_done_) {
      EVC_LOG(kInfo, "Stations are provisioned",
              {{telemetry::key::kCount, static_cast<std::int64_t>(stations_.size())}});
      stations_.clear();
      co_return;
    }
    EVC_LOG(kWarn, "Stations could not be provisioned yet", {{telemetry::key::kErrorDetail, changed.error().detail}});
    co_await sleep_for(worker, kPause);
  }
}

Task<Result<void>> StationProvisioning::ready() const {
  if (is_done_) co_return Result<void>{};
  co_return fail(Code::kServiceUnavailable, "the stations are not provisioned yet");
}

}  // namespace evc::integrations
