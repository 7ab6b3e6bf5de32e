#include "simulators/charge_point/domain/connector.hpp"

namespace evc::charge_point {

std::string_view text_of(ConnectorStatus status) {
  switch (status) {
    case ConnectorStatus::kAvailable:
      return "Available";
    case ConnectorStatus::kPreparing:
      return "Preparing";
    case ConnectorStatus::kCharging:
      return "Charging";
    case ConnectorStatus::kFinishing:
      return "Finishing";
    case ConnectorStatus::kUnavailable:
      return "Unavailable";
    case ConnectorStatus::kFaulted:
      return "Faulted";
  }
  return "Faulted";
}

}  // namespace evc::charge_point
