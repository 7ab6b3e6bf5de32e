// The mails of this service, as RFC 5322 text, and the spool that takes them: one file per mail, written beside its
// name and renamed, so that a reader never sees half of one.
#pragma once

#include <string>

#include "kit/base/result.hpp"
#include "kit/base/uuid.hpp"

namespace evc::auth_service {

std::string verification_mail(const std::string& to, const std::string& issuer, const std::string& token);
std::string already_registered_mail(const std::string& to, const std::string& issuer);

// <dir>/<id>.eml, mode 0600; written again it is the same file.
Result<void> spool_mail(const std::string& dir, const Uuid& id, const std::string& mail);

}  // namespace evc::auth_service
