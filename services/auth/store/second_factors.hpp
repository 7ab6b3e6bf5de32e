// Second factors: one secret for an authenticator app per account, sealed, with the step whose code was used last, and
// its recovery codes, hashed.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "kit/base/uuid.hpp"
#include "kit/postgres/pool.hpp"

namespace evc::auth_service {

// Takes the place of an earlier one that was never confirmed; false when one holds already.
Task<Result<bool>> put_second_factor(RequestContext& context, postgres::Pool& pool, Uuid account_id,
                                     std::string secret_sealed, WallTime now);
// The one that waits for its first code; nullopt: none does.
Task<Result<std::optional<std::string>>> unconfirmed_second_factor(RequestContext& context, postgres::Pool& pool,
                                                                   Uuid account_id, WallTime enrolled_after);
// False when it was confirmed meanwhile, or is another.
Task<Result<bool>> confirm_second_factor(RequestContext& context, postgres::Transaction& transaction, Uuid account_id,
                                         std::string secret_sealed, std::int64_t step, WallTime now);
Task<Result<void>> insert_recovery_code(RequestContext& context, postgres::Transaction& transaction, Uuid account_id,
                                        std::string hash);
// False when this step or a later one was used already: of two at once one gets it.
Task<Result<bool>> use_totp_step(RequestContext& context, postgres::Pool& pool, Uuid account_id, std::int64_t step);
Task<Result<bool>> use_recovery_code(RequestContext& context, postgres::Pool& pool, Uuid account_id, std::string hash,
                                     WallTime now);
// With its recovery codes.
Task<Result<void>> delete_second_factor(RequestContext& context, postgres::Transaction& transaction, Uuid account_id);
// Where the sealed secret lives (kit/base/sealing.hpp).
std::string second_factor_place(const Uuid& account_id);

}  // namespace evc::auth_service
