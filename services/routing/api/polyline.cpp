#include "services/routing/api/polyline.hpp"

#include <cmath>
#include <cstdint>

namespace evc::routing {
namespace {

constexpr double kDigits = 1e6;
constexpr char kFirst = 63;

void append(std::string& text, std::int64_t difference) {
  // The sign goes into the lowest bit.
  std::uint64_t left = static_cast<std::uint64_t>(difference) << 1U;
  if (difference < 0) left = ~left;
  for (; left >= 32; left >>= 5U) text += static_cast<char>((32U | (left & 31U)) + kFirst);
  text += static_cast<char>(left + kFirst);
}

}  // namespace

std::string polyline6(std::span<const Position> line) {
  std::string text;
  std::int64_t lat = 0, lon = 0;
  for (const Position& position : line) {
    const std::int64_t next_lat = std::llround(position.lat * kDigits), next_lon = std::llround(position.lon * kDigits);
    append(text, next_lat - lat);
    append(text, next_lon - lon);
    lat = next_lat;
    lon = next_lon;
  }
  return text;
}

}  // namespace evc::routing
