// Members of an event's data. Events were checked against their schema by the producer; what is missing all the same,
// or of another type, is schema-invalid with its name, and the event goes to the dead letters. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "kit/base/clock.hpp"
#include "kit/base/json.hpp"

namespace evc::charging {

Result<std::string> text_member(const json::Object& data, std::string_view name);
Result<std::int64_t> integer_member(const json::Object& data, std::string_view name);
Result<WallTime> time_member(const json::Object& data, std::string_view name);
// Of a member that is money, in minor units.
Result<std::int64_t> amount_member(const json::Object& data, std::string_view name);
// Empty when it is not there or no such number.
std::optional<std::int64_t> integer_if_any(const json::Object& data, std::string_view name);
std::optional<double> number_if_any(const json::Object& data, std::string_view name);

}  // namespace evc::charging
