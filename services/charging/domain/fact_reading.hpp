// What the facts on payment.events and integration.events mean for a session. Pure. schema-invalid when something is
// missing that the contract promises.
#pragma once

#include <string_view>

#include "services/charging/domain/session.hpp"

namespace evc::charging {

Result<Outcome> payment_said(Session session, std::string_view event_type, const json::Object& data, WallTime now);
// `kind` of an ExternalUpdate about a session.
Result<Outcome> station_said(Session session, std::string_view kind, const json::Object& data, WallTime now);

}  // namespace evc::charging
