// When a charging station is open, from the `opening_hours` of a map: weekdays and times of day, several rules, of
// which a later one counts for its days; `24/7`, `off`. What says more than that (months, holidays alone, sunrise,
// weeks) is not understood, and then nothing is known. A week of local time; holidays are taken as ordinary days. Pure
// value.
#pragma once

#include <array>
#include <optional>
#include <string_view>
#include <vector>

namespace evc::routing {

class OpeningHours {
 public:
  static std::optional<OpeningHours> parse(std::string_view text);

  // From a second of the week (0: Monday, midnight) on, for so long. Beyond the week's end it begins anew.
  bool open(double week_second, double seconds) const;

 private:
  struct Span {
    int from = 0, to = 0;  // minutes of the day; `to` up to 48 h
  };
  std::array<std::vector<Span>, 7> days_;
};

}  // namespace evc::routing
