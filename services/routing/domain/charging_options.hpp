// Which sites this trip may use and how fast each charges this vehicle: the request's filters applied once, curves
// shared by power class. At one stand only options that are best in power or price are kept. One per request.
#pragma once

#include <memory>
#include <vector>

#include "kit/ev/charging_curve.hpp"
#include "services/routing/domain/trip_network.hpp"

namespace evc::routing {

struct ChargingOption {
  std::size_t site = 0;
  std::size_t connector = 0;  // index into the site's connectors
  std::shared_ptr<const ev::ChargingCurve> curve;
  double start_minor = 0;
  double minor_per_wh = 0;  // per Wh at the plug
};

class ChargingOptions {
 public:
  ChargingOptions(const TripNetwork& network, const TripRequest& request);

  const std::vector<ChargingOption>& at(Vertex stand) const { return by_stand_[stand]; }
  bool any(Vertex stand) const { return !by_stand_[stand].empty(); }

 private:
  std::vector<std::vector<ChargingOption>> by_stand_;
};

}  // namespace evc::routing
