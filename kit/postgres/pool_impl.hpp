// What Pool and Transaction share: connections of one worker, waiters in order of arrival, and one measured round trip.
// Private to kit/postgres.
#pragma once

#include <deque>
#include <memory>
#include <optional>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "kit/postgres/connection.hpp"
#include "kit/postgres/pool.hpp"
#include "kit/runtime/cpu_pool.hpp"
#include "kit/runtime/one_shot.hpp"
#include "kit/telemetry/metrics.hpp"

namespace evc::postgres {

// A connection on loan; destroying the lease gives it back.
class Lease {
 public:
  Lease() = default;
  Lease(std::shared_ptr<Pool::Impl> pool, std::unique_ptr<Connection> connection);
  Lease(Lease&&) noexcept;
  Lease& operator=(Lease&& other) noexcept;
  ~Lease();
  explicit operator bool() const { return connection_ != nullptr; }
  Connection& operator*() const { return *connection_; }
  Pool::Impl& pool() const { return *pool_; }
  void release();

 private:
  std::shared_ptr<Pool::Impl> pool_;
  std::unique_ptr<Connection> connection_;
};

struct Pool::Impl : std::enable_shared_from_this<Pool::Impl> {
  Impl(Worker& worker, PoolOptions options);
  ~Impl();

  Task<Result<Lease>> acquire(RequestContext& context);
  void give_back(std::unique_ptr<Connection> connection);
  void close();

  // One round trip with its span and its metric. `summary` names both; an error of the server comes as the mapped error
  // in `failure`, beside the rows that were done before it.
  struct Answer {
    std::vector<Rows> rows;
    std::optional<Error> failure;
  };
  Task<Answer> round_trip(RequestContext& context, Connection& connection, std::vector<Command> commands,
                          std::string_view summary);
  SteadyTime statement_deadline(const RequestContext& context) const;

 private:
  using Waiter = OneShot<Lease>;

  Task<Result<Lease>> wait_for_one(SteadyTime deadline);
  Task<Result<Lease>> open_one(SteadyTime deadline);
  void close_outdated();
  void retire(std::unique_ptr<Connection> connection);
  void discard(std::unique_ptr<Connection> connection);
  void wake_next(Lease lease);
  bool stopping() const;  // nothing new may be spawned
  telemetry::Histogram& duration_of(std::string_view statement);

  Worker& worker_;
  PoolOptions options_;
  std::string database_;
  std::vector<std::unique_ptr<Connection>> idle_;
  std::size_t open_ = 0;  // idle, on loan or being made
  std::deque<std::shared_ptr<Waiter>> waiters_;
  bool closed_ = false;
  SteadyTime no_connect_before_{};
  std::shared_ptr<CpuPool> canceller_;
  std::unordered_map<std::string_view, telemetry::Histogram> durations_;
  telemetry::Gauge used_;
  telemetry::Gauge idle_gauge_;
  telemetry::Gauge waiting_;
  telemetry::Counter timeouts_;
  telemetry::Counter lost_;
};

}  // namespace evc::postgres
