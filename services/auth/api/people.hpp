// An account with what its sealed columns say, and the mails that are queued in the transaction which asks for them.
#pragma once

#include <string>
#include <string_view>

#include "kit/base/sealing.hpp"
#include "services/auth/store/accounts.hpp"
#include "services/auth/store/audit_log.hpp"

namespace evc::auth_service {

struct Person {
  Account account;
  SealKey secret;
  std::string email;
};

// Opens what the person's secret opens.
Result<Person> person_of(Account account, SealKey secret);

// What a person has done to the own account.
AuditEntry of_owner(const Person& person, AuditAction action);

// What signs in to the account: another text after each change of password or second factor.
std::string credentials_of(const Account& account);

// Where a queued mail is sealed for.
inline constexpr std::string_view kMailPlace = "auth.mail";
// Sent after the commit, at least once.
Task<Result<void>> queue_mail(RequestContext& context, postgres::Transaction& transaction, SealKey mail_key,
                              std::string mail);

}  // namespace evc::auth_service
