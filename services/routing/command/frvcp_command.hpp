// `evcosta-route frvcp`: solves one fixed route of an instance in the published JSON form and answers with JSON.
#pragma once

#include <optional>
#include <string_view>

#include "services/routing/command/outcome.hpp"

namespace evc::routing::command {

struct FrvcpOptions {
  std::optional<double> start, reserve, final_reserve;
};

// `route`: node numbers with commas between them.
Outcome frvcp(std::string_view instance_json, std::string_view route, const FrvcpOptions& options);

}  // namespace evc::routing::command
