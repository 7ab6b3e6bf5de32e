// POST /charging/start and …/stop: idempotent commands. Steps commit one after another, the foreign call stands between
// transactions, and a crashed first request is resumed from its recovery point by whoever repeats it, or ended by its
// deadline.
#pragma once

#include "kit/messaging/idempotency.hpp"
#include "kit/messaging/outbox.hpp"
#include "kit/postgres/pool.hpp"
#include "services/charging/api/requests.hpp"
#include "services/charging/process/nudges.hpp"
#include "services/charging/process/payment_client.hpp"
#include "services/charging/process/vehicle_client.hpp"

namespace evc::charging {

// What the handlers share on one worker; lives as long as the worker.
struct Api {
  Worker& worker;
  postgres::Pool& pool;
  messaging::Outbox& outbox;
  messaging::IdempotencyStore& idempotency;
  PaymentClient& payment;
  Nudges& nudges;
  VehicleClient& vehicles;
  HoldRules hold_rules = {};
};

Task<http::Response> start_charging(Api& api, RequestContext& context, http::Request& request);
Task<http::Response> stop_charging(Api& api, RequestContext& context, http::Request& request);

}  // namespace evc::charging
