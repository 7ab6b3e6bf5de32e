#include "services/user/store/erasures.hpp"

#include "kit/base/json.hpp"

namespace evc::user {
namespace {

using postgres::Params;
using postgres::Rows;
using postgres::Statement;

#define ERASURE_COLUMNS "id, account_id, state, reason, attempts, requested_at, finished_at"

constexpr Statement kInsert{
    "erasure_insert",
    "INSERT INTO erasure (id, account_id, state, due_at, requested_at) VALUES ($1, $2, 'requested', $3, $3) "
    "ON CONFLICT (account_id) DO NOTHING"};
constexpr Statement kFind{"erasure_find", "SELECT " ERASURE_COLUMNS " FROM erasure WHERE id = $1"};
constexpr Statement kRunning{"erasure_running", "SELECT " ERASURE_COLUMNS " FROM erasure WHERE account_id = $1"};
constexpr Statement kClaim{
    "erasure_claim",
    "UPDATE erasure SET due_at = $3, attempts = attempts + 1 WHERE id = (SELECT id FROM erasure WHERE due_at <= $2 AND "
    "id = coalesce($1::uuid, id) ORDER BY due_at LIMIT 1 FOR UPDATE SKIP LOCKED) RETURNING " ERASURE_COLUMNS};
constexpr Statement kPostpone{"erasure_postpone", "UPDATE erasure SET due_at = $3 WHERE id = $1 AND state = $2"};
constexpr Statement kMove{"erasure_move",
                          "UPDATE erasure SET state = $3, due_at = $4, attempts = 0 WHERE id = $1 AND state = $2"};
constexpr Statement kFinish{"erasure_finish",
                            "UPDATE erasure SET state = $3, reason = $4, finished_at = $5, account_id = NULL, due_at = "
                            "NULL WHERE id = $1 AND state = $2"};
constexpr Statement kForget{"erasure_forget", "DELETE FROM erasure WHERE finished_at < $1"};
constexpr Statement kFigures{
    "erasure_figures",
    "SELECT count(*), coalesce(greatest(0, extract(epoch FROM $1 - min(requested_at)))::bigint, "
    "0) FROM erasure WHERE finished_at IS NULL"};
constexpr Statement kDeleteProfile{"profile_delete", "DELETE FROM profile WHERE id = $1"};
constexpr Statement kDeleteProfiles{"profile_delete_many", "DELETE FROM profile WHERE id = ANY ($1::uuid[])"};

template <class E>
std::string text_of(E value) {
  return std::string(json::encode(value).as_string());
}

Erasure erasure_of(const Rows& rows) {
  Erasure erasure{.id = rows.get<Uuid>(0, 0),
                  .account_id = rows.get<std::optional<Uuid>>(0, 1),
                  .state = json::decode<ErasureState>(json::Value(rows.text(0, 2))).value(),
                  .attempts = rows.get<std::int64_t>(0, 4),
                  .requested_at = rows.get<WallTime>(0, 5),
                  .finished_at = rows.get<std::optional<WallTime>>(0, 6)};
  if (!rows.is_null(0, 3)) erasure.reason = json::decode<OpenPart>(json::Value(rows.text(0, 3))).value();
  return erasure;
}

std::optional<Erasure> first_of(const Rows& rows) {
  return rows.empty() ? std::nullopt : std::optional(erasure_of(rows));
}

}  // namespace

Task<Result<Erasure>> begin_erasure(RequestContext& context, postgres::Pool& pool, Uuid account_id, WallTime now) {
  EVC_CO_CHECK(co_await pool.exec(context, kInsert, Params(new_erasure_id(), account_id, now)));
  EVC_CO_TRY(running, co_await running_erasure(context, pool, account_id));
  if (!running) co_return fail(Code::kInternal, "an erasure that was just begun is not there");
  co_return std::move(*running);
}

Task<Result<std::optional<Erasure>>> find_erasure(RequestContext& context, postgres::Pool& pool, Uuid id) {
  EVC_CO_TRY(rows, co_await pool.exec(context, kFind, Params(id)));
  co_return first_of(rows);
}

Task<Result<std::optional<Erasure>>> running_erasure(RequestContext& context, postgres::Pool& pool, Uuid account_id) {
  EVC_CO_TRY(rows, co_await pool.exec(context, kRunning, Params(account_id)));
  co_return first_of(rows);
}

Task<Result<std::optional<Erasure>>> claim_erasure(RequestContext& context, postgres::Pool& pool,
                                                   std::optional<Uuid> id, WallTime now, WallTime until) {
  EVC_CO_TRY(rows, co_await pool.exec(context, kClaim, Params(id, now, until)));
  co_return first_of(rows);
}

Task<Result<void>> postpone_erasure(RequestContext& context, postgres::Pool& pool, Erasure erasure, WallTime due_at) {
  EVC_CO_CHECK(co_await pool.exec(context, kPostpone, Params(erasure.id, text_of(erasure.state), due_at)));
  co_return Result<void>{};
}

Task<Result<bool>> move_erasure(RequestContext& context, postgres::Transaction& transaction, Erasure erasure,
                                ErasureState to, WallTime due_at) {
  EVC_CO_TRY(moved, co_await transaction.exec(context, kMove,
                                              Params(erasure.id, text_of(erasure.state), text_of(to), due_at)));
  co_return moved.affected() == 1;
}

Task<Result<bool>> finish_erasure(RequestContext& context, postgres::Transaction& transaction, Erasure erasure,
                                  std::optional<OpenPart> reason, WallTime now, WallTime forget_before) {
  const ErasureState to = reason ? ErasureState::kRefused : ErasureState::kDone;
  Params params(erasure.id, text_of(erasure.state), text_of(to));
  reason ? params.add(text_of(*reason)) : params.add_null();
  params.add(now);
  EVC_CO_TRY(finished, co_await transaction.exec(context, kFinish, std::move(params)));
  EVC_CO_CHECK(co_await transaction.exec(context, kForget, Params(forget_before)));
  co_return finished.affected() == 1;
}

Task<Result<RunningErasures>> running_erasures(RequestContext& context, postgres::Pool& pool, WallTime now) {
  EVC_CO_TRY(rows, co_await pool.exec(context, kFigures, Params(now)));
  co_return RunningErasures{.count = rows.get<std::int64_t>(0, 0), .oldest_s = rows.get<std::int64_t>(0, 1)};
}

Task<Result<void>> delete_profile(RequestContext& context, postgres::Transaction& transaction, Uuid account_id) {
  EVC_CO_CHECK(co_await transaction.exec(context, kDeleteProfile, Params(account_id)));
  co_return Result<void>{};
}

Task<Result<std::int64_t>> delete_profiles(RequestContext& context, postgres::Pool& pool, std::vector<Uuid> ids) {
  std::string array = "{";
  for (const Uuid& id : ids) array += (array.size() > 1 ? "," : "") + to_string(id);
  EVC_CO_TRY(deleted, co_await pool.exec(context, kDeleteProfiles, Params(array + "}")));
  co_return deleted.affected();
}

}  // namespace evc::user
