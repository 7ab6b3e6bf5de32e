#include "kit/messaging/idempotency.hpp"

#include <algorithm>

#include "kit/base/assert.hpp"
#include "kit/base/bytes.hpp"
#include "kit/base/crash_point.hpp"
#include "kit/messaging/idempotency_rules.hpp"

namespace evc::messaging {
namespace {

// A new row, or a running one whose lease has ended. No row comes back when the key is finished, held, or belongs to
// another payload.
constexpr postgres::Statement kTake{
    "take idempotency key",
    "INSERT INTO idempotency AS held (principal, route, key, fingerprint, locked_until, expires_at) "
    "VALUES ($1, $2, $3, $4, now() + $5 * interval '1 millisecond', now() + $6 * interval '1 hour') "
    "ON CONFLICT (principal, route, key) DO UPDATE SET locked_until = EXCLUDED.locked_until, attempt = held.attempt + "
    "1 "
    "WHERE held.state = 'running' AND held.fingerprint = EXCLUDED.fingerprint AND held.locked_until <= now() "
    "RETURNING attempt, recovery_point"};
constexpr postgres::Statement kRead{"read idempotency key",
                                    "SELECT fingerprint, state, status, headers, body, "
                                    "greatest(0, ceil(extract(epoch FROM locked_until - now()) * 1000))::bigint "
                                    "FROM idempotency WHERE principal = $1 AND route = $2 AND key = $3"};
constexpr postgres::Statement kAdvance{
    "advance idempotency key",
    "UPDATE idempotency SET recovery_point = $5, locked_until = now() + $6 * interval '1 millisecond' "
    "WHERE principal = $1 AND route = $2 AND key = $3 AND attempt = $4 AND state = 'running'"};
constexpr postgres::Statement kComplete{
    "complete idempotency key",
    "UPDATE idempotency SET state = 'finished', status = $5, headers = $6, body = $7 "
    "WHERE principal = $1 AND route = $2 AND key = $3 AND attempt = $4 AND state = 'running'"};
constexpr postgres::Statement kRelease{
    "release idempotency key",
    "UPDATE idempotency SET locked_until = now() "
    "WHERE principal = $1 AND route = $2 AND key = $3 AND attempt = $4 AND state = 'running'"};
constexpr postgres::Statement kDeleteExpired{
    "delete expired idempotency keys",
    "DELETE FROM idempotency WHERE ctid = ANY (ARRAY(SELECT ctid FROM idempotency "
    "WHERE expires_at < now() AND (state = 'finished' OR locked_until < now()) LIMIT 1000))"};
constexpr std::int64_t kDeletedAtOnce = 1'000;
constexpr std::chrono::seconds kCleanUpInterval{15}, kCleanUpLimit{5};

// Whoever asks again much later than this has lost patience anyway; the first request is mostly done sooner.
constexpr std::chrono::milliseconds kLongestRetryAfter{1'000};

postgres::Params key_of(const IdempotentRequest& request) {
  return postgres::Params(request.principal, request.route, request.key);
}

std::string encode_headers(const http::Headers& headers) {
  json::Array pairs;
  for (const auto& [name, value] : headers.all()) pairs.push_back(json::Array{json::Value(name), json::Value(value)});
  return json::serialize(pairs);
}

http::Response stored_response(const postgres::Rows& rows) {
  http::Response response;
  response.status = rows.get<int>(0, 2);
  const json::Value pairs = rows.get<json::Value>(0, 3);
  for (const json::Value& pair : pairs.as_array()) {
    response.headers.add(std::string_view(pair.as_array().at(0).as_string()),
                         std::string_view(pair.as_array().at(1).as_string()));
  }
  response.body = rows.bytes(0, 4);
  response.headers.set("Idempotency-Replayed", "true");
  return response;
}

Result<void> held_still(const Result<postgres::Rows>& updated) {
  if (!updated) return std::unexpected(updated.error());
  if (updated->affected() == 1) return {};
  return std::unexpected(Error{.code = Code::kRequestInProgress,
                               .detail = "the lease on this key has ended",
                               .retry_after = kLongestRetryAfter});
}

}  // namespace

IdempotentRequest idempotent_request(const RequestContext& context, const http::Request& request, std::string key) {
  const Principal& principal = context.principal;
  std::string content = request.method;
  content.append("\n").append(request.path).append("\n").append(request.body);
  return {.principal = principal.puid.empty() ? principal.client_id : principal.puid,
          .route = request.method + " " + request.route,
          .key = std::move(key),
          .fingerprint = hex_encode(view(sha256(content)))};
}

IdempotencyStore::IdempotencyStore(postgres::Pool& pool, std::chrono::milliseconds lease, std::chrono::hours keep)
    : pool_(&pool), lease_(lease), keep_(keep) {}

Task<Result<IdempotencyDecision>> IdempotencyStore::begin(RequestContext& context, const IdempotentRequest& request) {
  postgres::Params take = key_of(request);
  take.add(request.fingerprint)
      .add(static_cast<std::int64_t>(lease_.count()))
      .add(static_cast<std::int64_t>(keep_.count()));
  auto taken = EVC_STEP("idempotency.begin", co_await pool_->exec(context, kTake, std::move(take)));
  if (!taken) co_return std::unexpected(std::move(taken).error());
  if (!taken->empty()) {
    request.attempt = taken->get<std::int64_t>(0, 0);
    if (case_of_taken(request.attempt) == KeyCase::kFirst)
      co_return IdempotencyDecision{.kind = IdempotencyDecision::Kind::kFirst};
    co_return IdempotencyDecision{.kind = IdempotencyDecision::Kind::kResume,
                                  .recovery_point = taken->get<std::string>(0, 1)};
  }
  auto rows = co_await pool_->exec(context, kRead, key_of(request));
  if (!rows) co_return std::unexpected(std::move(rows).error());
  // Deleted in between as expired: asked again, it is taken.
  if (rows->empty())
    co_return std::unexpected(Error{.code = Code::kRequestInProgress, .retry_after = std::chrono::milliseconds{0}});
  const auto held = case_of_held(rows->text(0, 0), request.fingerprint, rows->text(0, 1));
  if (held == KeyCase::kOtherUse) co_return fail(Code::kIdempotencyKeyReused);
  if (held == KeyCase::kInProgress) {
    const std::chrono::milliseconds left{rows->get<std::int64_t>(0, 5)};
    co_return std::unexpected(
        Error{.code = Code::kRequestInProgress, .retry_after = std::min(left, kLongestRetryAfter)});
  }
  co_return IdempotencyDecision{.kind = IdempotencyDecision::Kind::kReplay, .response = stored_response(*rows)};
}

Task<Result<void>> IdempotencyStore::advance(RequestContext& context, postgres::Transaction& transaction,
                                             const IdempotentRequest& request, std::string recovery_point) {
  postgres::Params params = key_of(request);
  params.add(request.attempt).add(recovery_point).add(static_cast<std::int64_t>(lease_.count()));
  co_return held_still(
      EVC_STEP("idempotency.advance", co_await transaction.exec(context, kAdvance, std::move(params))));
}

Task<Result<void>> IdempotencyStore::complete(RequestContext& context, postgres::Transaction& transaction,
                                              const IdempotentRequest& request, const http::Response& response) {
  EVC_ASSERT(!response.stream);
  postgres::Params params = key_of(request);
  params.add(request.attempt).add(response.status).add(encode_headers(response.headers)).add_bytes(response.body);
  co_return held_still(
      EVC_STEP("idempotency.complete", co_await transaction.exec(context, kComplete, std::move(params))));
}

Task<Result<void>> IdempotencyStore::release(RequestContext& context, const IdempotentRequest& request) {
  postgres::Params params = key_of(request);
  params.add(request.attempt);
  auto released = EVC_STEP("idempotency.release", co_await pool_->exec(context, kRelease, std::move(params)));
  if (!released) co_return std::unexpected(std::move(released).error());
  co_return Result<void>{};
}

Task<Result<std::int64_t>> IdempotencyStore::delete_expired(RequestContext& context) {
  auto deleted = EVC_STEP("idempotency.delete_expired", co_await pool_->exec(context, kDeleteExpired));
  if (!deleted) co_return std::unexpected(std::move(deleted).error());
  co_return deleted->affected();
}

Task<> delete_expired_keys(Worker& worker, IdempotencyStore& keys) {
  while (!worker.tasks().cancelled()) {
    RequestContext context = background_context(kCleanUpLimit);
    const auto deleted = co_await keys.delete_expired(context);
    const bool more = deleted && *deleted == kDeletedAtOnce;
    if (!more) co_await sleep_for(worker, kCleanUpInterval);
  }
}

}  // namespace evc::messaging
