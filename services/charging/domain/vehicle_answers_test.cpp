#include "services/charging/domain/vehicle_answers.hpp"

#include <gtest/gtest.h>

namespace evc::charging {
namespace {

TEST(VehicleAnswers, OnlyAClearNoIsANo) {
  EXPECT_EQ(vehicle_told(200, R"({"vehicleId":"x","model":"y"})"), VehicleOwner::kDriver);
  EXPECT_EQ(vehicle_told(404, R"({"code":"vehicle-not-found"})"), VehicleOwner::kSomebodyElse);
  EXPECT_EQ(vehicle_told(404, R"({"code":"not-found"})"), VehicleOwner::kUnknown) << "an older user service";
  for (const char* body : {"", "nonsense", "[]", R"({"code":7})", R"({"code":"service-unavailable"})"})
    EXPECT_EQ(vehicle_told(503, body), VehicleOwner::kUnknown) << body;
}

}  // namespace
}  // namespace evc::charging
