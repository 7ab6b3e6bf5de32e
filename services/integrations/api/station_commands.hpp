// POST /operations/stations/{stationId}/commands and the reading of one: an operator asks a station for something. The
// command is a durable row; its outcome comes later, as a commandResult event and in the row. One per worker.
#pragma once

#include <functional>

#include "kit/http/router.hpp"
#include "kit/messaging/idempotency.hpp"
#include "kit/postgres/pool.hpp"
#include "services/integrations/domain/ocpp/commands.hpp"

namespace evc::integrations {

class StationCommands {
 public:
  // `nudge`: a command was committed.
  StationCommands(postgres::Pool& pool, std::function<void()> nudge)
      : pool_(&pool), idempotency_(pool), nudge_(std::move(nudge)) {}

  void add_to(http::Router& router);
  Task<http::Response> send(RequestContext& context, http::Request& request);
  Task<http::Response> find(RequestContext& context, http::Request& request);

 private:
  Task<Result<http::Response>> send_once(RequestContext& context, http::Request& request, ocpp::OperatorCommand body,
                                         ocpp::PlannedCall planned);
  Task<Result<http::Response>> write(RequestContext& context, messaging::IdempotentRequest key, std::string station_id,
                                     ocpp::OperatorCommand body, ocpp::PlannedCall planned);

  postgres::Pool* pool_;
  messaging::IdempotencyStore idempotency_;
  std::function<void()> nudge_;
};

}  // namespace evc::integrations
