#include "services/routing/api/trip_parameters.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <map>

#include "kit/base/clock.hpp"

namespace evc::routing {
namespace {

constexpr std::size_t kViaLimit = 10;
constexpr std::size_t kListLimit = 100;
// One hour of a driver's time in minor units, when money and time are mixed: R$ 40.
constexpr double kMinorPerHour = 4000;

std::optional<double> number(std::string_view text) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || !std::isfinite(value)) return std::nullopt;
  return value;
}

std::vector<std::string> comma_list(std::string_view text) {
  std::vector<std::string> parts;
  for (std::size_t at = 0; at <= text.size();) {
    const std::size_t end = std::min(text.find(',', at), text.size());
    if (end > at) parts.emplace_back(text.substr(at, end - at));
    at = end + 1;
  }
  return parts;
}

using NumberMember = std::optional<double> TripParameters::*;
using ListMember = std::optional<std::vector<std::string>> TripParameters::*;
using TextMember = std::optional<std::string> TripParameters::*;

struct NumberRule {
  NumberMember member;
  double low, high;
  bool whole;
};

const std::map<std::string_view, NumberRule> kNumbers{
    {"soc", {&TripParameters::soc, 0, 1, false}},
    {"minStopSoc", {&TripParameters::min_stop_soc, 0, 1, false}},
    {"minArrivalSoc", {&TripParameters::min_arrival_soc, 0, 1, false}},
    {"maxChargeSoc", {&TripParameters::max_charge_soc, 0, 1, false}},
    {"minPowerKw", {&TripParameters::min_power_kw, 0, 1000, false}},
    {"overheadSeconds", {&TripParameters::overhead_seconds, 0, 3600, true}},
    {"temperatureC", {&TripParameters::temperature_c, -30, 50, false}},
    {"windMps", {&TripParameters::wind_mps, 0, 50, false}},
    {"windFromDeg", {&TripParameters::wind_from_deg, 0, 360, false}},
    {"payloadKg", {&TripParameters::payload_kg, 0, 1500, false}},
    {"maxSpeedKmh", {&TripParameters::max_speed_kmh, 50, 200, false}},
    {"consumptionFactor", {&TripParameters::consumption_factor, 0.5, 2, false}},
    {"poiDetourSeconds", {&TripParameters::poi_detour_seconds, 0, 3600, true}},
    {"alternatives", {&TripParameters::alternatives, 0, 5, true}}};
const std::map<std::string_view, ListMember> kLists{{"connectors", &TripParameters::connectors},
                                                    {"networks", &TripParameters::networks},
                                                    {"avoidNetworks", &TripParameters::avoid_networks},
                                                    {"exclude", &TripParameters::exclude},
                                                    {"pois", &TripParameters::pois}};
const std::map<std::string_view, TextMember> kTexts{{"vehicle", &TripParameters::vehicle},
                                                    {"objective", &TripParameters::objective},
                                                    {"departAt", &TripParameters::depart_at},
                                                    {"locale", &TripParameters::locale},
                                                    {"geometryFormat", &TripParameters::geometry_format}};

// Collects what is wrong; the pointer follows the source.
class Complaints {
 public:
  explicit Complaints(Source source) : prefix_(source == Source::kQuery ? "?" : "/") {}
  void add(std::string_view name, std::string detail) {
    error_.fields.push_back({prefix_ + std::string(name), std::move(detail)});
  }
  bool any() const { return !error_.fields.empty(); }
  std::unexpected<Error> result() { return std::unexpected(std::move(error_)); }

 private:
  std::string prefix_;
  Error error_{.code = Code::kValidationFailed};
};

void set_query_value(TripParameters& parameters, std::string_view name, std::string_view value,
                     Complaints& complaints) {
  if (name == "from" || name == "to") {
    (name == "from" ? parameters.from : parameters.to) = value;
  } else if (name == "via") {
    if (!parameters.via) parameters.via.emplace();
    parameters.via->emplace_back(value);
  } else if (const auto text = kTexts.find(name); text != kTexts.end()) {
    parameters.*(text->second) = std::string(value);
  } else if (const auto list = kLists.find(name); list != kLists.end()) {
    parameters.*(list->second) = comma_list(value);
  } else if (const auto rule = kNumbers.find(name); rule != kNumbers.end()) {
    const auto parsed = number(value);
    if (!parsed) complaints.add(name, "must be a number");
    parameters.*(rule->second.member) = parsed;
  } else {
    complaints.add(name, "unknown parameter");
  }
}

