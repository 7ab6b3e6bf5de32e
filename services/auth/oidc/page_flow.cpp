#include "services/auth/oidc/page_flow.hpp"

#include "kit/base/bytes.hpp"

namespace evc::auth_service {
namespace {

std::string place_of(const std::string& browser_mark) {
  return "auth.page:" + browser_mark;
}

}  // namespace

std::string PageSeal::close(PageFlow flow, const std::string& browser_mark, WallTime now) const {
  flow.issued_at = now;
  return base64url_encode(seal(key_, json::encode_text(flow), place_of(browser_mark)));
}

std::optional<PageFlow> PageSeal::open(const std::string& sealed, std::string_view purpose,
                                       const std::string& browser_mark, WallTime now) const {
  const auto bytes = base64url_decode(sealed);
  if (!bytes || browser_mark.empty()) return std::nullopt;
  const auto text = open_sealed(key_, *bytes, place_of(browser_mark));
  if (!text) return std::nullopt;
  auto flow = json::decode_text<PageFlow>(*text);
  if (!flow || flow->purpose != purpose || flow->issued_at + kPageLife <= now) return std::nullopt;
  return std::move(*flow);
}

}  // namespace evc::auth_service
