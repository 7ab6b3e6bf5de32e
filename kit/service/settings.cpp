#include "kit/service/settings.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <filesystem>

namespace evc::service {
namespace {

// What a section holds when neither the file nor the environment says otherwise. In one place, so that the environment
// can override every key.
constexpr std::string_view kDefaults = R"({
  "service":  {"name": "", "instance": ""},
  "listen":   {"host": "127.0.0.1", "port": 0},
  "admin":    {"host": "127.0.0.1", "port": 0},
  "tls":      {"dir": "run/tls"},
  "log":      {"level": "info", "file": "", "file_max_mb": 20, "files_kept": 3},
  "workers":  0,
  "postgres": {"host": "localhost", "port": 8470, "database": "", "user": "", "pool_size": 8},
  "redis":    {"host": "localhost", "port": 8471, "user": ""},
  "kafka":    {"bootstrap": "localhost:8472"},
  "otlp":     {"endpoint": ""},
  "peers":    {},
  "secrets":  {"dir": "run/secrets"},
  "drain":    {"ready_ms": 500, "max_ms": 10000},
  "identity": {"issuer": "https://localhost:8443", "audience": "evcosta"},
  "registry": {"start_ms": 3000, "longest_pause_ms": 10000},
  "live_file": ""
})";

json::Object defaults() {
  return json::parse(kDefaults)->as_object();
}

// `over` wins; objects are merged member by member.
void merge(json::Object& into, const json::Object& over) {
  for (const auto& member : over) {
    json::Value& held = into[member.key()];
    if (held.is_object() && member.value().is_object()) {
      merge(held.get_object(), member.value().get_object());
    } else {
      held = member.value();
    }
  }
}

bool looks_secret(std::string_view key) {
  for (const std::string_view part : {"password", "secret", "token", "private", "credential", "api_key"}) {
    if (key.find(part) != std::string_view::npos) return true;
  }
  return key.ends_with("_key");
}

void redact(json::Object& object) {
  for (auto& member : object) {
    if (json::Object* inner = member.value().if_object()) {
      redact(*inner);
    } else if (looks_secret(member.key())) {
      member.value() = "(hidden)";
    }
  }
}

json::Object only(const json::Object& tree, const std::vector<std::string>& keys) {
  json::Object chosen;
  for (const std::string& key : keys) {
    if (const json::Value* value = tree.if_contains(key)) chosen.emplace(key, *value);
  }
  return chosen;
}

json::Object live_settings(const json::Object& tree, const std::vector<std::string>& own_sections) {
  const json::Value* file = tree.if_contains("live_file");
  if (file == nullptr || !file->is_string() || file->as_string().empty()) return {};
  const std::string path(file->as_string());
  if (!std::filesystem::exists(path)) return {};
  json::Object live = load_settings(path, {});
  for (const auto& member : live) {
    const std::string key(member.key());
    if (key != "peers" && std::ranges::find(own_sections, key) == own_sections.end())
      throw std::runtime_error(path + ": /" + key + " cannot change while the process runs");
  }
  return live;
}

}  // namespace

void AddressSection::check(SettingLimits& limits) const {
  limits.not_empty("host", host);
  limits.range<std::int64_t>("port", port, 0, 65'535);
}

void PostgresSection::check(SettingLimits& limits) const {
  limits.not_empty("host", host);
  limits.range<std::int64_t>("port", port, 1, 65'535);
  limits.range<std::int64_t>("pool_size", pool_size, 1, 200);
}

void RedisSection::check(SettingLimits& limits) const {
  limits.not_empty("host", host);
  limits.range<std::int64_t>("port", port, 1, 65'535);
}

void DrainSection::check(SettingLimits& limits) const {
  limits.range<std::int64_t>("ready_ms", ready_ms, 0, 60'000);
  limits.range<std::int64_t>("max_ms", max_ms, 500, 120'000);
}

void RegistrySection::check(SettingLimits& limits) const {
  limits.range<std::int64_t>("start_ms", start_ms, 100, 60'000);
  limits.range<std::int64_t>("longest_pause_ms", longest_pause_ms, 1'000, 600'000);
}

void CommonSettings::check(SettingLimits& limits) const {
  limits.range<std::int64_t>("workers", workers, 0, 64);
}

json::Object Settings::section(const std::string& name) const {
  const json::Value* value = tree.if_contains(name);
  if (value == nullptr || value->is_null()) return {};
  if (!value->is_object()) throw std::runtime_error(name + " must be a section");
  return value->get_object();
}

json::Object Settings::redacted() const {
  json::Object copy = tree;
  redact(copy);
  return copy;
}

Settings read_settings(const std::string& file, const std::map<std::string, std::string>& environment,
                       const std::string& default_name, const std::vector<std::string>& own_sections) {
  Settings settings;
  settings.tree = defaults();
  const std::vector<std::string>& common_keys = json::detail::member_names<CommonSettings>(json::Naming::kAsWritten);
  merge(settings.tree, load_settings(file, {}));
  try {
    apply_environment(settings.tree, environment);
    merge(settings.tree, live_settings(settings.tree, own_sections));
    std::vector<FieldError> errors;
    for (const auto& member : settings.tree) {
      const std::string key(member.key());
      const bool known = std::ranges::find(common_keys, key) != common_keys.end() ||
                         std::ranges::find(own_sections, key) != own_sections.end();
      if (!known) errors.push_back({"/" + key, "is not known here"});
    }
    throw_setting_errors(errors);
    settings.common = settings_as<CommonSettings>(only(settings.tree, common_keys));
  } catch (const std::runtime_error& error) {
    throw std::runtime_error(file + ": " + error.what());
  }
  ServiceSection& service = settings.common.service;
  if (service.name.empty()) service.name = default_name;
  if (service.instance.empty()) service.instance = service.name + "-1";
  if (settings.common.postgres.database.empty()) settings.common.postgres.database = service.name;
  if (settings.common.postgres.user.empty()) settings.common.postgres.user = service.name;
  if (settings.common.redis.user.empty()) settings.common.redis.user = service.name;
  return settings;
}

std::vector<PeerAddress> parse_addresses(const std::string& setting, const std::string& text) {
  std::vector<PeerAddress> addresses;
  for (std::size_t begin = 0; begin <= text.size();) {
    const std::size_t end = std::min(text.find(',', begin), text.size());
    const std::string one = text.substr(begin, end - begin);
    const std::size_t colon = one.rfind(':');
    PeerAddress address;
    const char* const last = one.data() + one.size();
    const bool shape = colon != std::string::npos && colon > 0 && colon + 1 < one.size();
    const auto parsed = shape ? std::from_chars(one.data() + colon + 1, last, address.port)
                              : std::from_chars_result{last, std::errc::invalid_argument};
    if (parsed.ec != std::errc() || parsed.ptr != last || address.port == 0) {
      throw std::runtime_error(fmt::format("{} must be host:port[,host:port…], not \"{}\"", setting, text));
    }
    address.host = one.substr(0, colon);
    addresses.push_back(std::move(address));
    begin = end + 1;
  }
  return addresses;
}

}  // namespace evc::service
