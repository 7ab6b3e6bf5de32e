// Asks payment for more while charges run: sessions whose increment is due are claimed, asked for between transactions,
// and what is answered goes through the session as any other fact does. Who is not answered asks again with the same
// key; the fact on payment.events may be quicker.
#pragma once

#include "kit/messaging/outbox.hpp"
#include "kit/postgres/pool.hpp"
#include "kit/runtime/worker.hpp"
#include "services/charging/process/nudges.hpp"
#include "services/charging/process/payment_client.hpp"

namespace evc::charging {

// Until the worker's tasks are cancelled.
Task<> ask_for_increments(Worker& worker, postgres::Pool& pool, messaging::Outbox& outbox, PaymentClient& payment,
                          Nudges& nudges);

}  // namespace evc::charging
