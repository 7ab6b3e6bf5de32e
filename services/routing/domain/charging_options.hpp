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
  bool empty() const { return count_ == 0; }
  // Puts a site that does not exist at a node: for "one more station here would do".
  void add_imagined(NodeId node, const ev::Vehicle& vehicle);
  // Lower bounds over all options: objective per Wh into the battery.
  double least_objective_per_wh(const Objective& objective, const ev::Vehicle& vehicle) const;

  static constexpr std::size_t kImaginedSite = static_cast<std::size_t>(-1);

 private:
  std::vector<std::vector<ChargingOption>> by_node_;
  std::size_t count_ = 0;
};

}  // namespace evc::routing
