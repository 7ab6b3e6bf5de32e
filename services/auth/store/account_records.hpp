// What the database holds of one account beside its row, for the export; sealed values come as they are.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "kit/base/uuid.hpp"
#include "kit/postgres/pool.hpp"

namespace evc::auth_service {

struct RecordedSession {
  Uuid id;
  std::string device_sealed;  // empty: unknown
  WallTime created_at{};
  WallTime last_used_at{};
  WallTime expires_at{};
  std::optional<WallTime> ended_at;
  std::optional<std::string> end_reason;
};
// All that ever were, the first one first, at most `limit`.
Task<Result<std::vector<RecordedSession>>> sessions_of(RequestContext& context, postgres::Pool& pool, Uuid account_id,
                                                       std::int64_t limit);

struct RecordedVerification {
  WallTime expires_at{};
  std::optional<WallTime> used_at;
};
Task<Result<std::vector<RecordedVerification>>> verifications_of(RequestContext& context, postgres::Pool& pool,
                                                                 Uuid account_id);

struct RecordedCode {
  std::string purpose;
  std::string email_sealed;  // empty unless it is about a new address
  WallTime created_at{};
  WallTime expires_at{};
  std::optional<WallTime> used_at;
};
Task<Result<std::vector<RecordedCode>>> mailed_codes_of(RequestContext& context, postgres::Pool& pool, Uuid account_id);

struct RecordedFactor {
  WallTime created_at{};
  std::optional<WallTime> confirmed_at;
  std::int64_t recovery_codes_left = 0;
};
Task<Result<std::optional<RecordedFactor>>> second_factor_of(RequestContext& context, postgres::Pool& pool,
                                                             Uuid account_id);

}  // namespace evc::auth_service
