// What the user service's answer about a vehicle means. Pure. Only a clear no is a no.
#pragma once

#include <string_view>

namespace evc::charging {

enum class VehicleOwner { kDriver, kSomebodyElse, kUnknown };

VehicleOwner vehicle_told(int status, std::string_view body);

}  // namespace evc::charging
