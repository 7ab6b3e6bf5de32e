#include "services/routing/domain/frvcp/instance.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <optional>
#include <string>

#include "kit/base/json.hpp"

namespace evc::routing::frvcp {
namespace {

// The published members; names are snake case there, so they are read by hand and not by the codec.
const json::Value* member(const json::Object& object, std::string_view name) {
  const auto at = object.find(name);
  return at == object.end() ? nullptr : &at->value();
}

std::optional<double> number(const json::Value* value) {
  if (value == nullptr || !value->is_number()) return std::nullopt;
  return value->to_number<double>();
}

std::optional<std::size_t> index(const json::Value* value) {
  const auto parsed = number(value);
  if (!parsed || *parsed < 0 || *parsed > 1e6 || *parsed != std::floor(*parsed)) return std::nullopt;
  return static_cast<std::size_t>(*parsed);
}

Result<std::vector<double>> numbers(const json::Value* value, const std::string& pointer) {
  if (value == nullptr || !value->is_array()) return fail_field(pointer, "must be a list of numbers");
  std::vector<double> list;
  for (const json::Value& one : value->as_array()) {
    const auto parsed = number(&one);
    if (!parsed) return fail_field(pointer + "/" + std::to_string(list.size()), "must be a number");
    list.push_back(*parsed);
  }
  return list;
}

Result<std::vector<double>> matrix(const json::Object& root, const std::string& name, std::size_t& nodes) {
  const json::Value* value = member(root, name);
  if (value == nullptr || !value->is_array() || value->as_array().empty())
    return fail_field("/" + name, "must be a list of rows");
  const json::Array& rows = value->as_array();
  if (nodes == 0) nodes = rows.size();
  if (rows.size() != nodes) return fail_field("/" + name, "must have as many rows as there are nodes");
  if (nodes > Instance::kMostNodes) return fail_field("/" + name, "at most 2000 nodes");
  std::vector<double> cells;
  cells.reserve(nodes * nodes);
  for (std::size_t row = 0; row < nodes; ++row) {
    const std::string pointer = "/" + name + "/" + std::to_string(row);
    EVC_TRY(line, numbers(&rows[row], pointer));
    if (line.size() != nodes) return fail_field(pointer, "must have as many numbers as there are nodes");
    cells.insert(cells.end(), line.begin(), line.end());
  }
  return cells;
}

Result<std::map<std::size_t, std::uint32_t>> read_functions(const json::Object& root, Parts& parts) {
  const json::Value* list = member(root, "breakpoints_by_type");
  if (list == nullptr || !list->is_array()) return fail_field("/breakpoints_by_type", "must be a list");
  std::map<std::size_t, std::uint32_t> types;
  for (std::size_t i = 0; i < list->as_array().size(); ++i) {
    const std::string pointer = "/breakpoints_by_type/" + std::to_string(i);
    const json::Object* row = list->as_array()[i].if_object();
    const auto type = row == nullptr ? std::nullopt : index(member(*row, "cs_type"));
    if (!type) return fail_field(pointer + "/cs_type", "must be a number");
    EVC_TRY(time, numbers(member(*row, "time"), pointer + "/time"));
    EVC_TRY(charge, numbers(member(*row, "charge"), pointer + "/charge"));
    if (time.size() != charge.size()) return fail_field(pointer, "time and charge must be equally long");
    std::vector<ChargeFunction::Point> points;
    for (std::size_t k = 0; k < time.size(); ++k) points.push_back({charge[k], time[k]});
    auto function = ChargeFunction::make(std::move(points));
    if (!function) return fail_field(pointer + function.error().fields[0].pointer, function.error().fields[0].detail);
    if (!types.emplace(*type, static_cast<std::uint32_t>(parts.functions.size())).second)
      return fail_field(pointer + "/cs_type", "occurs twice");
    parts.functions.push_back(std::move(*function));
  }
  return types;
}

Result<void> read_stations(const json::Object& root, Parts& parts) {
  EVC_TRY(types, read_functions(root, parts));
  const json::Value* list = member(root, "css");
  if (list == nullptr || !list->is_array()) return fail_field("/css", "must be a list");
  for (std::size_t i = 0; i < list->as_array().size(); ++i) {
    const std::string pointer = "/css/" + std::to_string(i);
    const json::Object* row = list->as_array()[i].if_object();
    const auto node = row == nullptr ? std::nullopt : index(member(*row, "node_id"));
    const auto type = row == nullptr ? std::nullopt : index(member(*row, "cs_type"));
    if (!node || *node >= parts.nodes) return fail_field(pointer + "/node_id", "must be a node");
    if (!type || !types.contains(*type)) return fail_field(pointer + "/cs_type", "has no breakpoints");
    parts.stations.push_back({static_cast<std::uint32_t>(*node), types.at(*type)});
  }
  return {};
}

}  // namespace

Instance::Instance(Parts parts) : parts_(std::move(parts)) {
  best_rate_ = std::numeric_limits<double>::infinity();
  for (const Station& station : parts_.stations)
    best_rate_ = std::min(best_rate_, function(station).least_slope(0, parts_.capacity));
  if (parts_.stations.empty()) best_rate_ = 0;
  for (std::size_t i = 0; i < parts_.time.size(); ++i)
    straight_.push_back(parts_.time[i] + best_rate_ * parts_.energy[i]);
  weight_ = closure(best_rate_);
  quickest_ = closure(0);
  for (const Station& station : parts_.stations) {
    for (std::uint32_t i = 0; i < parts_.nodes; ++i) {
      for (std::uint32_t j = 0; j < parts_.nodes; ++j) {
        const bool other = i != station.node && j != station.node && i != j;
        has_shortcuts_ = has_shortcuts_ || (other && saves(i, station.node, j));
      }
    }
  }
}

// Between any two nodes, by way of stations where that is less; triangles need not hold in an instance.
std::vector<double> Instance::closure(double rate) const {
  const std::size_t n = parts_.nodes;
  std::vector<double> least(n * n);
  for (std::size_t i = 0; i < n * n; ++i) least[i] = parts_.time[i] + rate * parts_.energy[i];
  for (const Station& station : parts_.stations) {
    const std::size_t k = station.node;
    const double stay = parts_.process[k];
    for (std::size_t i = 0; i < n; ++i) {
      const double into = least[i * n + k] + stay;
      for (std::size_t j = 0; j < n; ++j) least[i * n + j] = std::min(least[i * n + j], into + least[k * n + j]);
    }
  }
  return least;
}

Result<Instance> Instance::make(Parts parts) {
  const std::size_t cells = parts.nodes * parts.nodes;
  if (parts.nodes == 0 || parts.nodes > kMostNodes) return fail_field("/time_matrix", "1 to 2000 nodes");
  if (parts.time.size() != cells || parts.energy.size() != cells || parts.process.size() != parts.nodes)
    return fail_field("/process_times", "sizes disagree");
  if (!(parts.capacity > 0) || !std::isfinite(parts.capacity)) return fail_field("/max_q", "must be above 0");
  if (!(parts.longest > 0)) return fail_field("/t_max", "must be above 0");
  const auto check = [&](const std::vector<double>& list, const std::string& name) -> Result<void> {
    for (std::size_t i = 0; i < list.size(); ++i) {
      if (list[i] >= 0 && std::isfinite(list[i])) continue;
      const std::string row = "/" + name + "/" + std::to_string(list.size() == cells ? i / parts.nodes : i);
      return fail_field(list.size() == cells ? row + "/" + std::to_string(i % parts.nodes) : row,
                        "must not be negative");
    }
    return {};
  };
  EVC_CHECK(check(parts.time, "time_matrix"));
  EVC_CHECK(check(parts.energy, "energy_matrix"));
  EVC_CHECK(check(parts.process, "process_times"));
  for (std::size_t i = 0; i < parts.stations.size(); ++i) {
    if (parts.stations[i].node >= parts.nodes || parts.stations[i].type >= parts.functions.size())
      return fail_field("/css/" + std::to_string(i), "must name a node and a type");
  }
  return Instance(std::move(parts));
}

Result<Instance> Instance::read(std::string_view json_text) {
  EVC_TRY(document, json::parse(json_text));
  const json::Object* root = document.if_object();
  if (root == nullptr) return fail_field("", "must be an object");
  Parts parts;
  EVC_TRY(time, matrix(*root, "time_matrix", parts.nodes));
  EVC_TRY(energy, matrix(*root, "energy_matrix", parts.nodes));
  parts.time = std::move(time);
  parts.energy = std::move(energy);
  parts.process.assign(parts.nodes, 0);
  if (member(*root, "process_times") != nullptr) {
    EVC_TRY(process, numbers(member(*root, "process_times"), "/process_times"));
    parts.process = std::move(process);
  }
  EVC_CHECK(read_stations(*root, parts));
  parts.capacity = number(member(*root, "max_q")).value_or(0);
  parts.longest = std::numeric_limits<double>::infinity();
  if (member(*root, "t_max") != nullptr) parts.longest = number(member(*root, "t_max")).value_or(0);
  return make(std::move(parts));
}

}  // namespace evc::routing::frvcp
