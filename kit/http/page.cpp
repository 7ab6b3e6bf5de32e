#include "kit/http/page.hpp"

#include <charconv>

#include "kit/base/bytes.hpp"

namespace evc::http {
namespace {

constexpr std::int64_t kDefaultLimit = 50;
constexpr std::int64_t kLargestLimit = 200;

std::optional<std::int64_t> integer(std::string_view text) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::optional<PagePosition> position_of(std::string_view cursor) {
  const auto text = base64url_decode(cursor);
  const std::size_t dot = text ? text->find('.') : std::string::npos;
  if (dot == std::string::npos) return std::nullopt;
  const auto microseconds = integer(std::string_view(*text).substr(0, dot));
  const auto id = parse_uuid(std::string_view(*text).substr(dot + 1));
  if (!microseconds || !id) return std::nullopt;
  return PagePosition{WallTime{std::chrono::microseconds{*microseconds}}, *id};
}

}  // namespace

std::string page_cursor(WallTime time, const Uuid& id) {
  return base64url_encode(std::to_string(time.time_since_epoch().count()) + "." + to_string(id));
}

Result<std::optional<PagePosition>> read_page_cursor(const Request& request) {
  const auto cursor = request.query.get("cursor");
  if (!cursor) return std::nullopt;
  const auto position = position_of(*cursor);
  if (!position) return fail_field("?cursor", "is not a cursor of ours");
  return position;
}

Result<std::int64_t> read_page_limit(const Request& request) {
  const auto text = request.query.get("limit");
  if (!text) return kDefaultLimit;
  const auto limit = integer(*text);
  if (!limit || *limit < 1 || *limit > kLargestLimit) return fail_field("?limit", "must be from 1 to 200");
  return *limit;
}

}  // namespace evc::http
