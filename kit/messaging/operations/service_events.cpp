#include "kit/messaging/operations/service_events.hpp"

#include "kit/messaging/run_log.hpp"

namespace evc::messaging {

Task<Result<void>> leave_room(const ServiceEvents& events, RequestContext& context, std::int64_t runs) {
  EVC_CO_TRY(wait, co_await wait_for_runs(context, events.pool, runs));
  if (!wait) co_return Result<void>{};
  co_return std::unexpected(Error{.code = Code::kRateLimited,
                                  .detail = "at most " + std::to_string(RunLimit::kRuns) + " decisions in " +
                                            std::to_string(RunLimit::kWindow.count()) + " s",
                                  .retry_after = *wait});
}

Task<Result<std::optional<http::Response>>> answered_before(const ServiceEvents& events, RequestContext& context,
                                                            const IdempotentRequest& keyed) {
  EVC_CO_TRY(decision, co_await events.idempotency.begin(context, keyed));
  if (decision.kind != IdempotencyDecision::Kind::kReplay) co_return std::optional<http::Response>{};
  co_return std::move(decision.response);
}

Task<http::Response> store_answer(const ServiceEvents& events, RequestContext& context, const IdempotentRequest& keyed,
                                  Result<http::Response> response, std::string path) {
  auto transaction = co_await events.pool.begin(context);
  if (!response || !transaction) {
    co_await events.idempotency.release(context, keyed);
    co_return http::problem(response ? transaction.error() : response.error(), context, path);
  }
  auto stored = co_await events.idempotency.complete(context, *transaction, keyed, *response);
  if (stored) co_await transaction->commit(context);
  co_return std::move(*response);
}

}  // namespace evc::messaging
