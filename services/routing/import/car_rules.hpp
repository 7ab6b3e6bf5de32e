// What the map's tags mean for a car: which roads it may take, in which directions, how fast it goes with nobody
// before it, and what stands in its way. Pure functions of tags; README.md has the rules as a table.
#pragma once

#include <cstdint>
#include <optional>

#include "services/routing/domain/roads/network.hpp"
#include "services/routing/import/tags.hpp"

namespace evc::routing {

struct CarWay {
  roads::RoadClass road_class = roads::RoadClass::kResidential;
  std::uint8_t speed_along = 0;  // speed classes; 0: closed
  std::uint8_t speed_against = 0;
  bool toll = false;
  bool off_ground = false;                // bridge or tunnel
  std::optional<std::uint32_t> ferry_ms;  // of a ferry, where the map says how long it takes
};
// Nothing: no road for cars.
std::optional<CarWay> car_way(const Tags& tags);

struct CarNode {
  bool blocked = false;
  std::uint16_t delay_ms = 0;
};
CarNode car_node(const Tags& tags);

// "60", "60 km/h", "40 mph", "none", "walk", "BR:urban" …; nothing when it is no speed.
std::optional<double> speed_limit_kmh(std::string_view text);
// "01:30", "00:45:00", "45", "PT1H30M": seconds.
std::optional<double> duration_seconds(std::string_view text);

// A restriction's kind, when it holds for cars at all times: "no_left_turn", "only_straight_on" …
enum class Restriction { kForbids, kDemands };
std::optional<Restriction> car_restriction(const Tags& tags);

}  // namespace evc::routing
