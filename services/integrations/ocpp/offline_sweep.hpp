// After a start: stations that were connected to the process before and did not come back within the grace are told to
// be offline. Runs once, on the first worker.
#pragma once

#include <chrono>

#include "kit/runtime/worker.hpp"
#include "services/integrations/ocpp/station_messages.hpp"

namespace evc::integrations {

Task<> sweep_offline(Worker& worker, StationMessages& messages, std::chrono::milliseconds grace);

}  // namespace evc::integrations
