#include "services/routing/domain/trip_network.hpp"

#include "services/routing/domain/opening_hours.hpp"

namespace evc::routing {

std::string full_name(const Place& place) {
  return place.state.empty() ? place.name : place.name + ", " + place.state;
}

std::optional<bool> open_at(const TripRequest& request, const Site& site, const TripStop& stop) {
  if (!request.depart_week_second || !site.opening_hours) return std::nullopt;
  const auto hours = OpeningHours::parse(*site.opening_hours);
  if (!hours) return std::nullopt;
  return hours->open(*request.depart_week_second + stop.arrive_seconds, stop.leave_seconds - stop.arrive_seconds);
}

}  // namespace evc::routing
