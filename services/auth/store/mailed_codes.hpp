// Codes that were mailed: to replace a forgotten password, to confirm a new address. One use each, hashed at rest.
#pragma once

#include <optional>
#include <string>

#include "kit/base/uuid.hpp"
#include "kit/postgres/pool.hpp"

namespace evc::auth_service {

enum class MailedPurpose { kPasswordReset, kEmailChange };

struct MailedCode {
  std::string hash;
  MailedPurpose purpose = MailedPurpose::kPasswordReset;
  Uuid account_id;
  std::optional<std::string> email_sealed, email_index;  // kEmailChange: the new address
  // What must still hold when it is used. kEmailChange: the digest of the password hash that was proved;
  // kPasswordReset: the index of the address that it was sent to.
  std::string bound_to;
  WallTime created_at{};
  WallTime expires_at{};
};
Task<Result<void>> insert_mailed_code(RequestContext& context, postgres::Transaction& transaction, MailedCode code);
// Whose it is, if it could be used now; nothing changes.
Task<Result<std::optional<Uuid>>> owner_of_mailed_code(RequestContext& context, postgres::Pool& pool, std::string hash,
                                                       MailedPurpose purpose, WallTime now);

struct UsedCode {
  std::string email_sealed, email_index;  // empty unless kEmailChange
  std::string bound_to;
};
// nullopt: unknown, used, or too old. Of two at once one gets it.
Task<Result<std::optional<UsedCode>>> use_mailed_code(RequestContext& context, postgres::Transaction& transaction,
                                                      std::string hash, MailedPurpose purpose, WallTime now);
// Every code of the account that is still open is worth nothing from now on.
Task<Result<void>> void_mailed_codes(RequestContext& context, postgres::Transaction& transaction, Uuid account_id,
                                     WallTime now);
Task<Result<void>> delete_old_mailed_codes(RequestContext& context, postgres::Pool& pool, WallTime expired_before);
Task<Result<std::int64_t>> count_mailed_codes(RequestContext& context, postgres::Transaction& transaction,
                                              Uuid account_id, MailedPurpose purpose, WallTime since);

}  // namespace evc::auth_service
