#include "simulators/charge_point/domain/fleet_plan.hpp"

#include <algorithm>
#include <boost/describe.hpp>
#include <charconv>
#include <cmath>
#include <map>
#include <numbers>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "kit/base/json.hpp"

namespace evc::charge_point {
namespace {

struct FileConnector {
  std::int64_t id = 0;
  double power_kw = 0;
  std::string current;
};
BOOST_DESCRIBE_STRUCT(FileConnector, (), (id, power_kw, current))
struct FileSite {
  std::string id;
  double lat = 0;
  double lon = 0;
  std::vector<FileConnector> connectors;
};
BOOST_DESCRIBE_STRUCT(FileSite, (), (id, lat, lon, connectors))
struct SiteFile {
  std::vector<FileSite> sites;
};
BOOST_DESCRIBE_STRUCT(SiteFile, (), (sites))

class Curves {
 public:
  explicit Curves(const ev::Vehicle& car) : car_(&car) {}
  std::shared_ptr<const ev::ChargingCurve> at(double power_kw, ev::Current current) {
    auto& curve = curves_[{power_kw, current}];
    if (!curve) curve = std::make_shared<const ev::ChargingCurve>(*car_, power_kw, current);
    return curve;
  }

 private:
  const ev::Vehicle* car_;
  std::map<std::pair<double, ev::Current>, std::shared_ptr<const ev::ChargingCurve>> curves_;
};

// On a plane around the point: good to a percent over the few tens of kilometres that matter here.
double distance_km(const Position& point, const Position& from, const Position& to) {
  constexpr double kKmPerDegree = 111.32;
  const double shrink = std::cos(point.lat * std::numbers::pi / 180);
  const double ax = (from.lon - point.lon) * shrink, ay = from.lat - point.lat;
  const double dx = (to.lon - from.lon) * shrink, dy = to.lat - from.lat;
  const double length = dx * dx + dy * dy;
  const double along = length == 0 ? 0 : std::clamp(-(ax * dx + ay * dy) / length, 0.0, 1.0);
  return std::hypot(ax + along * dx, ay + along * dy) * kKmPerDegree;
}

bool is_near(const FileSite& site, const FleetOptions& options) {
  for (std::size_t i = 1; i < options.corridor.size(); ++i) {
    if (distance_km({.lat = site.lat, .lon = site.lon}, options.corridor[i - 1], options.corridor[i]) <=
        options.corridor_km)
      return true;
  }
  return false;
}

std::optional<double> number(std::string_view text) {
  double value = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), value);
  if (parsed.ec != std::errc{} || parsed.ptr != text.data() + text.size()) return std::nullopt;
  return value;
}

}  // namespace

Result<std::vector<Position>> parse_corridor(std::string_view text) {
  std::vector<Position> corridor;
  while (!text.empty()) {
    const auto space = text.find(' ');
    const auto point = text.substr(0, space);
    text = space == std::string_view::npos ? std::string_view{} : text.substr(space + 1);
    if (point.empty()) continue;
    const auto comma = point.find(',');
    const auto lat = number(point.substr(0, comma));
    const auto lon = comma == std::string_view::npos ? std::nullopt : number(point.substr(comma + 1));
    if (!lat || !lon) return fail(Code::kValidationFailed, "not a position: " + std::string(point));
    corridor.push_back({.lat = *lat, .lon = *lon});
  }
  return corridor;
}

Result<std::vector<StationPlan>> plan_sites(std::string_view sites_json, const FleetOptions& options,
                                            const ev::Vehicle& car) {
  const auto file = json::decode_text<SiteFile>(sites_json, json::Unknown::kIgnore);
  if (!file) return std::unexpected(file.error());
  Curves curves(car);
  std::vector<StationPlan> plans;
  std::int64_t others = 0;
  for (const auto& site : file->sites) {
    const bool is_chosen = is_near(site, options) || (options.every > 0 && others++ % options.every == 0);
    if (!is_chosen) continue;
    StationPlan plan{
        .station_id = site.id, .model = "Sim-DC", .seed = options.seed * 1'000'003 + std::hash<std::string>{}(site.id)};
    for (const auto& connector : site.connectors) {
      plan.connectors.push_back(
          {.id = connector.id,
           .curve = curves.at(connector.power_kw, connector.current == "AC" ? ev::Current::kAc : ev::Current::kDc)});
    }
    plans.push_back(std::move(plan));
  }
  return plans;
}

std::vector<StationPlan> plan_load_fleet(std::size_t count, std::uint64_t seed, const ev::Vehicle& car) {
  Curves curves(car);
  const auto curve = curves.at(60, ev::Current::kDc);
  std::vector<StationPlan> plans;
  plans.reserve(count);
  for (std::size_t n = 1; n <= count; ++n) {
    plans.push_back({.station_id = fmt::format("LOAD-{:05}", n),
                     .model = "Sim-60",
                     .connectors = {{.id = 1, .curve = curve}, {.id = 2, .curve = curve}},
                     .seed = seed * 1'000'003 + n});
  }
  return plans;
}

}  // namespace evc::charge_point
