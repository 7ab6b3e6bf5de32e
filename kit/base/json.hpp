// One codec between C++ structs and JSON. A struct is described once (BOOST_DESCRIBE_STRUCT); member names in JSON are
// the C++ names turned to camelCase (`energy_limit_kwh` → `energyLimitKwh`). Decoding is strict (unknown members, wrong
// types, duplicate members, numbers out of range are errors with a JSON pointer) for HTTP and tolerant of unknown
// members for events. std::optional members may be absent or null and are left out when empty. Limits: depth 32, the
// caller bounds the size. Supported members: bool, integers, double, std::string, std::optional, std::vector,
// std::map<std::string, T>, described structs and enums (BOOST_DESCRIBE_ENUM; text is the enumerator, without a leading
// k, with the first letter lowered), Uuid, WallTime, Money, Currency, boost::json::value.
#pragma once

#include <boost/describe.hpp>
#include <boost/json/value.hpp>
#include <string>
#include <string_view>

#include "kit/base/result.hpp"

namespace evc::json {

using Value = boost::json::value;
using Object = boost::json::object;
using Array = boost::json::array;

enum class Unknown { kRefuse, kIgnore };

// malformed-json with the byte offset in the detail; depth, duplicate members and invalid UTF-8 are refused.
Result<Value> parse(std::string_view text);
std::string serialize(const Value& value);

// "energy_limit_kwh" → "energyLimitKwh"
std::string camel_case(std::string_view snake);

template <class T>
Result<T> decode(const Value& value, Unknown unknown = Unknown::kRefuse);
template <class T>
Result<T> decode_text(std::string_view text, Unknown unknown = Unknown::kRefuse);
template <class T>
Value encode(const T& value);
template <class T>
std::string encode_text(const T& value) {
  return serialize(encode(value));
}

}  // namespace evc::json

#include "kit/base/json_codec.hpp"
