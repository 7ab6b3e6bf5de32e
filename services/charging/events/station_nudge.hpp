// Tells other instances and routing by Redis Pub/Sub (channel `stations`) that station status changed, at most ten
// times a second. A hint: whoever listens also pulls.
#pragma once

#include "kit/redis/client.hpp"
#include "kit/runtime/worker.hpp"
#include "services/charging/process/nudges.hpp"

namespace evc::charging {

Task<> announce_station_changes(Worker& worker, redis::Client& redis, Nudges& nudges);

}  // namespace evc::charging
