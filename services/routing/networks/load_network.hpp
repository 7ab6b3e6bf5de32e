// From files to a network that trips are planned on: the shipped one (places.csv, arcs.csv, sites.json), or a folder
// that evcosta-import made. Reads and builds for seconds to minutes: at the start, or on a thread of its own.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "kit/base/result.hpp"
#include "services/routing/networks/live_network.hpp"

namespace evc::routing {

// Errors name the file and what is wrong with it.
Result<std::vector<ev::Vehicle>> load_vehicles(const std::string& file);
Result<std::shared_ptr<const LoadedNetwork>> load_shipped(const std::string& folder,
                                                          const std::vector<ev::Vehicle>& vehicles);
Result<std::shared_ptr<const LoadedNetwork>> load_imported(const std::string& folder,
                                                           const std::vector<ev::Vehicle>& vehicles,
                                                           std::function<bool()> give_up = {});

}  // namespace evc::routing
