// Accounts, their verification links and the mails that go with them. Personal values come and go sealed; only the
// person's secret opens them.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "kit/base/uuid.hpp"
#include "kit/postgres/pool.hpp"

namespace evc::auth_service {

struct Account {
  Uuid id;
  std::string email_sealed, name_sealed;
  std::string password_hash;
  std::optional<std::string> role;
  std::string state;
  WallTime created_at{};
  std::string second_factor_sealed;     // empty: the password alone signs in
  std::int64_t second_factor_step = 0;  // whose code was used last
  std::string email_index;
};

Task<Result<std::optional<Account>>> find_account_by_index(RequestContext& context, postgres::Pool& pool,
                                                           std::string email_index);
Task<Result<std::optional<Account>>> find_account_by_index(RequestContext& context, postgres::Transaction& transaction,
                                                           std::string email_index);
Task<Result<std::optional<Account>>> find_account(RequestContext& context, postgres::Pool& pool, Uuid id);
Task<Result<std::optional<Account>>> find_account(RequestContext& context, postgres::Transaction& transaction, Uuid id);
// unique-violation when the address is taken.
Task<Result<void>> insert_account(RequestContext& context, postgres::Transaction& transaction, Account account,
                                  std::string email_index);
// An existing account becomes an active operator's with this password.
Task<Result<void>> update_operator(RequestContext& context, postgres::Transaction& transaction, Uuid id,
                                   std::string role, std::string password_hash);
// Its row is held until the transaction ends. Whoever changes password or address takes it first, before any code.
Task<Result<std::optional<Account>>> lock_account(RequestContext& context, postgres::Transaction& transaction, Uuid id);
Task<Result<void>> set_password(RequestContext& context, postgres::Transaction& transaction, Uuid id,
                                std::string password_hash);
// unique-violation when the address is taken.
Task<Result<void>> set_email(RequestContext& context, postgres::Transaction& transaction, Uuid id,
                             std::string email_index, std::string email_sealed);
// Where a sealed column of an account lives (kit/base/sealing.hpp).
std::string account_place(std::string_view column, const Uuid& id);
// A link that was mailed, with what the account becomes by it. Without a password it is none: a mail that was sent and
// counts as one.
struct Verification {
  std::string token_hash;
  Uuid account_id;
  WallTime expires_at{};
  std::string password_hash, name_sealed;
};
Task<Result<void>> insert_verification(RequestContext& context, postgres::Transaction& transaction,
                                       Verification verification);
// Links whose life ends after `expiring_after`.
Task<Result<std::int64_t>> count_verifications(RequestContext& context, postgres::Transaction& transaction,
                                               Uuid account_id, WallTime expiring_after);
// True when the link is good, for the first or a later time; the account is active then, with the link's password and
// name if it was not before.
Task<Result<bool>> use_verification(RequestContext& context, postgres::Pool& pool, std::string token_hash,
                                    WallTime now);

// Links that ended before the one time, and accounts that nobody has confirmed since the other; whose accounts they
// were.
Task<Result<std::vector<Uuid>>> delete_unverified(RequestContext& context, postgres::Pool& pool, WallTime links_before,
                                                  WallTime accounts_before);

Task<Result<void>> insert_mail(RequestContext& context, postgres::Transaction& transaction, Uuid id, std::string sealed,
                               WallTime now);
struct UnsentMail {
  Uuid id;
  std::string sealed;
};
// Locked until the transaction ends; other processes skip it.
Task<Result<std::vector<UnsentMail>>> lock_unsent_mail(RequestContext& context, postgres::Transaction& transaction,
                                                       std::int64_t limit);
Task<Result<void>> mark_mail_sent(RequestContext& context, postgres::Transaction& transaction, Uuid id, WallTime now);

}  // namespace evc::auth_service
