// Which sites this trip may use and how fast each charges this vehicle: the request's filters applied once, curves
// shared by power class. At one node only options that are best in power or price are kept. One per request.
#pragma once

#include <memory>
#include <vector>

#include "kit/ev/charging_curve.hpp"
#include "services/routing/domain/network.hpp"
#include "services/routing/domain/trip.hpp"

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
  ChargingOptions(const Network& network, const TripRequest& request, std::size_t graph_size);

  const std::vector<ChargingOption>& at(NodeId node) const { return by_node_[node]; }
  bool any(NodeId node) const { return !by_node_[node].empty(); }

 private:
  std::vector<std::vector<ChargingOption>> by_node_;
};

}  // namespace evc::routing
