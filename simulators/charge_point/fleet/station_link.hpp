// The connection of one simulated station: dials, feeds the machine, sends what it says, wakes it when something is
// due, and comes back with growing pauses when the platform is away. Lives on one worker, as long as the fleet.
#pragma once

#include <deque>
#include <memory>
#include <string>

#include "kit/base/secret.hpp"
#include "kit/http/websocket.hpp"
#include "kit/runtime/worker.hpp"
#include "simulators/charge_point/domain/charge_point.hpp"

namespace evc::charge_point {

struct CentralSystem {
  std::string host;
  std::uint16_t port = 0;
  std::shared_ptr<net::TlsClient> tls;
  std::string server_name;
  std::chrono::milliseconds ping_interval{60'000};
};

class StationLink {
 public:
  StationLink(Worker& worker, const CentralSystem& central_system, Secret<std::string> password, StationPlan plan,
              const Behaviour& behaviour);

  // Until the worker's group is cancelled; the first dial after `delay`, so that a fleet does not come all at once.
  Task<> run(std::chrono::milliseconds delay);
  ChargePoint& station() { return station_; }
  // After something was done to the station: sends what it says and wakes at its next due time.
  void settle();

 private:
  Task<Result<void>> session();
  Task<> write_out(std::shared_ptr<http::WebSocket> socket);
  http::WebSocketDial dial() const;

  Worker* worker_;
  const CentralSystem* central_system_;
  Secret<std::string> password_;
  ChargePoint station_;
  std::shared_ptr<http::WebSocket> socket_;
  std::deque<std::string> outgoing_;
  bool is_writing_ = false;
  DeadlineWheel::Handle due_;
};

}  // namespace evc::charge_point
