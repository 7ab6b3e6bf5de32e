// How a tree of settings becomes a struct, and how its limits are checked. A section (a described struct) may declare
// `void check(SettingLimits& limits) const`; it is called after decoding, with the section's place already known.
#pragma once

#include <fmt/format.h>

#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "kit/base/config.hpp"
#include "kit/base/json.hpp"

namespace evc {

class SettingLimits {
 public:
  // Both ends are allowed. `name` is the setting's name inside of its section.
  template <class T>
  void range(std::string_view name, T value, T low, T high) {
    if (value < low || value > high) add(name, fmt::format("must be from {} to {}", low, high));
  }
  void not_empty(std::string_view name, std::string_view value) {
    if (value.empty()) add(name, "must not be empty");
  }
  void add(std::string_view name, std::string detail);
  const std::vector<FieldError>& errors() const { return errors_; }

  template <class T>
  void check_section(const T& section);

 private:
  std::string place_;
  std::vector<FieldError> errors_;
};

// "listen.port must be an integer; …" as a std::runtime_error, when there is anything to say. `section` is put before
// each key.
void throw_setting_errors(const std::vector<FieldError>& errors, std::string_view section = {});

template <class T>
void SettingLimits::check_section(const T& section) {
  if constexpr (requires { section.check(*this); }) section.check(*this);
  boost::mp11::mp_for_each<json::detail::Members<T>>([&](auto member) {
    using M = std::remove_cvref_t<decltype(section.*member.pointer)>;
    if constexpr (boost::describe::has_describe_members<M>::value) {
      const std::string outer = place_;
      place_ += std::string("/") + member.name;
      check_section(section.*member.pointer);
      place_ = outer;
    }
  });
}

template <class T>
T settings_as(const json::Object& tree, std::string_view section) {
  json::Decoder decoder(
      {.unknown = json::Unknown::kRefuse, .naming = json::Naming::kAsWritten, .absent = json::Absent::kKeepDefault});
  T settings{};
  json::Codec<T>::decode(json::Value(tree), settings, decoder);
  throw_setting_errors(decoder.take_errors(), section);
  SettingLimits limits;
  limits.check_section(settings);
  throw_setting_errors(limits.errors(), section);
  return settings;
}

}  // namespace evc
