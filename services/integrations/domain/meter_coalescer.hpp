// Thins meter values out to one event per transaction and interval, so that a storm of them cannot starve the other
// topics. The first value goes out at once; what comes too early is held and goes out, the newest only, when the
// interval has passed. One per connection, on its worker.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <vector>

#include "services/integrations/domain/ocpp/meter_reading.hpp"

namespace evc::integrations {

class MeterCoalescer {
 public:
  explicit MeterCoalescer(std::chrono::milliseconds interval) : interval_(interval) {}

  struct Due {
    std::int64_t transaction_id = 0;
    ocpp::MeterReading reading;
  };
  // The reading to publish now, or nothing when it is held back.
  std::optional<ocpp::MeterReading> offer(std::int64_t transaction_id, const ocpp::MeterReading& reading,
                                          SteadyTime now);
  // What was held and is due; counts as published.
  std::vector<Due> take_due(SteadyTime now);
  std::optional<SteadyTime> next_due() const;
  // The transaction ended: its end carries the last value.
  void forget(std::int64_t transaction_id) { transactions_.erase(transaction_id); }

 private:
  struct State {
    SteadyTime published_at{};
    std::optional<ocpp::MeterReading> held;
  };
  std::chrono::milliseconds interval_;
  std::map<std::int64_t, State> transactions_;
};

}  // namespace evc::integrations
