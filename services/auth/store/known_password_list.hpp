// The list of passwords that nobody may choose (data/passwords/known.txt), one a line.
#pragma once

#include <string>

#include "kit/base/result.hpp"
#include "services/auth/domain/known_passwords.hpp"

namespace evc::auth_service {

// Blocking: at the start only. not-found with the path when it cannot be read or is empty.
Result<KnownPasswords> load_known_passwords(const std::string& path);

}  // namespace evc::auth_service
