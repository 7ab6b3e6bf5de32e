#include "services/routing/import/charging_tags.hpp"

#include <algorithm>
#include <charconv>
#include <string>

namespace evc::routing {
namespace {

struct SocketRow {
  std::string_view key;
  std::string_view type;
  std::string_view current;
  double usual_kw;  // where the map says none
};
constexpr SocketRow kSockets[] = {
    {"type2_combo", "CCS2", "DC", 50}, {"type1_combo", "CCS1", "DC", 50},  {"chademo", "CHAdeMO", "DC", 50},
    {"type2", "Type2", "AC", 22},      {"type2_cable", "Type2", "AC", 22}, {"type1", "Type1", "AC", 7},
    {"type1_cable", "Type1", "AC", 7}, {"nacs", "NACS", "DC", 150},        {"tesla_supercharger", "NACS", "DC", 120},
};
constexpr std::int64_t kMostSockets = 200;

std::int64_t count_of(std::string_view text) {
  std::int64_t count = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), count);
  if (error == std::errc() && end == text.data() + text.size()) return std::clamp(count, std::int64_t{0}, kMostSockets);
  return text == "no" ? 0 : 1;
}

}  // namespace

std::optional<double> power_kw(std::string_view text) {
  std::optional<double> most;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(';'), text.size());
    std::string_view part = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    while (part.starts_with(' ')) part.remove_prefix(1);
    double number = 0;
    const auto [rest, error] = std::from_chars(part.data(), part.data() + part.size(), number);
    if (error != std::errc()) continue;
    std::string_view unit = part.substr(static_cast<std::size_t>(rest - part.data()));
    while (unit.starts_with(' ')) unit.remove_prefix(1);
    if (unit.starts_with('W') || unit.starts_with('w') || unit.starts_with("VA")) number /= 1'000;
    if (number >= 1 && number <= 1'000) most = std::max(most.value_or(0), number);
  }
  return most;
}

std::optional<roads::ChargingStation> charging_station(const Tags& tags) {
  if (tags["amenity"] != "charging_station") return std::nullopt;
  if (tags["access"] == "private" || tags["access"] == "no" || tags["motorcar"] == "no") return std::nullopt;
  roads::ChargingStation station{.name = std::string(tags["name"]),
                                 .network = std::string(tags["network"].empty() ? tags["operator"] : tags["network"])};
  for (const SocketRow& row : kSockets) {
    const std::string key = "socket:" + std::string(row.key);
    const std::string_view value = tags[key];
    if (value.empty()) continue;
    const std::int64_t count = count_of(value);
    if (count == 0) continue;
    auto power = power_kw(tags[key + ":output"]);
    if (!power) power = power_kw(tags["charging_station:output"]);
    station.sockets.push_back({.type = std::string(row.type),
                               .current = std::string(row.current),
                               .power_kw = power.value_or(row.usual_kw),
                               .power_estimated = !power,
                               .count = count});
  }
  if (!tags["fee"].empty()) station.fee = tags["fee"] != "no";
  if (!tags["opening_hours"].empty()) station.opening_hours = std::string(tags["opening_hours"]);
  return station;
}

}  // namespace evc::routing
