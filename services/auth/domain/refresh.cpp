#include "services/auth/domain/refresh.hpp"

#include "kit/base/bytes.hpp"

namespace evc::auth_service {

RefreshVerdict judge(const PresentedToken& token, WallTime now) {
  if (!token.known || !token.family_live) return RefreshVerdict::kRefuse;
  if (token.absolute_expires_at <= now || token.idle_expires_at <= now) return RefreshVerdict::kRefuse;
  if (token.rotated_now) return RefreshVerdict::kIssueChild;
  const bool in_grace = token.rotated_at && *token.rotated_at + kRefreshGrace > now;
  return in_grace && token.child_unused ? RefreshVerdict::kRepeatChild : RefreshVerdict::kRevokeFamily;
}

std::string new_refresh_token() {
  return base64url_encode(random_bytes(32));
}

std::string refresh_token_hash(const std::string& token) {
  const Digest digest = sha256(token);
  return std::string(view(digest));
}

}  // namespace evc::auth_service
