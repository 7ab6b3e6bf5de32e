#include "kit/registry/difference.hpp"

namespace evc::registry {
namespace {

std::string escaped(std::string_view name) {
  std::string text;
  for (const char c : name) {
    if (c == '~') {
      text += "~0";
    } else if (c == '/') {
      text += "~1";
    } else {
      text += c;
    }
  }
  return text;
}

std::optional<std::string> in_objects(const json::Object& one, const json::Object& other) {
  for (const auto& [name, value] : one) {
    const auto* counterpart = other.if_contains(name);
    if (counterpart == nullptr) return "/" + escaped(name);
    if (auto below = first_difference(value, *counterpart)) return "/" + escaped(name) + *below;
  }
  for (const auto& [name, value] : other) {
    if (!one.contains(name)) return "/" + escaped(name);
  }
  return std::nullopt;
}

std::optional<std::string> in_arrays(const json::Array& one, const json::Array& other) {
  for (std::size_t i = 0; i < one.size() && i < other.size(); ++i) {
    if (auto below = first_difference(one[i], other[i])) return "/" + std::to_string(i) + *below;
  }
  if (one.size() == other.size()) return std::nullopt;
  return "/" + std::to_string(std::min(one.size(), other.size()));
}

}  // namespace

std::optional<std::string> first_difference(const json::Value& one, const json::Value& other) {
  if (one.is_object() && other.is_object()) return in_objects(one.get_object(), other.get_object());
  if (one.is_array() && other.is_array()) return in_arrays(one.get_array(), other.get_array());
  if (one == other) return std::nullopt;
  return "";
}

}  // namespace evc::registry
