#include "services/routing/import/car_rules.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <string>

#include "services/routing/domain/roads/speed_slope.hpp"

namespace evc::routing {
namespace {

using roads::RoadClass;

struct HighwayRow {
  std::string_view value;
  RoadClass road_class;
  double kmh;  // where no limit is written
};
constexpr HighwayRow kHighways[] = {
    {"motorway", RoadClass::kMotorway, 110},
    {"motorway_link", RoadClass::kMotorway, 60},
    {"trunk", RoadClass::kTrunk, 90},
    {"trunk_link", RoadClass::kTrunk, 50},
    {"primary", RoadClass::kPrimary, 70},
    {"primary_link", RoadClass::kPrimary, 45},
    {"secondary", RoadClass::kSecondary, 60},
    {"secondary_link", RoadClass::kSecondary, 40},
    {"tertiary", RoadClass::kTertiary, 50},
    {"tertiary_link", RoadClass::kTertiary, 35},
    {"unclassified", RoadClass::kUnclassified, 40},
    {"road", RoadClass::kUnclassified, 30},
    {"residential", RoadClass::kResidential, 30},
    {"living_street", RoadClass::kResidential, 10},
    {"service", RoadClass::kService, 15},
};

// Streets are driven a little below their limit.
constexpr double kShareOfLimit = 0.95;
constexpr double kUnpavedKmh = 40;
constexpr double kCompactedKmh = 60;
constexpr double kParkingKmh = 10;
constexpr double kMilesKmh = 1.609344;

template <std::size_t N>
constexpr bool any_of(std::string_view value, const std::array<std::string_view, N>& list) {
  return std::ranges::find(list, value) != list.end();
}

constexpr std::array<std::string_view, 9> kClosed = {"no",       "private",  "agricultural", "forestry", "emergency",
                                                     "delivery", "military", "bus",          "psv"};
constexpr std::array<std::string_view, 8> kOpen = {"yes",       "designated", "permissive", "destination",
                                                   "customers", "official",   "public",     "permit"};

// The most particular key that is there decides.
enum class Access { kOpen, kClosed, kUnsaid };
Access access_of(const Tags& tags) {
  for (const std::string_view key : {"motorcar", "motor_vehicle", "vehicle", "access"}) {
    const std::string_view value = tags[key];
    if (any_of(value, kClosed)) return Access::kClosed;
    if (any_of(value, kOpen)) return Access::kOpen;
  }
  return Access::kUnsaid;
}

std::optional<double> number_at_start(std::string_view text, std::string_view& rest) {
  double number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || !std::isfinite(number)) return std::nullopt;  // "nan" and "inf" are numbers to it
  rest = text.substr(static_cast<std::size_t>(end - text.data()));
  return number;
}

struct Directions {
  bool along = true;
  bool against = true;
};

Directions directions_of(const Tags& tags) {
  const std::string_view oneway = tags["oneway:motorcar"].empty() ? tags["oneway"] : tags["oneway:motorcar"];
  if (oneway == "-1" || oneway == "reverse") return {false, true};
  if (oneway == "yes" || oneway == "1" || oneway == "true") return {true, false};
  if (oneway == "no" || oneway == "0" || oneway == "false") return {true, true};
  // Their direction changes with the hour: nothing can be promised.
  if (oneway == "reversible" || oneway == "alternating") return {false, false};
  const std::string_view junction = tags["junction"], highway = tags["highway"];
  if (junction == "roundabout" || junction == "circular") return {true, false};
  if (highway == "motorway" || highway == "motorway_link") return {true, false};
  return {true, true};
}

double most_on_surface(const Tags& tags) {
  constexpr std::array<std::string_view, 9> kUnpaved = {"unpaved", "gravel", "dirt",  "ground",     "earth",
                                                        "sand",    "mud",    "grass", "pebblestone"};
  constexpr std::array<std::string_view, 3> kCompacted = {"compacted", "fine_gravel", "sett"};
  if (any_of(tags["surface"], kUnpaved)) return kUnpavedKmh;
  if (any_of(tags["surface"], kCompacted) || tags["surface"] == "cobblestone") return kCompactedKmh;
  return 1'000;
}

double kmh_one_way(const Tags& tags, double usual, std::string_view directed_key) {
  const auto directed = speed_limit_kmh(tags[directed_key]);
  const auto limit = directed ? directed : speed_limit_kmh(tags["maxspeed"]);
  double kmh = limit ? *limit * kShareOfLimit : usual;
  const std::string_view service = tags["service"];
  if (service == "parking_aisle" || service == "driveway" || service == "drive-through")
    kmh = std::min(kmh, kParkingKmh);
  return std::min(kmh, most_on_surface(tags));
}

bool said(std::string_view value) {
  return !value.empty() && value != "no";
}

std::optional<CarWay> ferry(const Tags& tags) {
  const Access access = access_of(tags);
  const bool for_people = tags["foot"] == "only" || tags["motor_vehicle"] == "no";
  if (access == Access::kClosed || for_people) return std::nullopt;
  CarWay way{.road_class = RoadClass::kFerry};
  const Directions open = directions_of(tags);
  way.speed_along = open.along ? 1 : 0;
  way.speed_against = open.against ? 1 : 0;
  if (const auto seconds = duration_seconds(tags["duration"]))
    way.ferry_ms = static_cast<std::uint32_t>(std::min(*seconds, 400'000.0) * 1'000);
  return way;
}

}  // namespace

std::optional<double> speed_limit_kmh(std::string_view text) {
  if (text.empty()) return std::nullopt;
  if (text == "none") return 130;
  if (text == "walk" || text.ends_with(":walk") || text.ends_with(":living_street")) return 7;
  if (text.ends_with(":urban")) return 50;
  if (text.ends_with(":rural")) return 90;
  if (text.ends_with(":motorway")) return 110;
  std::string_view unit;
  const auto number = number_at_start(text, unit);
  if (!number || !(*number > 0 && *number <= 300)) return std::nullopt;
  return unit.find("mph") != std::string_view::npos ? *number * kMilesKmh : *number;
}

std::optional<double> duration_seconds(std::string_view text) {
  const bool iso = text.starts_with("PT");
  if (iso) text.remove_prefix(2);
  double seconds = 0;
  std::array<double, 3> parts{};
  std::size_t count = 0;
  while (!text.empty() && count < 3) {
    std::string_view rest;
    const auto number = number_at_start(text, rest);
    if (!number || *number < 0) return std::nullopt;
    if (iso) {
      const char unit = rest.empty() ? ' ' : rest.front();
      if (unit != 'H' && unit != 'M' && unit != 'S') return std::nullopt;
      seconds += *number * (unit == 'H' ? 3'600 : unit == 'M' ? 60 : 1);
    } else if (!rest.empty() && rest.front() != ':') {
      return std::nullopt;
    }
    parts[count++] = *number;
    text = rest.empty() ? rest : rest.substr(1);
  }
  if (count == 0) return std::nullopt;
  if (iso) return seconds;
  if (count == 1) return parts[0] * 60;
  return parts[0] * 3'600 + parts[1] * 60 + parts[2];
}

std::optional<CarWay> car_way(const Tags& tags) {
  if (tags["route"] == "ferry") return ferry(tags);
  if (tags["area"] == "yes") return std::nullopt;
  const std::string_view highway = tags["highway"];
  const auto row = std::ranges::find(kHighways, highway, &HighwayRow::value);
  const Access access = access_of(tags);
  const bool track = highway == "track" && access == Access::kOpen;
  if ((row == std::end(kHighways) && !track) || access == Access::kClosed) return std::nullopt;
  CarWay way{.road_class = track ? RoadClass::kService : row->road_class};
  const double usual = track ? 15 : row->kmh;
  const Directions open = directions_of(tags);
  if (!open.along && !open.against) return std::nullopt;
  if (open.along) way.speed_along = roads::speed_class(kmh_one_way(tags, usual, "maxspeed:forward"));
  if (open.against) way.speed_against = roads::speed_class(kmh_one_way(tags, usual, "maxspeed:backward"));
  way.toll = tags["toll"] == "yes";
  way.off_ground = said(tags["bridge"]) || said(tags["tunnel"]);
  return way;
}

CarNode car_node(const Tags& tags) {
  CarNode node;
  if (tags["highway"] == "traffic_signals") node.delay_ms = 6'000;
  if (tags["highway"] == "stop") node.delay_ms = 2'000;
  const std::string_view barrier = tags["barrier"];
  if (barrier.empty()) return node;
  constexpr std::array<std::string_view, 10> kPassed = {
      "no",        "entrance",          "cattle_grid", "border_control", "gate",
      "lift_gate", "height_restrictor", "toll_booth",  "sally_port",     "kerb"};
  const Access access = access_of(tags);
  node.blocked = access == Access::kClosed || (access == Access::kUnsaid && !any_of(barrier, kPassed));
  if (barrier == "toll_booth" || barrier == "border_control") node.delay_ms = 15'000;
  if (barrier == "gate" || barrier == "lift_gate") node.delay_ms = 20'000;
  return node;
}

std::optional<Restriction> car_restriction(const Tags& tags) {
  if (tags["type"] != "restriction") return std::nullopt;
  for (const std::string_view freed : {"motorcar", "motor_vehicle"}) {
    if (tags["except"].find(freed) != std::string_view::npos) return std::nullopt;
  }
  const std::string_view particular = tags["restriction:motorcar"];
  const std::string_view kind = particular.empty() ? tags["restriction"] : particular;
  if (kind.starts_with("no_") && kind != "no_entry" && kind != "no_exit") return Restriction::kForbids;
  if (kind.starts_with("only_")) return Restriction::kDemands;
  return std::nullopt;
}

}  // namespace evc::routing
