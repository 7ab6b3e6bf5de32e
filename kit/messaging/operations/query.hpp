// What the operator's lists take as query parameters. Each returns the value, nothing where the parameter is absent, or
// validation-failed with its name.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "kit/base/uuid.hpp"
#include "kit/http/message.hpp"

namespace evc::messaging {

inline constexpr std::int64_t kListLimit = 200;

Result<std::int64_t> limit_in(const http::Query& query);
// 1 to 255 bytes of text.
Result<std::optional<std::string>> text_in(const http::Query& query, std::string_view name);
Result<std::optional<WallTime>> time_in(const http::Query& query, std::string_view name);
Result<std::optional<Uuid>> uuid_in(const http::Query& query, std::string_view name);

// A place in a list that is ordered by time and id.
using Place = std::pair<WallTime, Uuid>;
std::string cursor_of(const Place& place);
Result<std::optional<Place>> cursor_in(const http::Query& query);

}  // namespace evc::messaging
