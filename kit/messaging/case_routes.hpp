// The operator's view of what a service's rules could not settle: GET /operations/<service>/cases, GET …/{caseId} and
// POST …/{caseId}/close with an outcome and a reason. Who closed a case, and when, stays with it; a case is closed
// once.
//
// The service keeps its own table and offers it as the view operator_case (case_id uuid, kind text, subject text,
// session_id text, detail text, trace_id text, opened_at, closed_at timestamptz, closed_by, outcome, close_reason,
// close_trace_id text), whose last five columns can be updated.
#pragma once

#include <string>

#include "kit/http/router.hpp"
#include "kit/messaging/idempotency.hpp"

namespace evc::messaging {

// `service`: charging, payment or integrations. Everything given must live as long as the router.
void add_case_operations(http::Router& router, const std::string& service, IdempotencyStore& idempotency,
                         postgres::Pool& pool);

}  // namespace evc::messaging
