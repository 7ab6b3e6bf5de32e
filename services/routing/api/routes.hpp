// The service's HTTP operations on one worker: GET and POST /routing, GET /routing.svg, GET /places, GET
// /routing/vehicles. Searches run on the CPU pool and come back. A request takes the live network once and stays with
// it: place numbers mean nothing on another one.
#pragma once

#include <memory>

#include "kit/http/router.hpp"
#include "kit/runtime/cpu_pool.hpp"
#include "services/routing/api/trip_parameters.hpp"
#include "services/routing/store/station_board.hpp"

namespace evc::routing {

struct RoutingShared {
  std::shared_ptr<const LiveNetwork> network;
  std::shared_ptr<CpuPool> pool;
};

class Routes {
 public:
  Routes(Worker& worker, RoutingShared shared, std::shared_ptr<const StationBoard> stations)
      : worker_(worker), shared_(std::move(shared)), stations_(std::move(stations)) {}
  // The object must outlive the router.
  void add_to(http::Router& router);

  Task<http::Response> search_places(RequestContext& context, http::Request& request);
  Task<http::Response> find_route(RequestContext& context, http::Request& request);
  Task<http::Response> find_route_by_body(RequestContext& context, http::Request& request);
  Task<http::Response> draw_route(RequestContext& context, http::Request& request);
  Task<http::Response> list_vehicles(RequestContext& context, http::Request& request);

 private:
  struct AnswerForm {
    Source source = Source::kQuery;  // how pointers are written
    enum class Kind { kJson, kDrawing } kind = Kind::kJson;
  };
  Task<http::Response> answer(RequestContext& context, std::shared_ptr<const LoadedNetwork> loaded,
                              Result<AskedTrip> asked, AnswerForm form);

  Worker& worker_;
  RoutingShared shared_;
  std::shared_ptr<const StationBoard> stations_;
};

}  // namespace evc::routing
