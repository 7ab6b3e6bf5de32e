#include "services/charging/domain/hold_growth.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "services/charging/domain/session.hpp"

namespace evc::charging {
namespace {

using S = IncrementState;
constexpr std::array<std::pair<S, std::string_view>, 5> kNames{{{S::kNone, "none"},
                                                                {S::kWanted, "wanted"},
                                                                {S::kUnknown, "unknown"},
                                                                {S::kAuthorised, "authorised"},
                                                                {S::kRefused, "refused"}}};

bool may_grow(const Session& session) {
  return session.hold_minor < session.hold_limit_minor && !session.hold_gone;
}

// What flows between the reading that asks for a stop and the stop itself, at most: 24 s at 300 kW.
constexpr std::int64_t kOnItsWayWh = 2'000;

// What the charge will have cost before a stop that is asked for after the next reading takes effect: a step like the
// last one until that reading, and up to as much again while the stop is on its way.
std::int64_t next_cost(const Session& session) {
  const std::int64_t step_wh = may_grow(session) ? session.last_step_wh : 0;
  const std::int64_t ahead_wh = std::max(stop_lead_wh(session), step_wh + std::min(step_wh, kOnItsWayWh));
  return price_of(session, session.energy_wh + ahead_wh);
}

}  // namespace

std::string_view name(IncrementState state) {
  return kNames.at(static_cast<std::size_t>(state)).second;
}

std::optional<IncrementState> increment_state_from_name(std::string_view text) {
  const auto found = std::ranges::find(kNames, text, &std::pair<S, std::string_view>::second);
  return found == kNames.end() ? std::nullopt : std::optional(found->first);
}

void want_increment(Session& session, WallTime now) {
  const bool decided = session.increment.state == S::kNone || session.increment.state == S::kAuthorised;
  if (session.state != SessionState::kCharging || !decided || !may_grow(session)) return;
  if (next_cost(session) * 100 < session.hold_minor * session.increment_percent) return;
  session.increment = {.number = session.increment.number + 1,
                       .amount_minor = std::min(session.increment_minor, session.hold_limit_minor - session.hold_minor),
                       .state = S::kWanted,
                       .due_at = now};
}

std::optional<std::string> hold_limit_reached(const Session& session) {
  if (next_cost(session) < session.hold_minor) return std::nullopt;
  if (session.increment.state == S::kRefused) return "incrementDeclined";
  const bool open = session.increment.state == S::kWanted || session.increment.state == S::kUnknown;
  return open ? "incrementUnknown" : "holdExhausted";
}

}  // namespace evc::charging
