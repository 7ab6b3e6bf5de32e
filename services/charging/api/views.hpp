// JSON of sessions and stations as contracts/http/charging.yaml has it. Energy leaves as kWh with three digits, power
// as kW, money in minor units.
#pragma once

#include <optional>
#include <vector>

#include "kit/base/json.hpp"
#include "services/charging/domain/session.hpp"
#include "services/charging/domain/station.hpp"

namespace evc::charging {

json::Object started_view(const Session& session);
json::Object session_view(const Session& session, WallTime now);
json::Object session_view(const Session& session, const std::vector<TimelineEntry>& timeline, WallTime now);
json::Object station_view(const Station& station, WallTime now, std::optional<double> distance_km = std::nullopt);

}  // namespace evc::charging
