// Reads the charging sites of the shipped network (data/network/sites.json). A broken file ends the start with the
// reason.
#pragma once

#include <string>
#include <vector>

#include "services/charging/domain/station.hpp"

namespace evc::charging {

// Throws std::runtime_error with file and reason.
std::vector<Station> load_sites(const std::string& file);

}  // namespace evc::charging
