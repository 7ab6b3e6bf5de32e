#include "services/auth/store/clients.hpp"

#include "services/auth/domain/refresh.hpp"

namespace evc::auth_service {
namespace {

using postgres::Params;
using postgres::Rows;
using postgres::Statement;

constexpr Statement kFind{"client_find",
                          "SELECT id, name, authentication, coalesce(secret_hash, ''), key_set, redirect_uris, "
                          "post_logout_redirect_uris, scope, id_token_algorithm, party FROM client WHERE id = $1"};
constexpr Statement kAll{"client_all",
                         "SELECT id, name, authentication, coalesce(secret_hash, ''), key_set, redirect_uris, "
                         "post_logout_redirect_uris, scope, id_token_algorithm, party FROM client ORDER BY id"};
constexpr Statement kInsert{
    "client_insert",
    "INSERT INTO client (id, name, authentication, key_set, redirect_uris, post_logout_redirect_uris, scope, "
    "id_token_algorithm, party, created_at, secret_hash) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) "
    "ON CONFLICT (id) DO NOTHING"};
constexpr Statement kPut{
    "client_put",
    "INSERT INTO client (id, name, authentication, key_set, redirect_uris, post_logout_redirect_uris, scope, "
    "id_token_algorithm, party, created_at, secret_hash) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) "
    "ON CONFLICT (id) DO UPDATE SET name = excluded.name, authentication = excluded.authentication, key_set = "
    "excluded.key_set, redirect_uris = excluded.redirect_uris, post_logout_redirect_uris = "
    "excluded.post_logout_redirect_uris, scope = excluded.scope, id_token_algorithm = excluded.id_token_algorithm, "
    "party = excluded.party, secret_hash = excluded.secret_hash"};
constexpr Statement kDelete{"client_delete", "DELETE FROM client WHERE id = $1"};
constexpr Statement kEndSessions{
    "client_end_sessions",
    "WITH ended AS (UPDATE session SET revoked_at = $2, revoked_reason = 'client removed' WHERE client_id = $1 AND "
    "revoked_at IS NULL RETURNING id) INSERT INTO denied (kind, value, until) SELECT 'session', id::text, "
    "$3::timestamptz FROM ended ON CONFLICT (kind, value) DO NOTHING"};
constexpr Statement kConsented{"consent_find", "SELECT scope FROM consent WHERE account_id = $1 AND client_id = $2"};
constexpr Statement kPutConsent{
    "consent_put",
    "INSERT INTO consent (account_id, client_id, scope, given_at) VALUES ($1, $2, $3, $4) "
    "ON CONFLICT (account_id, client_id) DO UPDATE SET scope = excluded.scope, given_at = excluded.given_at"};
constexpr Statement kTakeConsentBack{
    "consent_take_back",
    "DELETE FROM consent c USING session s WHERE s.id = $1 AND c.account_id = s.account_id AND c.client_id = "
    "s.client_id"};
constexpr Statement kConsentsOf{"consent_of_account",
                                "SELECT c.name, o.scope, o.given_at FROM consent o JOIN client c ON c.id = o.client_id "
                                "WHERE o.account_id = $1 ORDER BY o.given_at"};
constexpr Statement kTakeAssertion{"client_assertion_take",
                                   "INSERT INTO client_assertion (client_id, token_id, expires_at) VALUES ($1, $2, $3) "
                                   "ON CONFLICT DO NOTHING"};
constexpr Statement kDeleteCodes{"authorization_code_delete_old",
                                 "DELETE FROM authorization_code WHERE expires_at < $1"};
constexpr Statement kDeleteAssertions{"client_assertion_delete_old",
                                      "DELETE FROM client_assertion WHERE expires_at < $1"};

std::vector<std::string> texts_of(const json::Value& array) {
  std::vector<std::string> texts;
  for (const auto& text : array.as_array()) texts.emplace_back(text.as_string());
  return texts;
}

OauthClient client_in(const Rows& rows, std::size_t row) {
  OauthClient client{.id = rows.get<std::string>(row, 0),
                     .name = rows.get<std::string>(row, 1),
                     .secret_hash = rows.bytes(row, 3),
                     .key_set = rows.get<std::optional<json::Value>>(row, 4).value_or(nullptr),
                     .redirect_uris = texts_of(rows.get<json::Value>(row, 5)),
                     .post_logout_redirect_uris = texts_of(rows.get<json::Value>(row, 6)),
                     .scope = rows.get<std::string>(row, 7),
                     .id_token_algorithm = rows.get<std::string>(row, 8),
                     .party = rows.text(row, 9) == "first" ? Party::kFirst : Party::kThird};
  client.authentication = authentication_named(rows.text(row, 2)).value_or(ClientAuthentication::kPrivateKeyJwt);
  return client;
}

Params params_of(const OauthClient& client, WallTime now) {
  std::optional<json::Value> keys;
  if (client.authentication == ClientAuthentication::kPrivateKeyJwt) keys = client.key_set;
  Params params(client.id, client.name, name_of(client.authentication), keys, json::encode(client.redirect_uris),
                json::encode(client.post_logout_redirect_uris), client.scope, client.id_token_algorithm,
                client.party == Party::kFirst ? "first" : "third", now);
  if (client.authentication == ClientAuthentication::kClientSecret) {
    params.add_bytes(client.secret_hash);
  } else {
    params.add_null();
  }
  return params;
}

}  // namespace

Task<Result<std::optional<OauthClient>>> find_client(RequestContext& context, postgres::Pool& pool, std::string id) {
  EVC_CO_TRY(rows, co_await pool.exec(context, kFind, Params(id)));
  if (rows.empty()) co_return std::optional<OauthClient>{};
  co_return client_in(rows, 0);
}

Task<Result<std::vector<OauthClient>>> all_clients(RequestContext& context, postgres::Pool& pool) {
  EVC_CO_TRY(rows, co_await pool.exec(context, kAll));
  std::vector<OauthClient> clients;
  for (std::size_t i = 0; i < rows.size(); ++i) clients.push_back(client_in(rows, i));
  co_return clients;
}

Task<Result<bool>> insert_client(RequestContext& context, postgres::Transaction& transaction, OauthClient client,
                                 WallTime now) {
  EVC_CO_TRY(inserted, co_await transaction.exec(context, kInsert, params_of(client, now)));
  co_return inserted.affected() == 1;
}

Task<Result<void>> put_client(RequestContext& context, postgres::Pool& pool, OauthClient client, WallTime now) {
  EVC_CO_CHECK(co_await pool.exec(context, kPut, params_of(client, now)));
  co_return Result<void>{};
}

Task<Result<bool>> delete_client(RequestContext& context, postgres::Transaction& transaction, std::string id,
                                 WallTime now, WallTime denied_until) {
  EVC_CO_CHECK(co_await transaction.exec(context, kEndSessions, Params(id, now, denied_until)));
  EVC_CO_TRY(deleted, co_await transaction.exec(context, kDelete, Params(id)));
  co_return deleted.affected() == 1;
}

Task<Result<std::string>> consented_scope(RequestContext& context, postgres::Pool& pool, Uuid account_id,
                                          std::string client_id) {
  EVC_CO_TRY(rows, co_await pool.exec(context, kConsented, Params(account_id, client_id)));
  co_return rows.empty() ? std::string() : rows.get<std::string>(0, 0);
}

Task<Result<void>> put_consent(RequestContext& context, postgres::Transaction& transaction, Uuid account_id,
                               std::string client_id, std::string scope, WallTime now) {
  EVC_CO_CHECK(co_await transaction.exec(context, kPutConsent, Params(account_id, client_id, scope, now)));
  co_return Result<void>{};
}

Task<Result<void>> take_consent_back(RequestContext& context, postgres::Transaction& transaction, Uuid session_id) {
  EVC_CO_CHECK(co_await transaction.exec(context, kTakeConsentBack, Params(session_id)));
  co_return Result<void>{};
}

Task<Result<std::vector<ConsentRow>>> consents_of(RequestContext& context, postgres::Pool& pool, Uuid account_id) {
  EVC_CO_TRY(rows, co_await pool.exec(context, kConsentsOf, Params(account_id)));
  std::vector<ConsentRow> consents;
  for (std::size_t i = 0; i < rows.size(); ++i)
    consents.push_back({rows.get<std::string>(i, 0), rows.get<std::string>(i, 1), rows.get<WallTime>(i, 2)});
  co_return consents;
}

Task<Result<bool>> take_assertion(RequestContext& context, postgres::Pool& pool, std::string client_id,
                                  std::string token_id, WallTime expires_at) {
  EVC_CO_TRY(taken, co_await pool.exec(context, kTakeAssertion, Params(client_id, token_id, expires_at)));
  co_return taken.affected() == 1;
}

Task<Result<void>> delete_old_grants(RequestContext& context, postgres::Pool& pool, WallTime ended_before) {
  EVC_CO_CHECK(co_await pool.exec(context, kDeleteCodes, Params(ended_before)));
  EVC_CO_CHECK(co_await pool.exec(context, kDeleteAssertions, Params(ended_before)));
  co_return Result<void>{};
}

}  // namespace evc::auth_service
