// Keeps the StationBoard near charging's truth: pulls GET /internal/stations?since= at the start, when the channel
// `stations` nudges, after a reconnect of that channel, and every 30 s. A failed pull is tried again at the next turn;
// the board just grows older, and the answers say so. One per worker.
#pragma once

#include <chrono>
#include <memory>

#include "kit/auth/service_token.hpp"
#include "kit/http/client.hpp"
#include "kit/redis/client.hpp"
#include "kit/runtime/worker.hpp"
#include "services/routing/store/station_board.hpp"

namespace evc::routing {

class StationFeed {
 public:
  StationFeed(Worker& worker, std::shared_ptr<http::Client> charging, std::shared_ptr<auth::ServiceTokens> tokens,
              redis::Options redis, std::shared_ptr<StationBoard> board);
  // Runs until the worker's task group is cancelled.
  Task<> run();
  // The next turn pulls at once.
  void nudge() { nudged_ = true; }

  static constexpr std::chrono::milliseconds kTurn{1'000};
  static constexpr std::chrono::milliseconds kPullEvery{30'000};
  static constexpr std::chrono::milliseconds kPullTimeout{5'000};
  static constexpr int kPagesLimit = 100;  // per pull

 private:
  Task<Result<void>> pull();
  Task<Result<bool>> pull_page(RequestContext& context);

  Worker& worker_;
  std::shared_ptr<http::Client> charging_;
  std::shared_ptr<auth::ServiceTokens> tokens_;
  std::shared_ptr<StationBoard> board_;
  redis::Subscriber subscriber_;
  bool nudged_ = true;
};

}  // namespace evc::routing
