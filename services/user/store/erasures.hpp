// Erasures in PostgreSQL. A step is claimed for a few seconds: whoever dies over it is replaced after that. Steps are
// idempotent, and a state moves by compare-and-set, so two at once do no harm.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "kit/base/uuid.hpp"
#include "kit/postgres/pool.hpp"
#include "services/user/domain/erasure.hpp"

namespace evc::user {

struct Erasure {
  Uuid id;
  std::optional<Uuid> account_id;  // none once it is over
  ErasureState state = ErasureState::kRequested;
  std::optional<OpenPart> reason;  // kRefused
  std::int64_t attempts = 0;
  WallTime requested_at{};
  std::optional<WallTime> finished_at;
};

// The one that runs already, or a new one that is due now.
Task<Result<Erasure>> begin_erasure(RequestContext& context, postgres::Pool& pool, Uuid account_id, WallTime now);
Task<Result<std::optional<Erasure>>> find_erasure(RequestContext& context, postgres::Pool& pool, Uuid id);
Task<Result<std::optional<Erasure>>> running_erasure(RequestContext& context, postgres::Pool& pool, Uuid account_id);

// Nobody else gets it before `until`. The one that is due longest, or this one if it is due; nullopt: none is.
Task<Result<std::optional<Erasure>>> claim_erasure(RequestContext& context, postgres::Pool& pool,
                                                   std::optional<Uuid> id, WallTime now, WallTime until);
// The step failed: tried again at `due_at`.
Task<Result<void>> postpone_erasure(RequestContext& context, postgres::Pool& pool, Erasure erasure, WallTime due_at);
// False when it is in another state than `erasure` says by now.
Task<Result<bool>> move_erasure(RequestContext& context, postgres::Transaction& transaction, Erasure erasure,
                                ErasureState to, WallTime due_at);
// Ends it: done, or refused for `reason`. Also forgets those that ended before `forget_before`.
Task<Result<bool>> finish_erasure(RequestContext& context, postgres::Transaction& transaction, Erasure erasure,
                                  std::optional<OpenPart> reason, WallTime now, WallTime forget_before);

struct RunningErasures {
  std::int64_t count = 0;
  std::int64_t oldest_s = 0;  // since the oldest of them was asked for
};
Task<Result<RunningErasures>> running_erasures(RequestContext& context, postgres::Pool& pool, WallTime now);

// Profile and vehicles. Idempotent.
Task<Result<void>> delete_profile(RequestContext& context, postgres::Transaction& transaction, Uuid account_id);
// Those of `ids` that have a profile here; how many there were.
Task<Result<std::int64_t>> delete_profiles(RequestContext& context, postgres::Pool& pool, std::vector<Uuid> ids);

}  // namespace evc::user
