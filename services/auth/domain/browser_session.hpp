// A browser's session as rules over time, free of I/O: when its tokens are renewed, how long one renewal may take, how
// it slides. The tokens are renewed while they still hold, so that whoever is not the one to renew goes on with them.
#pragma once

#include <algorithm>
#include <chrono>

#include "kit/base/clock.hpp"

namespace evc::auth_service {

// Longer than a renewal takes. Tokens are rotated and stored at once, so that nothing is lost when somebody dies over
// it.
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

// Whether tokens that a verifier has refused are renewed before their time: their key or they themselves were revoked.
// Not those of a moment ago, so that a verifier that refuses everything makes no flood of renewals.
inline bool refusal_counts(const BrowserSessionLife& life, WallTime access_expires_at, WallTime now) {
  constexpr std::chrono::seconds kYoung{5};
  return now - (access_expires_at - life.access_token) >= kYoung;
}

// When it is over if nothing more is asked.
inline WallTime idle_end(const BrowserSessionLife& life, WallTime absolute_expires_at, WallTime now) {
  return std::min<WallTime>(now + life.idle, absolute_expires_at);
}

}  // namespace evc::auth_service
