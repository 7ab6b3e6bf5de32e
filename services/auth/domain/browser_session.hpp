// A browser's session as rules over time, free of I/O: when its tokens are renewed, how long one renewal may take, how
// it slides. The tokens are renewed while they still hold, so that whoever is not the one to renew goes on with them.
#pragma once

#include <algorithm>
#include <chrono>

#include "kit/base/clock.hpp"

namespace evc::auth_service {

// Longer than a renewal takes; within the grace in which a refresh token gives the same child again, so that nothing is
// lost when somebody dies over it.
inline constexpr std::chrono::seconds kRenewalLease{10};
// The idle end is written anew when it would move by at least this.
inline constexpr std::chrono::seconds kSlideStep{60};

struct BrowserSessionLife {
  std::chrono::minutes idle{};
  std::chrono::hours absolute{};
  std::chrono::seconds access_token{};
};

inline bool renewal_due(const BrowserSessionLife& life, WallTime access_expires_at, WallTime now) {
  constexpr std::chrono::seconds kAhead{60};
  return access_expires_at - now <= std::min(kAhead, life.access_token / 5);
}

// Whether the tokens are still worth being given out, the way to a service included.
inline bool still_good(WallTime access_expires_at, WallTime now) {
  constexpr std::chrono::seconds kOnTheWay{5};
  return access_expires_at - now > kOnTheWay;
}

inline bool slide_due(const BrowserSessionLife& life, WallTime idle_expires_at, WallTime now) {
  return now + life.idle - idle_expires_at >= kSlideStep;
}

}  // namespace evc::auth_service
