#include "services/auth/domain/key_schedule.hpp"

namespace evc::auth_service {

std::optional<std::string> signing_key(const std::vector<KeyTimes>& keys, WallTime now) {
  const KeyTimes* best = nullptr;
  for (const KeyTimes& key : keys) {
    if (key.revoked || key.use_from > now || key.use_until <= now) continue;
    if (best == nullptr || key.use_from > best->use_from) best = &key;
  }
  return best == nullptr ? std::nullopt : std::optional(best->key_id);
}

bool is_published(const KeyTimes& key, WallTime now) {
  return !key.revoked && key.use_until + kPublishedAfter > now;
}

std::optional<KeyTimes> next_key(const std::vector<KeyTimes>& keys, WallTime now) {
  if (!signing_key(keys, now)) return KeyTimes{.key_id = {}, .use_from = now, .use_until = now + kUsedFor};
  WallTime covered = now;
  for (const KeyTimes& key : keys) {
    if (!key.revoked && key.use_until > covered) covered = key.use_until;
  }
  if (covered - kPublishedBefore > now) return std::nullopt;
  return KeyTimes{.key_id = {}, .use_from = covered, .use_until = covered + kUsedFor};
}

}  // namespace evc::auth_service
