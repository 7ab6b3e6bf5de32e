// Refresh tokens as a decision, free of I/O: what a presented token is worth, given what the database knows of it after
// the compare-and-set was tried. Grace: for 30 s the immediate parent gives the same child again, as long as the child
// is unused; anything else that was rotated means theft.
#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "kit/base/clock.hpp"

namespace evc::auth_service {

inline constexpr std::chrono::seconds kRefreshGrace{30};
inline constexpr std::chrono::hours kRefreshIdle{24 * 30};
inline constexpr std::chrono::hours kRefreshAbsolute{24 * 90};
// A denied session stays in the deny-set until its last access token has surely expired, skew included.
inline constexpr std::chrono::seconds kDenyFor{900 + 60};

struct PresentedToken {
  bool known = false;
  bool rotated_now = false;  // the compare-and-set took it: it was active until this very request
  bool family_live = false;  // session not revoked, account active
  WallTime idle_expires_at{};
  WallTime absolute_expires_at{};
  std::optional<WallTime> rotated_at;  // of an earlier rotation
  bool child_unused = false;           // its successor is active and its sealed copy still stands
};

enum class RefreshVerdict {
  kIssueChild,    // commit the rotation
  kRepeatChild,   // answer with the same child as before
  kRevokeFamily,  // reuse: everything of this family ends
  kRefuse,        // unknown, expired or already revoked: nothing changes
};
RefreshVerdict judge(const PresentedToken& token, WallTime now);

// 256 random bits, base64url.
std::string new_refresh_token();
// What the database stores and searches.
std::string refresh_token_hash(const std::string& token);

}  // namespace evc::auth_service
