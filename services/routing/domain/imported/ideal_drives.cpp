#include "services/routing/domain/imported/ideal_drives.hpp"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <optional>

namespace evc::routing::imported {
namespace {

constexpr double kSameShare = 0.0025;
constexpr double kSameWh = 1;

bool same_time(double seconds, const Drive& slower) {
  return slower.seconds - seconds <= kSameShare * seconds;
}

// Whether a way between the two might be worth more than either.
bool room_between(const Drive& faster, const Drive& thriftier) {
  const double saved = std::max({faster.profile.in - thriftier.profile.in, faster.profile.cost - thriftier.profile.cost,
                                 thriftier.profile.out - faster.profile.out});
  return !same_time(faster.seconds, thriftier) && saved > kSameWh + kSameShare * std::abs(faster.profile.cost);
}

Drive best_of(const Drive& faster, const Drive& thriftier) {
  return {.seconds = faster.seconds,
          .profile = {.in = std::min(faster.profile.in, thriftier.profile.in),
                      .cost = std::min(faster.profile.cost, thriftier.profile.cost),
                      .out = std::max(faster.profile.out, thriftier.profile.out)},
          .way = kNobodysWay};
}

// Of the ways that are faster than the first one that can be driven, the slowest.
std::optional<double> before_the_first(std::span<const Drive> of_cap, const Drive& first) {
  std::optional<double> seconds;
  for (const Drive& one : of_cap) {
    if (!one.profile.passable() && !same_time(one.seconds, first)) seconds = std::max(seconds.value_or(0), one.seconds);
  }
  return seconds;
}

}  // namespace

std::vector<Drive> ideal_drives(std::span<const Drive> known) {
  std::vector<Drive> ideal, of_cap;
  for (std::uint32_t cap = 0; cap < kCapsKmh.size(); ++cap) {
    of_cap.clear();
    std::ranges::copy_if(known, std::back_inserter(of_cap), [&](const Drive& one) { return cap_of(one.way) == cap; });
    const std::vector<Drive> best = best_drives(of_cap);
    if (best.empty()) continue;
    if (const auto seconds = before_the_first(of_cap, best.front()))
      ideal.push_back({.seconds = *seconds, .profile = best.front().profile, .way = kNobodysWay});
    for (std::size_t i = 0; i < best.size(); ++i) {
      ideal.push_back(best[i]);
      if (i + 1 < best.size() && room_between(best[i], best[i + 1])) ideal.push_back(best_of(best[i], best[i + 1]));
    }
  }
  return ideal;
}

bool room_in(std::span<const Drive> of_cap) {
  const std::vector<Drive> best = best_drives({of_cap.begin(), of_cap.end()});
  return best.size() > 1 || (!best.empty() && before_the_first(of_cap, best.front()));
}

}  // namespace evc::routing::imported
