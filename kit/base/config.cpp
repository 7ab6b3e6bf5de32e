#include "kit/base/config.hpp"

#include <fmt/format.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <optional>
#include <stdexcept>

extern char** environ;

namespace evc {
namespace {

constexpr int kDepthLimit = 16;

[[noreturn]] void refuse(const std::string& place, std::string_view reason) {
  throw std::runtime_error(fmt::format("{}: {}", place, reason));
}

template <class T>
std::optional<T> number(std::string_view text) {
  if (text.starts_with('+')) text.remove_prefix(1);
  T value{};
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (failure != std::errc() || end != text.data() + text.size() || text.empty()) return std::nullopt;
  if constexpr (std::is_floating_point_v<T>) {
    if (!std::isfinite(value)) return std::nullopt;
  }
  return value;
}

// The YAML 1.2 core types of an unquoted scalar, so that `on`, `yes` and `no` stay text.
json::Value plain_scalar(const std::string& text) {
  if (text.empty() || text == "~" || text == "null") return nullptr;
  if (text == "true") return true;
  if (text == "false") return false;
  if (const auto integer = number<std::int64_t>(text)) return *integer;
  if (const auto real = number<double>(text)) return *real;
  return json::Value(text);
}

json::Value from_yaml(const YAML::Node& node, const std::string& place, int depth) {
  if (depth > kDepthLimit) refuse(place, "is nested too deep");
  if (node.IsScalar()) return node.Tag() == "!" ? json::Value(node.Scalar()) : plain_scalar(node.Scalar());
  if (node.IsSequence()) {
    json::Array array;
    for (const auto& element : node) array.push_back(from_yaml(element, place, depth + 1));
    return array;
  }
  if (node.IsMap()) {
    json::Object object;
    for (const auto& member : node) {
      const std::string name = member.first.Scalar();
      const std::string inner = place.empty() ? name : place + "." + name;
      if (object.contains(name)) refuse(inner, "stands twice in the file");
      object.emplace(name, from_yaml(member.second, inner, depth + 1));
    }
    return object;
  }
  return nullptr;
}

// `text` with the type that the file gave the setting, so that a port stays a number and a phone-like password a text.
json::Value typed_like(const json::Value& model, const std::string& text, const std::string& variable) {
  switch (model.kind()) {
    case boost::json::kind::string:
      return json::Value(text);
    case boost::json::kind::bool_:
      if (text == "true" || text == "1") return true;
      if (text == "false" || text == "0") return false;
      refuse(variable, "must be true or false");
    case boost::json::kind::int64:
    case boost::json::kind::uint64:
    case boost::json::kind::double_:
      // `ratio: 2` in the file may become 0.25: whether a fraction is allowed is the struct's to say.
      if (const auto integer = number<std::int64_t>(text)) return *integer;
      if (const auto real = number<double>(text)) return *real;
      refuse(variable, "must be a number");
    case boost::json::kind::array: {
      json::Array array;
      const json::Value element_model = model.get_array().empty() ? json::Value("") : model.get_array()[0];
      for (std::size_t begin = 0; !text.empty() && begin <= text.size();) {
        const std::size_t end = std::min(text.find(',', begin), text.size());
        array.push_back(typed_like(element_model, text.substr(begin, end - begin), variable));
        begin = end + 1;
      }
      return array;
    }
    default:
      return plain_scalar(text);
  }
}

void override_from(json::Object& section, const std::string& prefix,
                   const std::map<std::string, std::string>& environment) {
  for (auto& member : section) {
    std::string variable = prefix + "_" + std::string(member.key());
    for (char& c : variable) {
      if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
      if (c == '-') c = '_';
    }
    if (json::Object* inner = member.value().if_object()) {
      override_from(*inner, variable, environment);
    } else if (const auto found = environment.find(variable); found != environment.end()) {
      member.value() = typed_like(member.value(), found->second, variable);
    }
  }
}

}  // namespace

json::Object load_settings(const std::string& yaml_file, const std::map<std::string, std::string>& environment) {
  json::Value tree;
  try {
    tree = from_yaml(YAML::LoadFile(yaml_file), "", 0);
  } catch (const YAML::BadFile&) {
    refuse(yaml_file, "cannot be read");
  } catch (const YAML::Exception& error) {
    refuse(yaml_file, error.what());
  } catch (const std::runtime_error& error) {
    refuse(yaml_file, error.what());
  }
  if (tree.is_null()) tree = json::Object();
  if (!tree.is_object()) refuse(yaml_file, "must hold a map of settings");
  apply_environment(tree.get_object(), environment);
  return std::move(tree.get_object());
}

void apply_environment(json::Object& tree, const std::map<std::string, std::string>& environment) {
  override_from(tree, "EVC", environment);
}

std::map<std::string, std::string> environment_variables() {
  std::map<std::string, std::string> variables;
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
    const std::string_view text = *entry;
    const std::size_t equals = text.find('=');
    if (equals != std::string_view::npos) variables.emplace(text.substr(0, equals), text.substr(equals + 1));
  }
  return variables;
}

void SettingLimits::add(std::string_view name, std::string detail) {
  errors_.push_back({place_ + "/" + std::string(name), std::move(detail)});
}

void throw_setting_errors(const std::vector<FieldError>& errors, std::string_view section) {
  if (errors.empty()) return;
  std::string text;
  for (const FieldError& error : errors) {
    std::string key = section.empty() ? error.pointer : "/" + std::string(section) + error.pointer;
    key = key.empty() ? "the file" : key.substr(1);
    std::replace(key.begin(), key.end(), '/', '.');
    if (!text.empty()) text += "; ";
    text += key + " " + error.detail;
  }
  throw std::runtime_error(text);
}

}  // namespace evc
