// How a charge point proves who it is: HTTP Basic with its own id as the user (OCPP security profile 1, here always
// inside TLS). A provisioned fleet needs no list of passwords: password = hex(HMAC-SHA256(fleet secret, station id)),
// the first 40 characters, which is the longest AuthorizationKey of OCPP 1.6. The database holds SHA-256 of each
// password: they are random, so a slow hash would add nothing.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "kit/base/secret.hpp"

namespace evc::integrations {

std::string station_password(const Secret<std::string>& fleet_secret, std::string_view station_id);
std::string password_digest(std::string_view password);  // 32 bytes

struct BasicCredentials {
  std::string user;
  Secret<std::string> password;
};
// The value of an Authorization header.
std::optional<BasicCredentials> parse_basic(std::string_view header);

// A station id as contracts allow it: letters, digits, '.', '_', '-', at most 48, the first one a letter or digit.
bool is_station_id(std::string_view text);

}  // namespace evc::integrations
