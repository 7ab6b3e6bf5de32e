#include "kit/messaging/operations/query.hpp"

#include <charconv>

#include "kit/base/bytes.hpp"
#include "kit/messaging/plain_text.hpp"

namespace evc::messaging {
namespace {

constexpr std::int64_t kDefaultLimit = 50;
constexpr std::size_t kTextLimit = 255;
constexpr std::int64_t kLatestCursor = 253'402'300'799'999'999;  // the end of the year 9999

template <class T>
bool read_number(std::string_view text, T& value) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc{} && end == text.data() + text.size();
}

std::unexpected<Error> refuse(std::string_view name, std::string detail) {
  return fail_field("?" + std::string(name), std::move(detail));
}

}  // namespace

Result<std::int64_t> limit_in(const http::Query& query) {
  std::int64_t limit = kDefaultLimit;
  const auto text = query.get("limit");
  if (text && (!read_number(*text, limit) || limit < 1 || limit > kListLimit))
    return refuse("limit", "an integer from 1 to 200");
  return limit;
}

Result<std::optional<std::string>> text_in(const http::Query& query, std::string_view name) {
  const auto text = query.get(name);
  if (!text) return std::nullopt;
  if (text->empty() || text->size() > kTextLimit || !is_plain_text(*text)) return refuse(name, "1 to 255 characters");
  return std::string(*text);
}

Result<std::optional<WallTime>> time_in(const http::Query& query, std::string_view name) {
  const auto text = query.get(name);
  if (!text) return std::nullopt;
  const auto time = parse_rfc3339(*text);
  if (!time) return refuse(name, "a time as RFC 3339 has it");
  return *time;
}

Result<std::optional<Uuid>> uuid_in(const http::Query& query, std::string_view name) {
  const auto text = query.get(name);
  if (!text) return std::nullopt;
  const auto id = parse_uuid(*text);
  if (!id) return refuse(name, "a UUID");
  return *id;
}

std::string cursor_of(const Place& place) {
  return base64url_encode(std::to_string(place.first.time_since_epoch().count()) + "." + to_string(place.second));
}

Result<std::optional<Place>> cursor_in(const http::Query& query) {
  const auto cursor = query.get("cursor");
  if (!cursor) return std::nullopt;
  const auto text = base64url_decode(*cursor).value_or("");
  const std::size_t dot = text.find('.');
  std::int64_t microseconds = 0;
  const auto bad = refuse("cursor", "not a cursor of this list");
  if (dot == std::string::npos || !read_number(std::string_view(text).substr(0, dot), microseconds)) return bad;
  const auto id = parse_uuid(std::string_view(text).substr(dot + 1));
  if (!id || microseconds < 0 || microseconds > kLatestCursor) return bad;
  return Place{WallTime{std::chrono::microseconds{microseconds}}, *id};
}

}  // namespace evc::messaging
