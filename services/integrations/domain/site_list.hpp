// The stations that the platform provisions by itself: the sites of the shipped network (data/network/sites.json), plus
// a numbered fleet for load tests. Read once at start; a broken file is a start-up failure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "services/integrations/domain/external_update.hpp"

namespace evc::integrations {

struct Site {
  std::string station_id;
  std::string name;
  std::vector<SiteConnector> connectors;
};

// validation-failed with the reason. Unknown members are the business of others.
Result<std::vector<Site>> parse_sites(std::string_view text);
// LOAD-00001 …, two CCS connectors of 60 kW each.
std::vector<Site> load_fleet(std::size_t count);

}  // namespace evc::integrations
