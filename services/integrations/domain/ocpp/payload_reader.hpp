// Reads the members of one OCPP payload against the limits of its schema and keeps the first violation with the exact
// error code: absent → occurrence, wrong JSON type → type, bad value → property, unknown member → formation. After a
// violation the getters give empty values, so that a message is read in one go and finish() is asked once. Lives on the
// stack of one decode.
#pragma once

#include <expected>
#include <limits>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "kit/base/clock.hpp"
#include "kit/base/json.hpp"
#include "kit/ocpp/error_code.hpp"

namespace evc::integrations::ocpp {

using evc::ocpp::ErrorCode;

struct Violation {
  ErrorCode code = ErrorCode::kFormationViolation;
  std::string detail;  // names the member, never its value
};

// Transactions are about money: a member that we do not know must not cost a bill, so their payloads ignore it.
enum class UnknownMembers { kRefuse, kIgnore };

class PayloadReader {
 public:
  explicit PayloadReader(const json::Object& object, std::string path = {})
      : object_(&object), path_(std::move(path)) {}

  std::string text(std::string_view name, std::size_t limit);
  std::optional<std::string> optional_text(std::string_view name, std::size_t limit);
  std::int64_t integer(std::string_view name, std::int64_t lowest = std::numeric_limits<std::int32_t>::min());
  std::optional<std::int64_t> optional_integer(std::string_view name,
                                               std::int64_t lowest = std::numeric_limits<std::int32_t>::min());
  // A time without an offset, which many stations send, counts as UTC.
  WallTime time(std::string_view name);
  std::optional<WallTime> optional_time(std::string_view name);
  // Must be one of `choices`.
  std::string choice(std::string_view name, std::span<const std::string_view> choices);
  std::optional<std::string> optional_choice(std::string_view name, std::span<const std::string_view> choices);
  // Objects of an array with at least `least` elements; an absent optional array is empty.
  std::vector<const json::Object*> objects(std::string_view name, std::size_t least);

  void take(std::optional<Violation> violation);  // of a nested reader
  std::optional<Violation> finish(UnknownMembers unknown);
  std::string path_of(std::string_view name) const;

 private:
  const json::Value* find(std::string_view name);
  const json::Value* require(std::string_view name);
  void violate(ErrorCode code, std::string_view name, std::string_view reason);
  std::string read_text(const json::Value& value, std::string_view name, std::size_t limit);
  std::int64_t read_integer(const json::Value& value, std::string_view name, std::int64_t lowest);
  WallTime read_time(const json::Value& value, std::string_view name);
  std::string read_choice(const json::Value& value, std::string_view name, std::span<const std::string_view> choices);

  const json::Object* object_;
  std::string path_;
  std::set<std::string_view> known_;
  std::optional<Violation> violation_;
};

}  // namespace evc::integrations::ocpp