// "lat,lon" or "place:<id>".
std::optional<Location> location(std::string_view text, std::string_view name, const LoadedNetwork& loaded,
                                 Complaints& complaints, std::optional<Error>& missing) {
  if (text.starts_with("place:")) {
    const auto node = loaded.network->find_place(text.substr(6));
    if (!node && !missing)
      missing =
          Error{.code = Code::kPlaceNotFound, .detail = std::string(name) + ": " + std::string(text.substr(0, 80))};
    return Location{.place = node};
  }
  const std::size_t comma = text.find(',');
  const auto lat = comma == std::string_view::npos ? std::nullopt : number(text.substr(0, comma));
  const auto lon = comma == std::string_view::npos ? std::nullopt : number(text.substr(comma + 1));
  if (!lat || !lon || std::abs(*lat) > 90 || std::abs(*lon) > 180) {
    complaints.add(name, text.empty() ? "is required" : "must be lat,lon or place:<id>");
    return std::nullopt;
  }
  return Location{.position = {*lat, *lon}};
}

void read_vias(const TripParameters& parameters, TripRequest& request, const LoadedNetwork& loaded,
               Complaints& complaints, std::optional<Error>& missing) {
  if (!parameters.via) return;
  if (parameters.via->size() > kViaLimit) complaints.add("via", "at most 10");
  for (const std::string& text : *parameters.via) {
    std::string_view point = text;
    double dwell = 0;
    if (const std::size_t at = point.find(';'); at != std::string_view::npos) {
      std::string_view rest = point.substr(at + 1);
      point = point.substr(0, at);
      const auto seconds = rest.starts_with("dwell=") ? number(rest.substr(6)) : std::nullopt;
      if (!seconds || *seconds < 0 || *seconds > 999'999) complaints.add("via", "after ; only dwell=<seconds>");
      dwell = seconds.value_or(0);
    }
    if (const auto where = location(point, "via", loaded, complaints, missing)) request.via.push_back({*where, dwell});
  }
}

std::optional<Objective> objective(std::string_view text) {
  if (text == "time") return Objective{.time_weight = 1, .money_weight = 0};
  // A trace of time decides between plans of equal price.
  if (text == "money") return Objective{.time_weight = 0.02, .money_weight = 3600 / kMinorPerHour};
  if (!text.starts_with("mixed:")) return std::nullopt;
  const auto share = number(text.substr(6));
  if (!share || *share < 0 || *share > 1) return std::nullopt;
  return Objective{.time_weight = std::max(0.02, 1 - *share), .money_weight = *share * 3600 / kMinorPerHour};
}

// The local time of the week at the start, as its offset has it.
std::optional<double> week_second(const std::string& depart_at) {
  constexpr std::size_t kLocalPart = 19;  // 2026-01-31T08:00:00
  const auto local = parse_rfc3339(depart_at.substr(0, kLocalPart) + "Z");
  if (!local) return std::nullopt;
  const auto day = std::chrono::floor<std::chrono::days>(*local);
  const unsigned monday_based = std::chrono::weekday(day).iso_encoding() - 1;
  return monday_based * 86'400.0 + std::chrono::duration<double>(*local - day).count();
}

void read_departure(const TripParameters& parameters, AskedTrip& asked, Complaints& complaints) {
  if (!parameters.depart_at) return;
  const auto time = parse_rfc3339(*parameters.depart_at);
  asked.trip.depart_week_second = time ? week_second(*parameters.depart_at) : std::nullopt;
  if (!asked.trip.depart_week_second) {
    complaints.add("departAt", "must be an RFC 3339 time");
    return;
  }
  asked.style.depart_at = *time;
}

void read_pois(const TripParameters& parameters, TripRequest& request, Complaints& complaints) {
  static const std::map<std::string_view, PoiKind> kinds{
      {"food", PoiKind::kFood}, {"toilet", PoiKind::kToilet}, {"rest", PoiKind::kRest}};
  for (const std::string& name : parameters.pois.value_or(std::vector<std::string>{})) {
    const auto kind = kinds.find(name);
    if (kind == kinds.end()) {
      complaints.add("pois", "only food, toilet and rest");
      return;
    }
    if (std::ranges::find(request.pois.kinds, kind->second) != request.pois.kinds.end()) {
      complaints.add("pois", "each kind once");
      return;
    }
    request.pois.kinds.push_back(kind->second);
  }
  request.pois.detour_seconds = parameters.poi_detour_seconds.value_or(request.pois.detour_seconds);
}

void read_style(const TripParameters& parameters, AnswerStyle& style, Complaints& complaints) {
  if (parameters.locale) {
    const auto language = language_of(*parameters.locale);
    if (!language) complaints.add("locale", "must be pt-BR, en or es");
    style.language = language.value_or(style.language);
  }
  const std::string format = parameters.geometry_format.value_or("geojson");
  if (format == "polyline6") {
    style.geometry = AnswerStyle::Geometry::kPolyline6;
  } else if (format != "geojson") {
    complaints.add("geometryFormat", "must be geojson or polyline6");
  }
}

void check_texts(const TripParameters& parameters, TripRequest& request, Complaints& complaints) {
  if (parameters.objective) {
    const auto wanted = objective(*parameters.objective);
    if (!wanted) complaints.add("objective", "must be time, money or mixed:<share of money>");
    request.objective = wanted.value_or(Objective{});
  }
  for (const auto& [name, member] : kLists) {
    if ((parameters.*member) && (parameters.*member)->size() > kListLimit) complaints.add(name, "at most 100 entries");
  }
}

void check_numbers(const TripParameters& parameters, Complaints& complaints) {
  for (const auto& [name, rule] : kNumbers) {
    const auto& value = parameters.*(rule.member);
    if (!value) continue;
    if (!(*value >= rule.low && *value <= rule.high)) {
      complaints.add(name, fmt::format("must be {:g} to {:g}", rule.low, rule.high));
    } else if (rule.whole && *value != std::floor(*value)) {
      complaints.add(name, "must be an integer");
    }
  }
}

void take_over(const TripParameters& parameters, TripRequest& request) {
  const auto set = [](double& target, const std::optional<double>& value) { target = value.value_or(target); };
  set(request.soc, parameters.soc);
  set(request.min_stop_soc, parameters.min_stop_soc);
  set(request.min_arrival_soc, parameters.min_arrival_soc);
  set(request.max_charge_soc, parameters.max_charge_soc);
  set(request.filter.min_power_kw, parameters.min_power_kw);
  set(request.overhead_seconds, parameters.overhead_seconds);
  set(request.conditions.temperature_c, parameters.temperature_c);
  set(request.conditions.payload_kg, parameters.payload_kg);
  set(request.wind.speed_mps, parameters.wind_mps);
  set(request.wind.from_deg, parameters.wind_from_deg);
  set(request.max_speed_kmh, parameters.max_speed_kmh);
  set(request.conditions.consumption_factor, parameters.consumption_factor);
  request.alternatives = static_cast<int>(parameters.alternatives.value_or(0));
  request.filter.connectors = parameters.connectors.value_or(std::vector<std::string>{});
  request.filter.networks = parameters.networks.value_or(std::vector<std::string>{});
  request.filter.avoid_networks = parameters.avoid_networks.value_or(std::vector<std::string>{});
  request.filter.exclude = parameters.exclude.value_or(std::vector<std::string>{});
}

}  // namespace

