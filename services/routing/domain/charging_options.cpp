#include "services/routing/domain/charging_options.hpp"

#include <algorithm>
#include <map>

namespace evc::routing {
namespace {

// Where the price is not known, when money counts: more than most ask, so that it attracts nobody by not being told.
constexpr double kUsualMinorPerKwh = 250;

bool contains(const std::vector<std::string>& list, const std::string& value) {
  return std::ranges::find(list, value) != list.end();
}

bool site_allowed(const Site& site, const SiteFilter& filter) {
  return (filter.networks.empty() || contains(filter.networks, site.network)) &&
         !contains(filter.avoid_networks, site.network) && !contains(filter.exclude, site.id);
}

bool connector_allowed(const SiteConnector& connector, const TripRequest& request) {
  return request.vehicle.takes(connector.type) &&
         (request.filter.connectors.empty() || contains(request.filter.connectors, connector.type)) &&
         connector.power_kw >= request.filter.min_power_kw && (connector.current == "AC" || request.vehicle.dc_kw > 0);
}

bool no_worse(const ChargingOption& a, const ChargingOption& b) {
  return a.curve->seconds(0, 1) <= b.curve->seconds(0, 1) && a.start_minor <= b.start_minor &&
         a.minor_per_wh <= b.minor_per_wh;
}

}  // namespace

ChargingOptions::ChargingOptions(const TripNetwork& network, const TripRequest& request) : by_stand_(network.stands()) {
  std::map<std::pair<bool, double>, std::shared_ptr<const ev::ChargingCurve>> curves;
  const bool money_counts = request.objective.money_weight > 0;
  for (std::size_t s = 0; s < network.sites().size(); ++s) {
    const Site& site = network.sites()[s];
    if (!site_allowed(site, request.filter)) continue;
    for (std::size_t c = 0; c < site.connectors.size(); ++c) {
      const SiteConnector& connector = site.connectors[c];
      if (!connector_allowed(connector, request)) continue;
      const bool dc = connector.current == "DC";
      // Beyond what the vehicle takes, power makes no difference: such connectors share one curve and compare as equal.
      const double useful_kw = std::min(connector.power_kw, dc ? request.vehicle.dc_kw : request.vehicle.ac_kw);
      auto& curve = curves[{dc, useful_kw}];
      if (!curve)
        curve = std::make_shared<ev::ChargingCurve>(
            request.vehicle, useful_kw, dc ? ev::Current::kDc : ev::Current::kAc, request.conditions.temperature_c);
      const double per_kwh = site.price_known ? static_cast<double>(site.tariff.per_kwh_minor) : kUsualMinorPerKwh;
      ChargingOption option{s, c, curve, static_cast<double>(site.tariff.start_fee_minor), per_kwh / 1000};
      auto& here = by_stand_[network.stand_of(s)];
      const auto worse_than = [&](const ChargingOption& other) {
        if (!money_counts) return other.curve->seconds(0, 1) < option.curve->seconds(0, 1) || no_worse(other, option);
        return no_worse(other, option);
      };
      if (std::ranges::any_of(here, worse_than)) continue;
      std::erase_if(here, [&](const ChargingOption& other) {
        return money_counts ? no_worse(option, other) : option.curve->seconds(0, 1) <= other.curve->seconds(0, 1);
      });
      here.push_back(std::move(option));
    }
  }
}

}  // namespace evc::routing
