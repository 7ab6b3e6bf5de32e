#include "services/integrations/domain/session_tag.hpp"

#include <algorithm>
#include <cctype>

#include "kit/base/bytes.hpp"

namespace evc::integrations {

std::string session_tag(const Uuid& session_id) {
  constexpr std::size_t kTagBytes = 12;  // 20 base32 characters
  const auto digest =
      sha256(std::string_view(reinterpret_cast<const char*>(session_id.bytes.data()), session_id.bytes.size()));
  auto tag = base32_encode_lower(view(digest).substr(0, kTagBytes));
  std::ranges::transform(tag, tag.begin(), [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  return tag;
}

}  // namespace evc::integrations
