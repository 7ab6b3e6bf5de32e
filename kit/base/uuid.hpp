// RFC 9562 UUIDs. Ids of ours are version 7 (time-ordered, so that indexes stay compact); version 5 derives a stable id
// from a name, e.g. a ledger transfer from an event.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "kit/base/clock.hpp"
#include "kit/base/result.hpp"

namespace evc {

struct Uuid {
  std::array<std::uint8_t, 16> bytes{};
  auto operator<=>(const Uuid&) const = default;
};

// Monotonic within one thread: two calls in the same millisecond still sort in call order.
Uuid uuid_v7(const Clock& clock = system_clock());
Uuid uuid_v5(const Uuid& name_space, std::string_view name);
std::string to_string(const Uuid& id);
// The canonical 8-4-4-4-12 form only, either case.
Result<Uuid> parse_uuid(std::string_view text);

}  // namespace evc

template <>
struct std::hash<evc::Uuid> {
  std::size_t operator()(const evc::Uuid& id) const noexcept;
};
