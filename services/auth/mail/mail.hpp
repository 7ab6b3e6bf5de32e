// The mails of this service, as RFC 5322 text, and the spool that takes them: one file per mail, written beside its
// name and renamed, so that a reader never sees half of one.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "kit/base/result.hpp"
#include "kit/base/uuid.hpp"

namespace evc::auth_service {

std::string verification_mail(const std::string& to, const std::string& issuer, const std::string& token);
std::string already_registered_mail(const std::string& to, const std::string& issuer);
// Instead of a code to an address that nobody has confirmed.
std::string not_verified_mail(const std::string& to);
// To an address with an account: the code that lets its owner choose a new password.
std::string password_reset_mail(const std::string& to, const std::string& code, std::chrono::minutes life);
// To an address that an account is to move to: the code that proves that its owner reads it.
std::string email_change_mail(const std::string& to, const std::string& code, std::chrono::minutes life);

// What somebody should know who did not do it.
enum class Notice {
  kPasswordChanged,
  kEmailChangeAsked,
  kEmailChanged,
  kSecondFactorOn,
  kSecondFactorOff,
  kPasskeyAdded,
  kPasskeyDeleted,
};
std::string notice_mail(const std::string& to, Notice notice);

// The address that a mail of ours goes to; empty for what is none.
std::string recipient_of(std::string_view mail);

// <dir>/<id>.eml, mode 0600; written again it is the same file.
Result<void> spool_mail(const std::string& dir, const Uuid& id, const std::string& mail);

}  // namespace evc::auth_service
