// What anybody may ask for an address: to register it, to get a forgotten password replaced, to move an account to it.
// take() stores the request sealed and looks at nothing, so that neither the answer nor its time can tell whether the
// address is known; answer_due() does the work in the background, at least once, and mails say what happened. A request
// that fails is tried again with growing distances and given up after ten tries. One per worker.
#pragma once

#include <boost/describe.hpp>
#include <optional>
#include <string>

#include "kit/base/sealing.hpp"
#include "kit/postgres/pool.hpp"
#include "services/auth/settings.hpp"
#include "services/auth/store/account_requests.hpp"
#include "services/auth/store/accounts.hpp"

namespace evc::auth_service {

enum class AccountRequestKind { kRegistration, kPasswordReset, kEmailChange };
BOOST_DESCRIBE_ENUM(AccountRequestKind, kRegistration, kPasswordReset, kEmailChange)

struct AccountRequest {
  AccountRequestKind kind = AccountRequestKind::kRegistration;
  std::string email;                               // normalised
  std::optional<std::string> name, password_hash;  // kRegistration
  std::optional<Uuid> account_id;                  // kEmailChange
};
BOOST_DESCRIBE_STRUCT(AccountRequest, (), (kind, email, name, password_hash, account_id))

class AccountRequests {
 public:
  struct Parts {
    postgres::Pool& pool;
    postgres::Pool& keystore;
    AuthSettings settings;
    SealKey index_key;     // blind index of e-mail addresses
    SealKey keystore_key;  // key-encryption key of the keystore
    SealKey mail_key;      // seals queued mails
    SealKey request_key;   // seals requests that wait
  };
  explicit AccountRequests(Parts parts) : parts_(std::move(parts)) {}

  Task<Result<void>> take(RequestContext& context, AccountRequest request);
  // Everything that is due, at most one batch; how many there were.
  Task<Result<std::size_t>> answer_due(RequestContext& context);

 private:
  Task<Result<void>> answer(RequestContext& context, postgres::Transaction& transaction, DueRequest due);
  Task<Result<void>> apply(RequestContext& context, postgres::Transaction& transaction, std::string sealed);
  Task<Result<void>> register_address(RequestContext& context, postgres::Transaction& transaction,
                                      AccountRequest request);
  Task<Result<void>> create_account(RequestContext& context, postgres::Transaction& transaction, AccountRequest request,
                                    std::string email_index);
  Task<Result<void>> send_verification(RequestContext& context, postgres::Transaction& transaction, Uuid account_id,
                                       std::string email);
  Task<Result<void>> send_reset_code(RequestContext& context, postgres::Transaction& transaction,
                                     AccountRequest request);
  Task<Result<void>> send_change_code(RequestContext& context, postgres::Transaction& transaction,
                                      AccountRequest request);
  Task<Result<void>> mail(RequestContext& context, postgres::Transaction& transaction, std::string text);

  Parts parts_;
};

}  // namespace evc::auth_service
