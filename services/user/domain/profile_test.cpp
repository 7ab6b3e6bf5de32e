#include "services/user/domain/profile.hpp"

#include <gtest/gtest.h>

namespace evc::user {
namespace {

const std::set<std::string> kModels{"byd-dolphin-gs"};

std::vector<std::string> pointers(const Result<void>& result) {
  std::vector<std::string> found;
  if (result) return found;
  EXPECT_EQ(result.error().code, Code::kValidationFailed);
  for (const FieldError& field : result.error().fields) found.push_back(field.pointer);
  return found;
}

TEST(Profile, AChangeNeedsAMember) {
  EXPECT_EQ(pointers(check(ProfileChange{})), std::vector<std::string>{""});
  EXPECT_EQ(pointers(check(VehicleChange{}, kModels)), std::vector<std::string>{""});
}

TEST(Profile, LengthIsCountedInCharacters) {
  std::string name;
  for (int i = 0; i < 120; ++i) name += "ã";
  EXPECT_TRUE(check(ProfileChange{.name = name}));
  EXPECT_EQ(pointers(check(ProfileChange{.name = name + "a"})), std::vector<std::string>{"/name"});
  EXPECT_EQ(pointers(check(ProfileChange{.name = ""})), std::vector<std::string>{"/name"});
  EXPECT_TRUE(check(NewVehicle{.model = "byd-dolphin-gs", .nickname = std::string(60, 'x')}, kModels));
  EXPECT_EQ(pointers(check(NewVehicle{.model = "byd-dolphin-gs", .nickname = std::string(61, 'x')}, kModels)),
            std::vector<std::string>{"/nickname"});
}

TEST(Profile, LocalesAreThree) {
  for (const char* locale : {"pt-BR", "en", "es"}) EXPECT_TRUE(check(ProfileChange{.locale = locale}));
  EXPECT_EQ(pointers(check(ProfileChange{.locale = "de"})), std::vector<std::string>{"/locale"});
}

TEST(Vehicle, ModelAndBatteryAreChecked) {
  EXPECT_TRUE(check(NewVehicle{.model = "byd-dolphin-gs", .usable_kwh = 5.0}, kModels));
  EXPECT_TRUE(check(VehicleChange{.usable_kwh = 300.0}, kModels));
  EXPECT_EQ(pointers(check(NewVehicle{.model = "no-car", .usable_kwh = 4.9}, kModels)),
            (std::vector<std::string>{"/model", "/usableKwh"}));
  EXPECT_EQ(pointers(check(VehicleChange{.model = "no-car", .usable_kwh = 300.1}, kModels)),
            (std::vector<std::string>{"/model", "/usableKwh"}));
}

TEST(Place, NamesTableColumnAndRow) {
  const Uuid id = *parse_uuid("0198f000-0000-7000-8000-000000000001");
  EXPECT_EQ(name_place(id), "users.profile.name:0198f000-0000-7000-8000-000000000001");
  EXPECT_EQ(nickname_place(id), "users.vehicle.nickname:0198f000-0000-7000-8000-000000000001");
}

}  // namespace
}  // namespace evc::user
