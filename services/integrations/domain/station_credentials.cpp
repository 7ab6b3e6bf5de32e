#include "services/integrations/domain/station_credentials.hpp"

#include <algorithm>
#include <cctype>

#include "kit/base/bytes.hpp"

namespace evc::integrations {

std::string station_password(const Secret<std::string>& fleet_secret, std::string_view station_id) {
  constexpr std::size_t kPasswordLength = 40;
  return hex_encode(view(hmac_sha256(fleet_secret.reveal(), station_id))).substr(0, kPasswordLength);
}

std::string password_digest(std::string_view password) {
  return std::string(view(sha256(password)));
}

std::optional<BasicCredentials> parse_basic(std::string_view header) {
  constexpr std::string_view kScheme = "basic ";
  if (header.size() <= kScheme.size()) return std::nullopt;
  const auto same = [](char a, char b) { return std::tolower(static_cast<unsigned char>(a)) == b; };
  if (!std::ranges::equal(header.substr(0, kScheme.size()), kScheme, same)) return std::nullopt;
  const auto decoded = base64_decode(header.substr(kScheme.size()));
  if (!decoded) return std::nullopt;
  const auto colon = decoded->find(':');
  if (colon == std::string::npos) return std::nullopt;
  return BasicCredentials{.user = decoded->substr(0, colon),
                          .password = Secret<std::string>(decoded->substr(colon + 1))};
}

bool is_station_id(std::string_view text) {
  constexpr std::size_t kLimit = 48;
  if (text.empty() || text.size() > kLimit) return false;
  const auto alphanumeric = [](char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0; };
  return alphanumeric(text.front()) &&
         std::ranges::all_of(text, [&](char c) { return alphanumeric(c) || c == '.' || c == '_' || c == '-'; });
}

}  // namespace evc::integrations
