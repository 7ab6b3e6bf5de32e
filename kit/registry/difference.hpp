// Where two JSON documents first say different things, for people who have to find it. Pure.
#pragma once

#include <optional>
#include <string>

#include "kit/base/json.hpp"

namespace evc::registry {

// A JSON pointer (RFC 6901), empty for the documents themselves; nothing when they are equal. The order of members does
// not count.
std::optional<std::string> first_difference(const json::Value& one, const json::Value& other);

}  // namespace evc::registry
