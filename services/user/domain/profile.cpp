#include "services/user/domain/profile.hpp"

#include <algorithm>

namespace evc::user {
namespace {

constexpr std::size_t kNameLimit = 120;
constexpr std::size_t kNicknameLimit = 60;
constexpr double kLeastKwh = 5;
constexpr double kMostKwh = 300;

// Lengths are counted in characters; the JSON parser has let only valid UTF-8 in.
std::size_t characters(std::string_view text) {
  return static_cast<std::size_t>(
      std::ranges::count_if(text, [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; }));
}

class Checks {
 public:
  void length(std::string_view pointer, const std::optional<std::string>& text, std::size_t limit) {
    if (!text) return;
    const std::size_t length = characters(*text);
    if (length < 1 || length > limit) add(pointer, "1 to " + std::to_string(limit) + " characters");
  }
  void model(const std::string& model, const std::set<std::string>& models) {
    if (!models.contains(model)) add("/model", "is no model of GET /routing/vehicles");
  }
  void battery(const std::optional<double>& kwh) {
    if (kwh && !(*kwh >= kLeastKwh && *kwh <= kMostKwh)) add("/usableKwh", "5 to 300");
  }
  void add(std::string_view pointer, std::string detail) {
    errors_.push_back({std::string(pointer), std::move(detail)});
  }
  Result<void> result() {
    if (errors_.empty()) return {};
    return std::unexpected(Error{.code = Code::kValidationFailed, .fields = std::move(errors_)});
  }

 private:
  std::vector<FieldError> errors_;
};

}  // namespace

Result<void> check(const ProfileChange& change) {
  Checks checks;
  if (!change.name && !change.locale && !change.default_vehicle_id) checks.add("", "at least one member is required");
  checks.length("/name", change.name, kNameLimit);
  if (change.locale && *change.locale != "pt-BR" && *change.locale != "en" && *change.locale != "es")
    checks.add("/locale", "one of pt-BR, en, es");
  return checks.result();
}

Result<void> check(const VehicleChange& change, const std::set<std::string>& models) {
  Checks checks;
  if (!change.model && !change.nickname && !change.usable_kwh) checks.add("", "at least one member is required");
  if (change.model) checks.model(*change.model, models);
  checks.length("/nickname", change.nickname, kNicknameLimit);
  checks.battery(change.usable_kwh);
  return checks.result();
}

Result<void> check(const NewVehicle& vehicle, const std::set<std::string>& models) {
  Checks checks;
  checks.model(vehicle.model, models);
  checks.length("/nickname", vehicle.nickname, kNicknameLimit);
  checks.battery(vehicle.usable_kwh);
  return checks.result();
}

std::string name_place(const Uuid& profile_id) {
  return "users.profile.name:" + to_string(profile_id);
}
std::string nickname_place(const Uuid& vehicle_id) {
  return "users.vehicle.nickname:" + to_string(vehicle_id);
}

}  // namespace evc::user
