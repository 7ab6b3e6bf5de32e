// Idempotency keys with PostgreSQL as the authority. begin() decides which of the five cases applies; the handler then
// works in steps, records a recovery point after each, and complete() stores the answer byte for byte. A lease makes a
// crashed first request resumable. Table idempotency from kit/messaging/migrations/.
#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "kit/http/message.hpp"
#include "kit/postgres/pool.hpp"
#include "kit/runtime/worker.hpp"

namespace evc::messaging {

struct IdempotentRequest {
  std::string principal;  // puid or service name
  std::string route;
  std::string key;
  std::string fingerprint;  // SHA-256 hex over method, path and body
  mutable std::int64_t attempt =
      0;  // set by begin(): which holder of the key this is, so that one whose lease has ended can write nothing
};
IdempotentRequest idempotent_request(const RequestContext& context, const http::Request& request, std::string key);

struct IdempotencyDecision {
  enum class Kind { kFirst, kResume, kReplay } kind = Kind::kFirst;
  std::string recovery_point;              // kResume: where the crashed first request stood; empty at the start
  std::optional<http::Response> response;  // kReplay: the stored answer with Idempotency-Replayed: true
};

class IdempotencyStore {
 public:
  explicit IdempotencyStore(postgres::Pool& pool, std::chrono::milliseconds lease = std::chrono::milliseconds{20'000},
                            std::chrono::hours keep = std::chrono::hours{48});
  // idempotency-key-reused (other fingerprint) and request-in-progress (with retry_after) are errors.
  Task<Result<IdempotencyDecision>> begin(RequestContext& context, const IdempotentRequest& request);
  // In the caller's transaction, with the state change that it belongs to; it also prolongs the lease.
  // request-in-progress when another request has taken the key over meanwhile: roll back.
  Task<Result<void>> advance(RequestContext& context, postgres::Transaction& transaction,
                             const IdempotentRequest& request, std::string recovery_point);
  Task<Result<void>> complete(RequestContext& context, postgres::Transaction& transaction,
                              const IdempotentRequest& request, const http::Response& response);
  // After an indeterminate failure: the lease ends at once, nothing is stored, a retry resumes.
  Task<Result<void>> release(RequestContext& context, const IdempotentRequest& request);
  // At most 1,000 at a time; returns how many.
  Task<Result<std::int64_t>> delete_expired(RequestContext& context);

 private:
  postgres::Pool* pool_;
  std::chrono::milliseconds lease_;
  std::chrono::hours keep_;
};

// What is expired leaves the table within a quarter of a minute. Until cancelled; spawn it once per process in the
// worker's task group.
Task<> delete_expired_keys(Worker& worker, IdempotencyStore& keys);

}  // namespace evc::messaging
