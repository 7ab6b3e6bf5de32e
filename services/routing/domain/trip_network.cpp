#include "services/routing/domain/trip_network.hpp"

namespace evc::routing {

std::string full_name(const Place& place) {
  return place.state.empty() ? place.name : place.name + ", " + place.state;
}

}  // namespace evc::routing
