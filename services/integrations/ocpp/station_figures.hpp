// How many stations are connected, offline or were never seen, and what their connectors say, as metrics. Read from the
// database every ten seconds on the first worker, so that a restart shows the truth at once. Until the worker ends.
#pragma once

#include "kit/postgres/pool.hpp"
#include "kit/runtime/worker.hpp"

namespace evc::integrations {

Task<> publish_station_figures(Worker& worker, postgres::Pool& pool);

}  // namespace evc::integrations
