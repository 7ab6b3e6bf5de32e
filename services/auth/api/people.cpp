#include "services/auth/api/people.hpp"

#include "services/auth/domain/identity.hpp"

namespace evc::auth_service {

Result<Person> person_of(Account account, SealKey secret) {
  EVC_TRY(email, open_sealed(column_key(secret, "auth"), account.email_sealed, account_place("email", account.id)));
  return Person{.account = std::move(account), .secret = std::move(secret), .email = std::move(email)};
}

AuditEntry of_owner(const Person& person, AuditAction action) {
  return {.action = action, .actor = AuditActor::kOwner, .subject = pseudonym(person.secret, "events"), .detail = {}};
}

std::string credentials_of(const Account& account) {
  return account.password_hash + account.second_factor_sealed;
}

Task<Result<void>> queue_mail(RequestContext& context, postgres::Transaction& transaction, SealKey mail_key,
                              std::string mail) {
  co_return co_await insert_mail(context, transaction, uuid_v7(), seal(mail_key, mail, kMailPlace),
                                 context.clock->wall());
}

}  // namespace evc::auth_service
