// When signing keys are made, used and withdrawn: public 24 h before use, used 7 days, public 24 h after. Pure: the
// store gives the known keys, the answer says what to do now.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "kit/base/clock.hpp"

namespace evc::auth_service {

inline constexpr std::chrono::hours kPublishedBefore{24};
inline constexpr std::chrono::hours kUsedFor{24 * 7};
inline constexpr std::chrono::hours kPublishedAfter{24};

// When an operator exchanges keys: a new one signs so long after it was published, when every verifier has it (they
// look twice a second, auth's processes once a second) …
inline constexpr std::chrono::seconds kShortestLead{2};
// … and one that is revoked is refused so long after its successor signs, when nobody uses its tokens any more.
inline constexpr std::chrono::seconds kRevokedAfter{2};
inline constexpr std::chrono::hours kRevokedDenied{24 * 7};

struct KeyTimes {
  std::string key_id;
  WallTime use_from{};
  WallTime use_until{};
  bool revoked = false;
};

// The key to sign with now: the one whose use began last. Empty when there is none (the first start, or all revoked).
std::optional<std::string> signing_key(const std::vector<KeyTimes>& keys, WallTime now);
bool is_published(const KeyTimes& key, WallTime now);
// The times of the key to make now, if one is due: at once when nothing can sign, else a day before the last one ends.
std::optional<KeyTimes> next_key(const std::vector<KeyTimes>& keys, WallTime now);

}  // namespace evc::auth_service
