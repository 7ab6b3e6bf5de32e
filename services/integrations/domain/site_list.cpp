#include "services/integrations/domain/site_list.hpp"

#include <algorithm>
#include <array>
#include <boost/describe.hpp>
#include <cmath>
#include <utility>

#include <fmt/format.h>

#include "services/integrations/domain/station_credentials.hpp"

namespace evc::integrations {
namespace {

struct FileConnector {
  std::int64_t id = 0;
  std::string type;
  double power_kw = 0;
};
BOOST_DESCRIBE_STRUCT(FileConnector, (), (id, type, power_kw))
struct FileSite {
  std::string id;
  std::string name;
  std::vector<FileConnector> connectors;
};
BOOST_DESCRIBE_STRUCT(FileSite, (), (id, name, connectors))
struct SiteFile {
  std::vector<FileSite> sites;
};
BOOST_DESCRIBE_STRUCT(SiteFile, (), (sites))

// The names of contracts/http/shared.yaml, ConnectorType.
std::string connector_type(std::string_view text) {
  if (text == "GB/T") return "GBT";
  static constexpr std::array<std::string_view, 4> kTypes{"CCS2", "Type2", "CHAdeMO", "GBT"};
  return std::ranges::find(kTypes, text) == kTypes.end() ? "other" : std::string(text);
}

}  // namespace

Result<std::vector<Site>> parse_sites(std::string_view text) {
  auto file = json::decode_text<SiteFile>(text, json::Unknown::kIgnore);
  if (!file) return std::unexpected(std::move(file).error());
  std::vector<Site> sites;
  sites.reserve(file->sites.size());
  for (auto& entry : file->sites) {
    if (!is_station_id(entry.id)) return fail(Code::kValidationFailed, "not a station id: " + entry.id);
    Site site{.station_id = std::move(entry.id), .name = std::move(entry.name)};
    for (const auto& connector : entry.connectors) {
      if (connector.id < 1 || connector.id > 255)
        return fail(Code::kValidationFailed, "connector id out of range at " + site.station_id);
      site.connectors.push_back({.id = connector.id,
                                 .type = connector_type(connector.type),
                                 .max_power_w = std::llround(connector.power_kw * 1000)});
    }
    sites.push_back(std::move(site));
  }
  return sites;
}

std::vector<Site> load_fleet(std::size_t count) {
  std::vector<Site> sites;
  sites.reserve(count);
  for (std::size_t number = 1; number <= count; ++number) {
    sites.push_back({.station_id = fmt::format("LOAD-{:05}", number),
                     .name = "load test",
                     .connectors = {{.id = 1, .type = "CCS2", .max_power_w = 60'000},
                                    {.id = 2, .type = "CCS2", .max_power_w = 60'000}}});
  }
  return sites;
}

}  // namespace evc::integrations
