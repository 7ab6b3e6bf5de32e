// All simulated stations of the process, on one worker, and what can be asked of them from outside: how they are, and
// faults.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include <boost/describe.hpp>

#include "kit/http/router.hpp"
#include "simulators/charge_point/fleet/station_link.hpp"

namespace evc::charge_point {

// POST /stations/{stationId}/faults
struct FaultRequest {
  std::string fault;  // offline, reboot, repeatStart, repeatStop, rejectStart, connectorFault, connectorRepaired,
                      // largeBattery
  std::optional<std::int64_t> duration_ms;
  std::optional<std::int64_t> connector_id;
  std::optional<std::string> error_code;
  std::optional<std::int64_t> times;
};
BOOST_DESCRIBE_STRUCT(FaultRequest, (), (fault, duration_ms, connector_id, error_code, times))

class Fleet {
 public:
  Fleet(Worker& worker, CentralSystem central_system, const Behaviour& behaviour, const std::vector<StationPlan>& plans,
        const Secret<std::string>& fleet_secret);

  // `per_second`: how many stations dial in a second.
  void start(std::int64_t per_second);
  void add_routes(http::Router& router);
  std::size_t size() const { return links_.size(); }

  Task<http::Response> list(RequestContext& context, http::Request& request);
  Task<http::Response> show(RequestContext& context, http::Request& request);
  Task<http::Response> disturb(RequestContext& context, http::Request& request);

 private:
  StationLink* find(const http::Request& request);

  Worker* worker_;
  CentralSystem central_system_;
  Behaviour behaviour_;
  std::map<std::string, std::unique_ptr<StationLink>> links_;
};

}  // namespace evc::charge_point
