#include "services/routing/events/station_feed.hpp"

#include "kit/telemetry/log.hpp"
#include "kit/telemetry/log_keys.hpp"

namespace evc::routing {

StationFeed::StationFeed(Worker& worker, std::shared_ptr<http::Client> charging,
                         std::shared_ptr<auth::ServiceTokens> tokens, redis::Options redis,
                         std::shared_ptr<StationBoard> board)
    : worker_(worker),
      charging_(std::move(charging)),
      tokens_(std::move(tokens)),
      board_(std::move(board)),
      subscriber_(
          worker, std::move(redis), {"stations"}, [this](std::string_view, std::string_view) { nudge(); },
          [this] { nudge(); }) {}

Task<Result<bool>> StationFeed::pull_page(RequestContext& context) {
  auto token = co_await tokens_->token(context);
  if (!token) co_return std::unexpected(std::move(token.error()));
  http::Call call{.method = "GET",
                  .target = "/internal/stations?since=" + std::to_string(board_->version()),
                  .route_class = "/internal/stations",
                  .repeat = http::Call::Repeat::kIdempotent};
  call.headers.add("authorization", "Bearer " + *token);
  auto response = co_await charging_->send(context, std::move(call));
  if (!response) co_return std::unexpected(std::move(response.error()));
  if (response->status != 200)
    co_return fail(Code::kUpstreamFailed, "charging answered " + std::to_string(response->status));
  auto page = json::parse(response->body);
  if (!page) co_return std::unexpected(std::move(page.error()));
  co_return board_->apply(*page, context.clock->wall());
}

Task<Result<void>> StationFeed::pull() {
  for (int page = 0; page < kPagesLimit; ++page) {
    RequestContext context;
    context.deadline = context.clock->steady() + kPullTimeout;
    auto more = co_await pull_page(context);
    if (!more) co_return std::unexpected(std::move(more.error()));
    if (!*more) break;
  }
  co_return Result<void>();
}

Task<> StationFeed::run() {
  SteadyTime last = SteadyTime::min();
  bool failing = false;
  while (!worker_.tasks().cancelled()) {
    const SteadyTime now = system_clock().steady();
    if (nudged_ || last == SteadyTime::min() || now - last >= kPullEvery) {
      nudged_ = false;
      last = now;
      auto pulled = co_await pull();
      // Once per outage, not once per turn.
      if (!pulled && !failing)
        EVC_LOG(kWarn, "station status cannot be pulled", {{telemetry::key::kReason, pulled.error().detail}});
      failing = !pulled;
    }
    co_await sleep_for(worker_, kTurn);
  }
  subscriber_.close();
}

}  // namespace evc::routing
