// OAuth clients, what people have let them do, and which of their assertions were taken.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "kit/base/uuid.hpp"
#include "kit/postgres/pool.hpp"
#include "services/auth/domain/oauth_client.hpp"

namespace evc::auth_service {

Task<Result<std::optional<OauthClient>>> find_client(RequestContext& context, postgres::Pool& pool, std::string id);
Task<Result<std::vector<OauthClient>>> all_clients(RequestContext& context, postgres::Pool& pool);
// False when there is one of that name.
Task<Result<bool>> insert_client(RequestContext& context, postgres::Transaction& transaction, OauthClient client,
                                 WallTime now);
// Made, or made the same as this one; what it was asked to keep (codes, consents) stays.
Task<Result<void>> put_client(RequestContext& context, postgres::Pool& pool, OauthClient client, WallTime now);
// With its codes and consents; every session that it holds ends. False: there is none of that name.
Task<Result<bool>> delete_client(RequestContext& context, postgres::Transaction& transaction, std::string id,
                                 WallTime now, WallTime denied_until);

// What the person has let the client do; empty: nothing.
Task<Result<std::string>> consented_scope(RequestContext& context, postgres::Pool& pool, Uuid account_id,
                                          std::string client_id);
Task<Result<void>> put_consent(RequestContext& context, postgres::Transaction& transaction, Uuid account_id,
                               std::string client_id, std::string scope, WallTime now);
// What the client of that session was let do. Idempotent; nothing for a session that is no client's.
Task<Result<void>> take_consent_back(RequestContext& context, postgres::Transaction& transaction, Uuid session_id);
struct ConsentRow {
  std::string client_name, scope;
  WallTime given_at{};
};
Task<Result<std::vector<ConsentRow>>> consents_of(RequestContext& context, postgres::Pool& pool, Uuid account_id);

// False when it was taken before.
Task<Result<bool>> take_assertion(RequestContext& context, postgres::Pool& pool, std::string client_id,
                                  std::string token_id, WallTime expires_at);
// Codes and assertions that ended before that moment.
Task<Result<void>> delete_old_grants(RequestContext& context, postgres::Pool& pool, WallTime ended_before);

}  // namespace evc::auth_service
