// One file out of a ZIP archive in memory: stored or deflated, not encrypted, below 4 GB. Enough for elevation tiles.
#pragma once

#include <string>
#include <string_view>

#include "kit/base/result.hpp"

namespace evc::routing {

// The first entry whose name ends so. `name` is for the error's text.
Result<std::string> zip_entry(std::string_view archive, std::string_view ending, const std::string& name);

}  // namespace evc::routing
