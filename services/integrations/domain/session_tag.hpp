// The idTag under which a station knows a charging session. OCPP 1.6 allows 20 characters, compared without case, so a
// session id does not fit: the tag is 96 bits of its SHA-256 in base32. The same session always gets the same tag,
// which makes a repeated request harmless.
#pragma once

#include <string>

#include "kit/base/uuid.hpp"

namespace evc::integrations {

std::string session_tag(const Uuid& session_id);

}  // namespace evc::integrations
