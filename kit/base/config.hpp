// Settings: one YAML file per process, checked at start. Every setting has a default in its struct and a description in
// the file; an unknown key, a wrong type or a value out of its limits ends the start with the file, the key and the
// reason. A setting `listen.port` is overridden by the environment variable EVC_LISTEN_PORT, `kafka.linger_ms` by
// EVC_KAFKA_LINGER_MS.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "kit/base/json.hpp"

namespace evc {

// The merged tree (file, then environment) as JSON; keys stay snake_case. Throws std::runtime_error with the reason: a
// start-up failure.
json::Object load_settings(const std::string& yaml_file, const std::map<std::string, std::string>& environment);

// The second half of load_settings, for a tree that did not come from a file alone. The value takes the type of what it
// replaces; a list is given with commas. Throws std::runtime_error naming the variable.
void apply_environment(json::Object& tree, const std::map<std::string, std::string>& environment);

// Decodes the tree into a described struct whose members are the keys (snake_case, nested structs are sections); an
// absent key keeps its default. `section` is the tree's own place, for messages. Unknown keys, wrong types and values
// out of limits (see SettingLimits) throw std::runtime_error, all of them in one text.
template <class T>
T settings_as(const json::Object& tree, std::string_view section = {});

std::map<std::string, std::string> environment_variables();

}  // namespace evc

#include "kit/base/config_decode.hpp"
