#include "services/charging/domain/vehicle_answers.hpp"

#include "kit/base/json.hpp"

namespace evc::charging {

VehicleOwner vehicle_told(int status, std::string_view text) {
  if (status == 200) return VehicleOwner::kDriver;
  const auto body = json::parse(text);
  const auto* code = body && body->is_object() ? body->get_object().if_contains("code") : nullptr;
  const bool is_no = code != nullptr && code->is_string() && code->get_string() == "vehicle-not-found";
  return is_no ? VehicleOwner::kSomebodyElse : VehicleOwner::kUnknown;
}

}  // namespace evc::charging
