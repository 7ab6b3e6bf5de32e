#include "services/charging/domain/event_members.hpp"

namespace evc::charging {
namespace {

std::unexpected<Error> missing(std::string_view name) {
  return fail(Code::kSchemaInvalid, "data." + std::string(name) + " is missing or of another type");
}

}  // namespace

Result<std::string> text_member(const json::Object& data, std::string_view name) {
  const auto* value = data.if_contains(name);
  if (value == nullptr || !value->is_string()) return missing(name);
  return std::string(value->get_string());
}

Result<std::int64_t> integer_member(const json::Object& data, std::string_view name) {
  const auto value = integer_if_any(data, name);
  if (!value) return missing(name);
  return *value;
}

Result<WallTime> time_member(const json::Object& data, std::string_view name) {
  EVC_TRY(written, text_member(data, name));
  const auto time = parse_rfc3339(written);
  if (!time) return missing(name);
  return *time;
}

Result<std::int64_t> amount_member(const json::Object& data, std::string_view name) {
  const auto* value = data.if_contains(name);
  const auto amount = value != nullptr && value->is_object() ? integer_if_any(value->get_object(), "amount")
                                                             : std::optional<std::int64_t>{};
  if (!amount) return missing(name);
  return *amount;
}

std::optional<std::int64_t> integer_if_any(const json::Object& data, std::string_view name) {
  const auto* value = data.if_contains(name);
  return value != nullptr && value->is_int64() ? std::optional(value->get_int64()) : std::nullopt;
}

std::optional<double> number_if_any(const json::Object& data, std::string_view name) {
  const auto* value = data.if_contains(name);
  return value != nullptr && value->is_number() ? std::optional(value->to_number<double>()) : std::nullopt;
}

}  // namespace evc::charging
