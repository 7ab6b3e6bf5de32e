// Browsers' sessions, found by the hash of their handle. A renewal of the tokens is leased and stored by
// compare-and-set on `version`, so that of any number of requests exactly one makes it.
#pragma once

#include <optional>
#include <string>

#include "kit/base/uuid.hpp"
#include "kit/postgres/pool.hpp"

namespace evc::auth_service {

struct NewBrowserSession {
  std::string handle_hash;
  Uuid session_id;
  std::string sealed;
  WallTime access_expires_at{};
  WallTime created_at{};
  WallTime idle_expires_at{};  // never after the absolute end
  WallTime absolute_expires_at{};
};
Task<Result<void>> insert_browser_session(RequestContext& context, postgres::Transaction& transaction,
                                          NewBrowserSession session);

struct BrowserSessionRow {
  Uuid session_id;
  Uuid account_id;
  std::string sealed;
  std::int64_t version = 0;
  WallTime access_expires_at{};
  WallTime idle_expires_at{};
  WallTime absolute_expires_at{};
};
// nullopt: unknown, over, its family ended, or its owner not active.
Task<Result<std::optional<BrowserSessionRow>>> find_browser_session(RequestContext& context, postgres::Pool& pool,
                                                                    std::string handle_hash, WallTime now);

// The family of a refresh token that nobody has used yet, with its owner; nullopt: it is no such token.
struct LiveFamily {
  Uuid session_id;
  Uuid account_id;
};
Task<Result<std::optional<LiveFamily>>> family_of_token(RequestContext& context, postgres::Pool& pool,
                                                        std::string token_hash, WallTime now);

// True for the one who may renew; nobody else until `until`.
Task<Result<bool>> lease_renewal(RequestContext& context, postgres::Pool& pool, std::string handle_hash,
                                 std::int64_t version, WallTime now, WallTime until);
// False when the session has ended or was renewed meanwhile.
Task<Result<bool>> store_renewal(RequestContext& context, postgres::Transaction& transaction, std::string handle_hash,
                                 std::int64_t version, std::string sealed, WallTime access_expires_at);
Task<Result<void>> give_up_renewal(RequestContext& context, postgres::Pool& pool, std::string handle_hash,
                                   std::int64_t version);
Task<Result<void>> slide_browser_session(RequestContext& context, postgres::Pool& pool, std::string handle_hash,
                                         WallTime idle_expires_at);
Task<Result<void>> delete_browser_session(RequestContext& context, postgres::Pool& pool, std::string handle_hash);
Task<Result<void>> delete_browser_session(RequestContext& context, postgres::Transaction& transaction,
                                          std::string handle_hash);

// Those that are over, and their families with them: nobody can use these tokens any more.
Task<Result<void>> end_old_browser_sessions(RequestContext& context, postgres::Pool& pool, WallTime now);

}  // namespace evc::auth_service
