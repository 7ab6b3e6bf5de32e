// Everything that auth holds of one person, opened, for the export. Secrets (password hash, second factor, codes) are
// not among it. One per worker.
#pragma once

#include <boost/describe.hpp>
#include <optional>
#include <string>
#include <vector>

#include "kit/base/uuid.hpp"
#include "kit/postgres/pool.hpp"
#include "services/auth/api/tokens.hpp"

namespace evc::auth_service {

struct SessionRecord {
  Uuid session_id;
  std::string device;
  WallTime created_at{};
  WallTime last_used_at{};
  WallTime expires_at{};
  std::optional<WallTime> ended_at;
  std::optional<std::string> end_reason;
};
BOOST_DESCRIBE_STRUCT(SessionRecord, (),
                      (session_id, device, created_at, last_used_at, expires_at, ended_at, end_reason))
struct VerificationRecord {
  WallTime expires_at{};
  std::optional<WallTime> used_at;
};
BOOST_DESCRIBE_STRUCT(VerificationRecord, (), (expires_at, used_at))
struct MailedCodeRecord {
  std::string purpose;
  std::optional<std::string> email;
  WallTime created_at{};
  WallTime expires_at{};
  std::optional<WallTime> used_at;
};
BOOST_DESCRIBE_STRUCT(MailedCodeRecord, (), (purpose, email, created_at, expires_at, used_at))
struct SecondFactorRecord {
  std::string state = "off";
  std::optional<WallTime> created_at, confirmed_at;
  std::int64_t recovery_codes_left = 0;
};
BOOST_DESCRIBE_STRUCT(SecondFactorRecord, (), (state, created_at, confirmed_at, recovery_codes_left))
struct ConsentRecord {
  std::string client, scope;
  WallTime given_at{};
};
BOOST_DESCRIBE_STRUCT(ConsentRecord, (), (client, scope, given_at))
struct PasskeyRecord {
  std::string name;
  WallTime created_at{};
  std::optional<WallTime> last_used_at;
  bool backup_eligible = false;
  bool backed_up = false;
};
BOOST_DESCRIBE_STRUCT(PasskeyRecord, (), (name, created_at, last_used_at, backup_eligible, backed_up))
struct ActRecord {
  WallTime at{};
  std::string action, actor;
};
BOOST_DESCRIBE_STRUCT(ActRecord, (), (at, action, actor))
struct AccountRecord {
  Uuid account_id;
  std::string pseudonym, email, name, state;
  WallTime created_at{};
  std::vector<VerificationRecord> verifications;
  std::vector<MailedCodeRecord> mailed_codes;
  SecondFactorRecord second_factor;
  std::vector<ConsentRecord> consents;
  std::vector<PasskeyRecord> passkeys;
  std::vector<SessionRecord> sessions;
  std::vector<ActRecord> audit;  // the latest thousand
};
BOOST_DESCRIBE_STRUCT(AccountRecord, (),
                      (account_id, pseudonym, email, name, state, created_at, verifications, mailed_codes,
                       second_factor, passkeys, consents, sessions, audit))

class AccountRecords {
 public:
  AccountRecords(postgres::Pool& pool, TokenIssuer& issuer) : pool_(pool), issuer_(issuer) {}

  // not-found for who is not there. service-unavailable when there is more than fits one answer (10,000 sign-ins): part
  // of it would look like the whole.
  Task<Result<AccountRecord>> read(RequestContext& context, Uuid account_id);

 private:
  Task<Result<std::vector<SessionRecord>>> sessions(RequestContext& context, Uuid account_id, SealKey columns);
  Task<Result<std::vector<MailedCodeRecord>>> codes(RequestContext& context, Uuid account_id, SealKey columns);
  Task<Result<std::vector<PasskeyRecord>>> passkeys(RequestContext& context, Uuid account_id, SealKey columns);
  Task<Result<SecondFactorRecord>> second_factor(RequestContext& context, Uuid account_id);

  postgres::Pool& pool_;
  TokenIssuer& issuer_;
};

}  // namespace evc::auth_service
