// What anybody may ask for an address: to register it, to get a forgotten password replaced, to move an account to it.
// take() stores the request sealed and looks at nothing, so that neither the answer nor its time can tell whether the
// address is known; answer_due() does the work in the background, at least once, and mails say what happened. A request
// that fails is tried again with growing distances: for a day while a database is away, ten times when the fault lies
// in the request. One per worker.
#pragma once

#include <boost/describe.hpp>
#include <optional>
#include <set>
#include <string>

#include "kit/base/sealing.hpp"
#include "kit/postgres/pool.hpp"
#include "services/auth/settings.hpp"
#include "services/auth/store/account_requests.hpp"
#include "services/auth/store/accounts.hpp"
#include "services/auth/store/keystore_key.hpp"

namespace evc::auth_service {

enum class AccountRequestKind { kRegistration, kPasswordReset, kEmailChange };
BOOST_DESCRIBE_ENUM(AccountRequestKind, kRegistration, kPasswordReset, kEmailChange)

struct AccountRequest {
  AccountRequestKind kind = AccountRequestKind::kRegistration;
  std::string email;                               // normalised
  std::optional<std::string> name, password_hash;  // kRegistration
  std::optional<Uuid> account_id;                  // kEmailChange
  std::optional<std::string> proved;               // kEmailChange: the hash of the password that was proved
};
BOOST_DESCRIBE_STRUCT(AccountRequest, (), (kind, email, name, password_hash, account_id, proved))

class AccountRequests {
 public:
  struct Parts {
    postgres::Pool& pool;
    postgres::Pool& keystore;
    AuthSettings settings;
    SealKey index_key;  // blind index of e-mail addresses
    KeystoreKey keystore_key;
    SealKey mail_key;     // seals queued mails
    SealKey request_key;  // seals requests that wait
  };
  explicit AccountRequests(Parts parts) : parts_(std::move(parts)) {}

  Task<Result<void>> take(RequestContext& context, AccountRequest request);
  static constexpr std::size_t kBatch = 20;
  // Everything that is due, at most one batch, each in a transaction and a time of its own; how many there were.
  Task<Result<std::size_t>> answer_due(RequestContext& context);
  // Of somebody who is being erased: deletes what waits to be answered or sent, by account or address.
  Task<Result<void>> forget(RequestContext& context, postgres::Transaction& transaction, Uuid account_id,
                            std::set<std::string> addresses);

 private:
  // False: nothing is due.
  Task<Result<bool>> answer_next(RequestContext& context);
  Task<Result<void>> forget_requests(RequestContext& context, postgres::Transaction& transaction, Uuid account_id,
                                     std::set<std::string> addresses);
  Task<Result<void>> forget_mails(RequestContext& context, postgres::Transaction& transaction,
                                  std::set<std::string> addresses);
  Task<Result<void>> answer(RequestContext& context, postgres::Transaction& transaction, DueRequest due);
  Task<Result<void>> apply(RequestContext& context, postgres::Transaction& transaction, std::string sealed);
  Task<Result<void>> register_address(RequestContext& context, postgres::Transaction& transaction,
                                      AccountRequest request);
  Task<Result<void>> create_account(RequestContext& context, postgres::Transaction& transaction, AccountRequest request,
                                    std::string email_index);
  // False: the person got too many mails already.
  Task<Result<bool>> may_verify(RequestContext& context, postgres::Transaction& transaction, Uuid account_id);
  Task<Result<void>> send_verification(RequestContext& context, postgres::Transaction& transaction, Uuid account_id,
                                       AccountRequest request, std::string name_sealed);
  // About an account that is there; counted like a link.
  Task<Result<void>> send_counted(RequestContext& context, postgres::Transaction& transaction, Uuid account_id,
                                  std::string text);
  Task<Result<void>> send_reset_code(RequestContext& context, postgres::Transaction& transaction,
                                     AccountRequest request);
  Task<Result<void>> send_change_code(RequestContext& context, postgres::Transaction& transaction,
                                      AccountRequest request);
  Task<Result<void>> mail(RequestContext& context, postgres::Transaction& transaction, std::string text);

  Parts parts_;
};

}  // namespace evc::auth_service
