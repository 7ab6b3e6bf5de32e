// What the platform needs from one MeterValue: energy register, power, state of charge. Raw values of the whole
// connector win over a sum of phases, the outlet over other places; kWh and kW become Wh and W. Signed data is kept
// elsewhere and not interpreted here.
#pragma once

#include <optional>

#include "services/integrations/domain/ocpp/messages.hpp"

namespace evc::integrations::ocpp {

struct MeterReading {
  WallTime timestamp{};
  std::optional<std::int64_t> energy_wh;  // the register, ≥ 0
  std::optional<std::int64_t> power_w;
  std::optional<double> soc;  // 0–1
};

MeterReading reading_of(const MeterValue& value);
// The newest of several that has an energy register: a station that was offline sends a batch.
std::optional<MeterReading> latest_reading(const std::vector<MeterValue>& values);

}  // namespace evc::integrations::ocpp
