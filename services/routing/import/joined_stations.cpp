#include "services/routing/import/joined_stations.hpp"

#include <cmath>
#include <limits>

#include "services/routing/domain/geo.hpp"

namespace evc::routing {
namespace {

constexpr double kSameM = 100;
constexpr double kSameDegrees = 0.001;  // of latitude: a little more than kSameM

roads::ChargingStation* nearest(std::vector<roads::ChargingStation>& listed, std::size_t count,
                                const roads::ChargingStation& one) {
  roads::ChargingStation* found = nullptr;
  double least = kSameM;
  for (std::size_t i = 0; i < count; ++i) {
    if (std::abs(listed[i].lat - one.lat) > kSameDegrees) continue;
    const double metres = great_circle_m({listed[i].lat, listed[i].lon}, {one.lat, one.lon});
    if (metres > least) continue;
    least = metres;
    found = &listed[i];
  }
  return found;
}

}  // namespace

std::vector<roads::ChargingStation> joined_stations(std::vector<roads::ChargingStation> listed,
                                                    std::vector<roads::ChargingStation> mapped) {
  const std::size_t own = listed.size();
  for (roads::ChargingStation& one : mapped) {
    roads::ChargingStation* same = nearest(listed, own, one);
    if (same == nullptr) {
      listed.push_back(std::move(one));
      continue;
    }
    if (!same->opening_hours) same->opening_hours = std::move(one.opening_hours);
    if (!same->fee) same->fee = one.fee;
    if (same->sockets.empty()) same->sockets = std::move(one.sockets);
  }
  return listed;
}

}  // namespace evc::routing
