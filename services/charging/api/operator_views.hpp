// JSON of stations and sessions for operators, as contracts/http/operations.yaml has it. People are pseudonyms. Energy
// leaves as kWh with three digits, power as kW, money in minor units.
#pragma once

#include <vector>

#include "kit/base/json.hpp"
#include "services/charging/domain/session.hpp"
#include "services/charging/domain/station.hpp"
#include "services/charging/store/sessions.hpp"

namespace evc::charging {

json::Object operator_connector(const Station& station, const Connector& connector, const ConnectorCharges& charges);
json::Object operator_station(const Station& station, const ConnectorCharges& charges);
json::Object operator_session(const Session& session);
json::Object saga_view(const Session& session);
json::Array timeline_view(const std::vector<TimelineEntry>& timeline);

}  // namespace evc::charging
