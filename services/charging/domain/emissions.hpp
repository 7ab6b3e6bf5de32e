// The data of each event on charging.events, exactly as contracts/events/*.schema.json has it, from the state of a
// session.
#pragma once

#include "services/charging/domain/session.hpp"

namespace evc::charging {

enum class HoldReference { kInclude, kOmit };

Emission emit_requested(const Session& session);
Emission emit_authorized(const Session& session, WallTime start_by);
Emission emit_failed(const Session& session, HoldReference reference);
Emission emit_started(const Session& session);
Emission emit_updated(const Session& session, WallTime now);
Emission emit_stop_requested(const Session& session, WallTime now);
Emission emit_ended(const Session& session);

json::Object money(std::int64_t amount_minor, const Currency& currency);
std::int64_t duration_seconds(const Session& session, WallTime now);

}  // namespace evc::charging
