// Nothing waits for ever: sessions whose deadline has passed are taken one by one (FOR UPDATE SKIP LOCKED, so any
// number of processes may look) and moved on by the saga's table. What only payment knows, a hold that may never have
// been asked for, is asked by reference. What only the station knows is judged while charging hears it.
#pragma once

#include "kit/messaging/outbox.hpp"
#include "kit/postgres/pool.hpp"
#include "kit/runtime/worker.hpp"
#include "services/charging/events/hearing.hpp"
#include "services/charging/process/nudges.hpp"
#include "services/charging/process/payment_client.hpp"

namespace evc::charging {

// Until the worker's tasks are cancelled.
Task<> watch_deadlines(Worker& worker, postgres::Pool& pool, messaging::Outbox& outbox, PaymentClient& payment,
                       Nudges& nudges, const Hearing& hearing);

}  // namespace evc::charging
