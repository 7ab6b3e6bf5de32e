#include "services/auth/store/erasures.hpp"

#include <array>

namespace evc::auth_service {
namespace {

using postgres::Params;
using postgres::Rows;
using postgres::Statement;

constexpr Statement kState{"account_state_lock", "SELECT state FROM account WHERE id = $1 FOR UPDATE"};
constexpr Statement kFreeze{"account_freeze", "UPDATE account SET state = 'erasing' WHERE id = $1"};
constexpr Statement kUnfreeze{"account_unfreeze",
                              "UPDATE account SET state = 'active' WHERE id = $1 AND state = 'erasing'"};
constexpr Statement kDeleteTokens{
    "account_delete_tokens",
    "DELETE FROM refresh_token WHERE session_id IN (SELECT id FROM session WHERE account_id = $1)"};
constexpr Statement kDeleteSessions{"account_delete_sessions", "DELETE FROM session WHERE account_id = $1"};
constexpr Statement kDeleteVerifications{"account_delete_verifications",
                                         "DELETE FROM verification WHERE account_id = $1"};
constexpr Statement kDeleteCodes{"account_delete_codes", "DELETE FROM mailed_code WHERE account_id = $1"};
constexpr Statement kDeleteFactor{"account_delete_factor", "DELETE FROM second_factor WHERE account_id = $1"};
constexpr Statement kDeleteAccount{"account_delete", "DELETE FROM account WHERE id = $1"};
// What refers to the account, in the order that the references ask for.
constexpr std::array kDeletions{kDeleteTokens, kDeleteSessions, kDeleteVerifications, kDeleteCodes, kDeleteFactor};
constexpr Statement kAccountsAmong{"account_among", "SELECT id FROM account WHERE id = ANY ($1::uuid[])"};
constexpr Statement kPeopleAmong{"person_among", "SELECT id FROM person WHERE id = ANY ($1::uuid[])"};
constexpr Statement kQueuedMail{
    "mail_queued", "SELECT id, sealed FROM mail WHERE sent_at IS NULL AND id > $1 ORDER BY id LIMIT 500 FOR UPDATE"};
constexpr Statement kQueuedRequests{
    "account_request_queued", "SELECT id, sealed FROM account_request WHERE id > $1 ORDER BY id LIMIT 500 FOR UPDATE"};
constexpr Statement kDeleteMail{"mail_delete", "DELETE FROM mail WHERE id = $1"};

// PostgreSQL's array literal.
std::string array_of(const std::vector<Uuid>& ids) {
  std::string text = "{";
  for (const Uuid& id : ids) text += (text.size() > 1 ? "," : "") + to_string(id);
  return text + "}";
}

std::vector<Uuid> ids_of(const Rows& rows) {
  std::vector<Uuid> ids;
  for (std::size_t i = 0; i < rows.size(); ++i) ids.push_back(rows.get<Uuid>(i, 0));
  return ids;
}

std::vector<SealedRow> sealed_rows(const Rows& rows) {
  std::vector<SealedRow> sealed;
  for (std::size_t i = 0; i < rows.size(); ++i) sealed.push_back({rows.get<Uuid>(i, 0), rows.bytes(i, 1)});
  return sealed;
}

}  // namespace

Task<Result<Freezing>> freeze_account(RequestContext& context, postgres::Transaction& transaction, Uuid id) {
  EVC_CO_TRY(rows, co_await transaction.exec(context, kState, Params(id)));
  if (rows.empty()) co_return Freezing::kUnknown;
  const std::string state = rows.get<std::string>(0, 0);
  if (state != "active" && state != "erasing") co_return Freezing::kNotActive;
  if (state == "erasing") co_return Freezing::kAlready;
  EVC_CO_CHECK(co_await transaction.exec(context, kFreeze, Params(id)));
  co_return Freezing::kFrozen;
}

Task<Result<bool>> unfreeze_account(RequestContext& context, postgres::Transaction& transaction, Uuid id) {
  EVC_CO_TRY(unfrozen, co_await transaction.exec(context, kUnfreeze, Params(id)));
  co_return unfrozen.affected() == 1;
}

Task<Result<bool>> delete_account(RequestContext& context, postgres::Transaction& transaction, Uuid id) {
  for (const Statement& statement : kDeletions) EVC_CO_CHECK(co_await transaction.exec(context, statement, Params(id)));
  EVC_CO_TRY(deleted, co_await transaction.exec(context, kDeleteAccount, Params(id)));
  co_return deleted.affected() == 1;
}

Task<Result<std::vector<Uuid>>> accounts_among(RequestContext& context, postgres::Pool& pool, std::vector<Uuid> ids) {
  EVC_CO_TRY(rows, co_await pool.exec(context, kAccountsAmong, Params(array_of(ids))));
  co_return ids_of(rows);
}

Task<Result<std::vector<Uuid>>> people_among(RequestContext& context, postgres::Pool& keystore, std::vector<Uuid> ids) {
  EVC_CO_TRY(rows, co_await keystore.exec(context, kPeopleAmong, Params(array_of(ids))));
  co_return ids_of(rows);
}

Task<Result<std::vector<SealedRow>>> lock_queued_mail(RequestContext& context, postgres::Transaction& transaction,
                                                      Uuid after) {
  EVC_CO_TRY(rows, co_await transaction.exec(context, kQueuedMail, Params(after)));
  co_return sealed_rows(rows);
}

Task<Result<std::vector<SealedRow>>> lock_queued_requests(RequestContext& context, postgres::Transaction& transaction,
                                                          Uuid after) {
  EVC_CO_TRY(rows, co_await transaction.exec(context, kQueuedRequests, Params(after)));
  co_return sealed_rows(rows);
}

Task<Result<void>> delete_mail(RequestContext& context, postgres::Transaction& transaction, Uuid id) {
  EVC_CO_CHECK(co_await transaction.exec(context, kDeleteMail, Params(id)));
  co_return Result<void>{};
}

}  // namespace evc::auth_service
