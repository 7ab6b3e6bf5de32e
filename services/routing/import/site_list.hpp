// The file of `--stations`: charging sites in the form of data/network/sites.json, laid over those of the map. Members
// that are of no use on roads are passed over.
#pragma once

#include <string_view>
#include <vector>

#include "kit/base/result.hpp"
#include "services/routing/domain/roads/charging_station.hpp"

namespace evc::routing {

Result<std::vector<roads::ChargingStation>> read_site_list(std::string_view text);

}  // namespace evc::routing
