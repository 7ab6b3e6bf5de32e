#include "services/integrations/domain/ocpp/payload_reader.hpp"

#include <algorithm>
#include <cmath>

namespace evc::integrations::ocpp {
namespace {

constexpr std::size_t kTimeLimit = 40;
constexpr std::int64_t kHighestInteger = std::numeric_limits<std::int32_t>::max();

bool has_offset(std::string_view text) {
  const auto time = text.find('T');
  return time == std::string_view::npos || text.find_first_of("Zz+-", time) != std::string_view::npos;
}

// UTF-8 characters, as the schemas count them.
std::size_t character_count(std::string_view text) {
  return static_cast<std::size_t>(
      std::ranges::count_if(text, [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; }));
}

}  // namespace

std::string PayloadReader::path_of(std::string_view name) const {
  return path_ + "/" + std::string(name);
}

void PayloadReader::violate(ErrorCode code, std::string_view name, std::string_view reason) {
  if (!violation_) violation_ = Violation{.code = code, .detail = path_of(name) + ": " + std::string(reason)};
}

void PayloadReader::take(std::optional<Violation> violation) {
  if (!violation_) violation_ = std::move(violation);
}

// null is treated as absent: stations that serialise empty members send it.
const json::Value* PayloadReader::find(std::string_view name) {
  known_.insert(name);
  const auto* value = object_->if_contains(name);
  return value == nullptr || value->is_null() ? nullptr : value;
}

const json::Value* PayloadReader::require(std::string_view name) {
  const auto* value = find(name);
  if (value == nullptr) violate(ErrorCode::kOccurrenceConstraintViolation, name, "is required");
  return value;
}

std::string PayloadReader::read_text(const json::Value& value, std::string_view name, std::size_t limit) {
  if (!value.is_string()) {
    violate(ErrorCode::kTypeConstraintViolation, name, "must be a string");
    return {};
  }
  const std::string_view text = value.as_string();
  // A NUL is legal JSON and can be stored by nobody.
  if (text.contains('\0')) {
    violate(ErrorCode::kPropertyConstraintViolation, name, "holds a NUL character");
    return {};
  }
  if (character_count(text) > limit) {
    violate(ErrorCode::kPropertyConstraintViolation, name, "is too long");
    return {};
  }
  return std::string(text);
}

std::string PayloadReader::text(std::string_view name, std::size_t limit) {
  const auto* value = require(name);
  return value == nullptr ? std::string{} : read_text(*value, name, limit);
}

std::optional<std::string> PayloadReader::optional_text(std::string_view name, std::size_t limit) {
  const auto* value = find(name);
  if (value == nullptr) return std::nullopt;
  return read_text(*value, name, limit);
}

std::int64_t PayloadReader::read_integer(const json::Value& value, std::string_view name, std::int64_t lowest) {
  std::int64_t number = 0;
  if (value.is_int64()) {
    number = value.as_int64();
  } else if (value.is_double() && std::trunc(value.as_double()) == value.as_double() &&
             std::abs(value.as_double()) < 9e15) {
    number = static_cast<std::int64_t>(value.as_double());  // 1200.0 is an integer in JSON Schema
  } else {
    violate(ErrorCode::kTypeConstraintViolation, name, "must be an integer");
    return 0;
  }
  if (number < lowest || number > kHighestInteger) {
    violate(ErrorCode::kPropertyConstraintViolation, name, "is out of range");
    return 0;
  }
  return number;
}

std::int64_t PayloadReader::integer(std::string_view name, std::int64_t lowest) {
  const auto* value = require(name);
  return value == nullptr ? 0 : read_integer(*value, name, lowest);
}

std::optional<std::int64_t> PayloadReader::optional_integer(std::string_view name, std::int64_t lowest) {
  const auto* value = find(name);
  if (value == nullptr) return std::nullopt;
  return read_integer(*value, name, lowest);
}

WallTime PayloadReader::read_time(const json::Value& value, std::string_view name) {
  auto text = read_text(value, name, kTimeLimit);
  if (violation_) return {};
  if (!has_offset(text)) text += "Z";
  const auto time = parse_rfc3339(text);
  if (!time) {
    violate(ErrorCode::kPropertyConstraintViolation, name, "is not a date-time");
    return {};
  }
  return *time;
}

WallTime PayloadReader::time(std::string_view name) {
  const auto* value = require(name);
  return value == nullptr ? WallTime{} : read_time(*value, name);
}

std::optional<WallTime> PayloadReader::optional_time(std::string_view name) {
  const auto* value = find(name);
  if (value == nullptr) return std::nullopt;
  return read_time(*value, name);
}

std::string PayloadReader::read_choice(const json::Value& value, std::string_view name,
                                       std::span<const std::string_view> choices) {
  if (!value.is_string()) {
    violate(ErrorCode::kTypeConstraintViolation, name, "must be a string");
    return {};
  }
  const std::string_view text = value.as_string();
  if (std::ranges::find(choices, text) == choices.end()) {
    violate(ErrorCode::kPropertyConstraintViolation, name, "is not one of the allowed values");
    return {};
  }
  return std::string(text);
}

std::string PayloadReader::choice(std::string_view name, std::span<const std::string_view> choices) {
  const auto* value = require(name);
  return value == nullptr ? std::string{} : read_choice(*value, name, choices);
}

std::optional<std::string> PayloadReader::optional_choice(std::string_view name,
                                                          std::span<const std::string_view> choices) {
  const auto* value = find(name);
  if (value == nullptr) return std::nullopt;
  return read_choice(*value, name, choices);
}

std::vector<const json::Object*> PayloadReader::objects(std::string_view name, std::size_t least) {
  const auto* value = least > 0 ? require(name) : find(name);
  if (value == nullptr) return {};
  if (!value->is_array()) {
    violate(ErrorCode::kTypeConstraintViolation, name, "must be an array");
    return {};
  }
  std::vector<const json::Object*> objects;
  for (const auto& element : value->as_array()) {
    if (!element.is_object()) {
      violate(ErrorCode::kTypeConstraintViolation, name, "must hold objects");
      return {};
    }
    objects.push_back(&element.as_object());
  }
  if (objects.size() < least) violate(ErrorCode::kOccurrenceConstraintViolation, name, "holds too few elements");
  return objects;
}

std::optional<Violation> PayloadReader::finish(UnknownMembers unknown) {
  if (violation_ || unknown == UnknownMembers::kIgnore) return violation_;
  for (const auto& member : *object_) {
    if (!known_.contains(member.key()))
      return Violation{.code = ErrorCode::kFormationViolation, .detail = path_ + ": has an unknown member"};
  }
  return std::nullopt;
}

}  // namespace evc::integrations::ocpp