Result<TripParameters> parameters_of_query(const http::Query& query) {
  TripParameters parameters;
  Complaints complaints(Source::kQuery);
  std::vector<std::string_view> seen;
  for (const auto& [name, value] : query.all()) {
    if (name != "via" && std::ranges::find(seen, name) != seen.end()) complaints.add(name, "occurs twice");
    seen.push_back(name);
    set_query_value(parameters, name, value, complaints);
  }
  if (complaints.any()) return complaints.result();
  return parameters;
}

Result<AskedTrip> trip_request(const TripParameters& parameters, Source source, const LoadedNetwork& loaded) {
  Complaints complaints(source);
  std::optional<Error> missing;
  AskedTrip asked;
  TripRequest& request = asked.trip;
  if (const auto from = location(parameters.from, "from", loaded, complaints, missing)) request.from = *from;
  if (const auto to = location(parameters.to, "to", loaded, complaints, missing)) request.to = *to;
  read_vias(parameters, request, loaded, complaints, missing);
  check_texts(parameters, request, complaints);
  read_departure(parameters, asked, complaints);
  read_pois(parameters, request, complaints);
  read_style(parameters, asked.style, complaints);
  check_numbers(parameters, complaints);
  if (complaints.any()) return complaints.result();
  // Only now: a number out of its range may not fit the type that takes it.
  take_over(parameters, request);
  if (request.max_charge_soc <= request.min_stop_soc) {
    complaints.add("maxChargeSoc", "must be greater than minStopSoc");
    return complaints.result();
  }
  if (missing) return std::unexpected(std::move(*missing));
  const std::string_view vehicle = parameters.vehicle ? std::string_view(*parameters.vehicle) : kDefaultVehicle;
  const ev::Vehicle* found = loaded.find_vehicle(vehicle);
  if (found == nullptr) return fail(Code::kVehicleNotFound, "GET /routing/vehicles lists the models");
  request.vehicle = *found;
  return asked;
}

}  // namespace evc::routing
