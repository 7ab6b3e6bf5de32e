#include "services/auth/store/account_records.hpp"

namespace evc::auth_service {
namespace {

using postgres::Params;
using postgres::Statement;

constexpr Statement kSessions{
    "session_of_account",
    "SELECT s.id, coalesce(s.device_sealed, ''), s.created_at, coalesce((SELECT max(t.rotated_at) FROM refresh_token t "
    "WHERE t.session_id = s.id), s.created_at), s.absolute_expires_at, s.revoked_at, s.revoked_reason FROM session s "
    "WHERE s.account_id = $1 ORDER BY s.created_at, s.id LIMIT $2"};
constexpr Statement kVerifications{
    "verification_of_account",
    "SELECT expires_at, used_at FROM verification WHERE account_id = $1 ORDER BY expires_at"};
constexpr Statement kCodes{"mailed_code_of_account",
                           "SELECT purpose, coalesce(email_sealed, ''), created_at, expires_at, used_at FROM "
                           "mailed_code WHERE account_id = $1 ORDER BY created_at"};
constexpr Statement kFactor{"second_factor_of_account",
                            "SELECT created_at, confirmed_at, (SELECT count(*) FROM recovery_code r WHERE r.account_id "
                            "= f.account_id AND r.used_at IS NULL) FROM second_factor f WHERE account_id = $1"};

}  // namespace

Task<Result<std::vector<RecordedSession>>> sessions_of(RequestContext& context, postgres::Pool& pool, Uuid account_id,
                                                       std::int64_t limit) {
  EVC_CO_TRY(rows, co_await pool.exec(context, kSessions, Params(account_id, limit)));
  std::vector<RecordedSession> sessions;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    sessions.push_back({.id = rows.get<Uuid>(i, 0),
                        .device_sealed = rows.bytes(i, 1),
                        .created_at = rows.get<WallTime>(i, 2),
                        .last_used_at = rows.get<WallTime>(i, 3),
                        .expires_at = rows.get<WallTime>(i, 4),
                        .ended_at = rows.get<std::optional<WallTime>>(i, 5),
                        .end_reason = rows.get<std::optional<std::string>>(i, 6)});
  }
  co_return sessions;
}

Task<Result<std::vector<RecordedVerification>>> verifications_of(RequestContext& context, postgres::Pool& pool,
                                                                 Uuid account_id) {
  EVC_CO_TRY(rows, co_await pool.exec(context, kVerifications, Params(account_id)));
  std::vector<RecordedVerification> verifications;
  for (std::size_t i = 0; i < rows.size(); ++i)
    verifications.push_back({rows.get<WallTime>(i, 0), rows.get<std::optional<WallTime>>(i, 1)});
  co_return verifications;
}

Task<Result<std::vector<RecordedCode>>> mailed_codes_of(RequestContext& context, postgres::Pool& pool,
                                                        Uuid account_id) {
  EVC_CO_TRY(rows, co_await pool.exec(context, kCodes, Params(account_id)));
  std::vector<RecordedCode> codes;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    codes.push_back({.purpose = rows.get<std::string>(i, 0),
                     .email_sealed = rows.bytes(i, 1),
                     .created_at = rows.get<WallTime>(i, 2),
                     .expires_at = rows.get<WallTime>(i, 3),
                     .used_at = rows.get<std::optional<WallTime>>(i, 4)});
  }
  co_return codes;
}

Task<Result<std::optional<RecordedFactor>>> second_factor_of(RequestContext& context, postgres::Pool& pool,
                                                             Uuid account_id) {
  EVC_CO_TRY(rows, co_await pool.exec(context, kFactor, Params(account_id)));
  if (rows.empty()) co_return std::optional<RecordedFactor>{};
  co_return RecordedFactor{.created_at = rows.get<WallTime>(0, 0),
                           .confirmed_at = rows.get<std::optional<WallTime>>(0, 1),
                           .recovery_codes_left = rows.get<std::int64_t>(0, 2)};
}

}  // namespace evc::auth_service
