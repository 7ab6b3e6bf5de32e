// TripAnswer as the JSON of contracts/http/routing.yaml. Pure.
#pragma once

#include "kit/base/json.hpp"
#include "services/routing/domain/trip_network.hpp"
#include "services/routing/store/station_board.hpp"

namespace evc::routing {

struct AnswerContext {
  const TripNetwork& network;
  const StationBoard& stations;
  WallTime now;
  double milliseconds = 0;  // spent searching
};

json::Value answer_json(const TripRequest& request, const TripAnswer& answer, const AnswerContext& context);
json::Value place_json(const Place& place);
json::Value vehicle_json(const ev::Vehicle& vehicle);

}  // namespace evc::routing
