// TripAnswer as the JSON of contracts/http/routing.yaml. Pure.
#pragma once

#include "kit/base/json.hpp"
#include "services/routing/api/trip_parameters.hpp"
#include "services/routing/store/station_board.hpp"

namespace evc::routing {

struct AnswerContext {
  const TripRequest& request;
  const TripNetwork& network;
  const StationBoard& stations;
  const AnswerStyle& style;
  WallTime now;
  double milliseconds = 0;  // spent searching
};

json::Value answer_json(const TripAnswer& answer, const AnswerContext& context);
json::Value place_json(const Place& place);
json::Value vehicle_json(const ev::Vehicle& vehicle);

}  // namespace evc::routing
