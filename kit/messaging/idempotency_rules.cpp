#include "kit/messaging/idempotency_rules.hpp"

namespace evc::messaging {

KeyCase case_of_taken(std::int64_t attempt) {
  return attempt == 1 ? KeyCase::kFirst : KeyCase::kResume;
}

KeyCase case_of_held(std::string_view held_fingerprint, std::string_view asked_fingerprint, std::string_view state) {
  if (held_fingerprint != asked_fingerprint) return KeyCase::kOtherUse;
  return state == "running" ? KeyCase::kInProgress : KeyCase::kReplay;
}

}  // namespace evc::messaging
