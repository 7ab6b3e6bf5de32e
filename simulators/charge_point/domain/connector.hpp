// One connector with its meter and the car that may hang on it. Physics and status only; what is said about it is the
// charge point's business. The energy register only ever grows, over all transactions.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "kit/base/clock.hpp"
#include "simulators/charge_point/domain/plugged_car.hpp"

namespace evc::charge_point {

enum class ConnectorStatus { kAvailable, kPreparing, kCharging, kFinishing, kUnavailable, kFaulted };
std::string_view text_of(ConnectorStatus status);  // OCPP's word

struct ConnectorPlan {
  std::int64_t id = 1;
  std::shared_ptr<const ev::ChargingCurve> curve;  // of the cars that come to it; shared by all alike connectors
};

// A transaction as the station knows it. Messages in the queue share it: the id comes with the answer to the start.
struct StationTransaction {
  std::string id_tag;
  std::int64_t meter_start_wh = 0;
  std::optional<std::int64_t> id;
};

struct Connector {
  ConnectorPlan plan;
  ConnectorStatus status = ConnectorStatus::kAvailable;
  std::string error_code = "NoError";
  double register_wh = 0;
  std::optional<PluggedCar> car;
  std::shared_ptr<StationTransaction> transaction;
  std::string expected_tag;             // of an accepted remote start
  std::optional<SteadyTime> next_step;  // plugging in, metering, unplugging
  SteadyTime metered_at{};
  double next_batteries = 1;  // of the next car
  std::uint64_t charges = 0;  // cars so far, for the next one's state of charge
  enum class Inoperative { kNo, kAfterTransaction, kYes } inoperative = Inoperative::kNo;

  std::int64_t meter_wh() const { return static_cast<std::int64_t>(register_wh); }
  double power_w() const { return car && status == ConnectorStatus::kCharging ? car->power_w() : 0; }
};

}  // namespace evc::charge_point
