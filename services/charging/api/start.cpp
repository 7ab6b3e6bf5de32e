#include "services/charging/api/start.hpp"

#include "kit/base/crash_point.hpp"
#include "kit/http/operation.hpp"
#include "kit/telemetry/log.hpp"
#include "services/charging/api/views.hpp"
#include "services/charging/process/record.hpp"
#include "services/charging/store/sessions.hpp"
#include "services/charging/store/stations.hpp"

namespace evc::charging {
namespace {

using http::Request;
using http::Response;
using messaging::IdempotencyDecision;
using messaging::IdempotentRequest;

// Recovery points of a start: the session is written and the hold may have been asked for.
constexpr std::string_view kRequestedPrefix = "requested:";

Response started(int status, const Session& session) {
  Response response = http::no_store(Response::json(status, started_view(session)));
  response.headers.set("location", "/charging/" + to_string(session.id));
  return response;
}

// What the driver is told once the hold's outcome is recorded.
Response answer_for(const Session& session, const RequestContext& context, const Request& request) {
  switch (session.state) {
    case SessionState::kFailed:
      return http::no_store(http::problem(
          Error{.code = session.failure == "paymentFailed" ? Code::kPaymentFailed : Code::kPaymentDeclined}, context,
          request.path));
    case SessionState::kRequested:
    case SessionState::kPreauthUnknown:
    case SessionState::kVoiding:
    case SessionState::kVoided:
    case SessionState::kExpired:
      return started(202, session);
    default:
      return started(201, session);
  }
}

Task<Result<void>> store_answer(Api& api, RequestContext& context, const IdempotentRequest& keyed,
                                const Response& response) {
  EVC_CO_TRY(transaction, co_await api.pool.begin(context));
  EVC_CO_CHECK(co_await api.idempotency.complete(context, transaction, keyed, response));
  co_return EVC_STEP("charging.refusal.commit", co_await transaction.commit(context));
}

// A business error is an answer like any other and is kept under the key; a passing one is not, so that the same
// request may succeed later. What could not be kept is not said either: whoever asks again may be answered otherwise.
Task<Response> refuse(Api& api, RequestContext& context, const Request& request, const IdempotentRequest& keyed,
                      Error error) {
  Response response = http::no_store(http::problem(error, context, request.path));
  if (info(error.code).retryable || info(error.code).status >= 500) {
    co_await api.idempotency.release(context, keyed);
    co_return response;
  }
  auto stored = co_await store_answer(api, context, keyed, response);
  if (stored) co_return response;
  co_await api.idempotency.release(context, keyed);
  co_return http::no_store(http::problem(stored.error(), context, request.path));
}

// The order as it may be placed: with a vehicle of the driver's own, or without one when nobody can tell whose it is. A
// vehicle is a label; that the user service is away is no reason to leave a driver without energy, and a label that
// was not checked is not kept.
Task<Result<StartOrder>> with_own_vehicle(Api& api, RequestContext& context, StartOrder order) {
  if (!order.vehicle_id) co_return order;
  const VehicleOwner owner = co_await api.vehicles.owner(context, context.principal.subject, *order.vehicle_id);
  if (owner == VehicleOwner::kSomebodyElse) co_return fail_field("/vehicleId", "is not a vehicle of yours");
  if (owner == VehicleOwner::kUnknown) order.vehicle_id.reset();
  co_return order;
}

// Step 1: the session exists and is announced, before any money is asked for.
Task<Result<Session>> place_order(Api& api, RequestContext& context, const CheckedStart& start,
                                  const IdempotentRequest& keyed) {
  EVC_CO_TRY(station, co_await find_station(context, api.pool, start.station_id));
  if (!station) co_return fail(Code::kStationNotFound);
  if (auto obstacle = start_obstacle(*station, start.connector_id)) co_return std::unexpected(std::move(*obstacle));
  StationFacts facts{
      .id = station->id, .name = station->name, .connector_id = start.connector_id, .tariff = station->tariff};
  for (const Connector& connector : station->connectors) {
    if (connector.id != start.connector_id) continue;
    facts.connector_type = connector.type;
    facts.connector_max_power_w = connector.max_power_w;
  }
  EVC_CO_TRY(order, co_await with_own_vehicle(api, context, start.order));
  EVC_CO_TRY(outcome,
             request_session(order, facts, uuid_v7(), {context.trace.trace_id_hex(), context.trace.span_id_hex()},
                             context.clock->wall(), api.hold_rules));
  EVC_CO_TRY(transaction, co_await api.pool.begin(context));
  EVC_CO_CHECK(co_await insert_session(context, transaction, outcome.session, start.payment_method));
  EVC_CO_CHECK(insert_timeline(transaction, outcome.session.id, outcome.session.version, outcome.timeline.front()));
  EVC_CO_CHECK(co_await publish(context, transaction, api.outbox, outcome, std::nullopt));
  EVC_CO_CHECK(co_await api.idempotency.advance(context, transaction, keyed,
                                                std::string(kRequestedPrefix) + to_string(outcome.session.id)));
  EVC_CO_CHECK(EVC_STEP("charging.start.order", co_await transaction.commit(context)));
  co_return outcome.session;
}

// Step 3: the outcome and the stored answer commit together.
Task<Result<Response>> settle(Api& api, RequestContext& context, const Request& request, const IdempotentRequest& keyed,
                              Uuid session_id, Input hold) {
  EVC_CO_TRY(transaction, co_await api.pool.begin(context));
  EVC_CO_TRY(session, co_await lock_session(context, transaction, session_id));
  if (!session) co_return fail(Code::kSessionNotFound);
  Session settled = *session;
  // The fact on payment.events may have been quicker than the answer.
  if (session->state == SessionState::kRequested) {
    Outcome outcome = hold_outcome(std::move(*session), hold, context.clock->wall());
    settled = outcome.session;
    EVC_CO_CHECK(co_await record(context, transaction, api.outbox, std::move(outcome)));
  }
  Response response = answer_for(settled, context, request);
  EVC_CO_CHECK(co_await api.idempotency.complete(context, transaction, keyed, response));
  EVC_CO_CHECK(EVC_STEP("charging.start.settle", co_await transaction.commit(context)));
  api.nudges.wake(to_string(session_id));
  co_return response;
}

Task<Result<Session>> resume_order(Api& api, RequestContext& context, const std::string& recovery_point) {
  EVC_CO_TRY(id, parse_uuid(std::string_view(recovery_point).substr(kRequestedPrefix.size())));
  EVC_CO_TRY(session, co_await find_session(context, api.pool, id));
  if (!session) co_return fail(Code::kSessionNotFound);
  co_return std::move(*session);
}

Task<Result<Response>> run_start(Api& api, RequestContext& context, const Request& request, const CheckedStart& start,
                                 const IdempotentRequest& keyed, IdempotencyDecision decision) {
  const bool resumed = decision.recovery_point.starts_with(kRequestedPrefix);
  auto session = resumed ? co_await resume_order(api, context, decision.recovery_point)
                         : co_await place_order(api, context, start, keyed);
  if (!session) co_return std::unexpected(std::move(session).error());
  Input hold = Input::kHoldUnknown;
  if (session->state == SessionState::kRequested)
    hold = EVC_STEP("charging.start.hold", co_await api.payment.hold(context, *session, start.payment_method));
  // The answer must be kept even when the hold took all the time there was.
  RequestContext closing = context;
  closing.deadline = std::max(context.deadline, context.clock->steady() + std::chrono::seconds(2));
  co_return co_await settle(api, closing, request, keyed, session->id, hold);
}

Task<Result<Response>> run_stop(Api& api, RequestContext& context, const IdempotentRequest& keyed, Uuid session_id) {
  EVC_CO_TRY(transaction, co_await api.pool.begin(context));
  EVC_CO_TRY(session, co_await lock_session(context, transaction, session_id));
  if (!session || session->puid != context.principal.puid) co_return fail(Code::kSessionNotFound);
  if (terminal(session->state)) co_return fail(Code::kSessionNotActive, "the charge is over");
  if (session->state == SessionState::kRequested || session->state == SessionState::kPreauthUnknown) {
    co_return fail(Code::kConflict,
                   "the payment is still being asked; the charge will not start before it is answered");
  }
  Outcome outcome = stop_requested(std::move(*session), "driver", context.clock->wall());
  Response response = http::no_store(
      Response::json(202, json::Object{{"sessionId", to_string(session_id)}, {"state", name(outcome.session.state)}}));
  EVC_CO_CHECK(co_await record(context, transaction, api.outbox, std::move(outcome)));
  EVC_CO_CHECK(co_await api.idempotency.complete(context, transaction, keyed, response));
  EVC_CO_CHECK(EVC_STEP("charging.stop.commit", co_await transaction.commit(context)));
  api.nudges.wake(to_string(session_id));
  co_return response;
}

}  // namespace

Task<Response> start_charging(Api& api, RequestContext& context, Request& request) {
  auto key = http::idempotency_key(request);
  if (!key) co_return http::problem(key.error(), context, request.path);
  auto start = read_start(request, context.principal.puid);
  if (!start) co_return http::problem(start.error(), context, request.path);
  const IdempotentRequest keyed = messaging::idempotent_request(context, request, *key);
  auto decision = co_await api.idempotency.begin(context, keyed);
  if (!decision) co_return http::problem(decision.error(), context, request.path);
  if (decision->kind == IdempotencyDecision::Kind::kReplay) co_return std::move(*decision->response);
  auto response = co_await run_start(api, context, request, *start, keyed, std::move(*decision));
  if (!response) co_return co_await refuse(api, context, request, keyed, response.error());
  co_return std::move(*response);
}

Task<Response> stop_charging(Api& api, RequestContext& context, Request& request) {
  auto key = http::idempotency_key(request);
  if (!key) co_return http::problem(key.error(), context, request.path);
  auto id = parse_uuid(request.path_parameters.at("sessionId"));
  if (!id) co_return http::problem(Error{.code = Code::kSessionNotFound}, context, request.path);
  const IdempotentRequest keyed = messaging::idempotent_request(context, request, *key);
  auto decision = co_await api.idempotency.begin(context, keyed);
  if (!decision) co_return http::problem(decision.error(), context, request.path);
  if (decision->kind == IdempotencyDecision::Kind::kReplay) co_return std::move(*decision->response);
  auto response = co_await run_stop(api, context, keyed, *id);
  if (!response) co_return co_await refuse(api, context, request, keyed, response.error());
  co_return std::move(*response);
}

}  // namespace evc::charging
