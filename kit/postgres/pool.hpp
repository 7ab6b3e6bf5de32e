// Connections of one worker to one database: libpq in non-blocking pipeline mode on Asio, TLS with a client
// certificate. A statement ends at the request's deadline (the backend is asked to cancel and the connection is
// replaced). Errors: database-unavailable (lost, timeout, no free connection in time), database-conflict (40001, 40P01:
// run the transaction again), unique-violation (detail holds the constraint's name), constraint-violation. Every
// statement opens a CLIENT span and a metric series by statement name.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "kit/net/identity.hpp"
#include "kit/postgres/statement.hpp"
#include "kit/runtime/worker.hpp"
#include "kit/telemetry/request_context.hpp"

namespace evc::postgres {

struct PoolOptions {
  std::string conninfo;  // libpq keywords: host, port, dbname, user, sslmode=verify-full, sslrootcert, sslcert, sslkey
  // Its files take the place of those in `conninfo`, and a connection that began with an earlier state of it is not
  // used again once it is free. Null: as `conninfo` says.
  std::shared_ptr<net::Identity> identity;
  std::size_t size = 8;
  std::chrono::milliseconds acquire_timeout{2'000};
  std::chrono::milliseconds statement_timeout{4'000};
  std::string application_name;
};

class Connection;
class Pool;

// A transaction holds its connection. Without commit() the destructor rolls back (the pool does it in the background
// before reuse).
class Transaction {
 public:
  Transaction(Transaction&&) noexcept;
  Transaction& operator=(Transaction&&) noexcept;
  ~Transaction();

  Task<Result<Rows>> exec(RequestContext& context, const Statement& statement, Params params = {});
  // One round trip for several statements; stops at the first error.
  Task<Result<std::vector<Rows>>> exec_all(RequestContext& context, std::vector<std::pair<Statement, Params>> batch);
  // Waits for the next round trip, the commit at the latest, and goes with it: for a statement whose rows nobody reads.
  // Its failure is that round trip's.
  Result<void> defer(const Statement& statement, Params params = {});
  // Sends what is deferred now, so that its failure is known.
  Task<Result<void>> flush(RequestContext& context);
  Task<Result<void>> commit(RequestContext& context);
  Task<Result<void>> rollback(RequestContext& context);
  // For one event of a batch: a failure inside rolls back to the savepoint only.
  Task<Result<void>> savepoint(RequestContext& context);
  Task<Result<void>> release_savepoint(RequestContext& context);
  Task<Result<void>> rollback_to_savepoint(RequestContext& context);

  struct Impl;
  explicit Transaction(std::unique_ptr<Impl> impl);

 private:
  std::unique_ptr<Impl> impl_;
};

class Pool {
 public:
  Pool(Worker& worker, PoolOptions options);
  ~Pool();
  // One statement in its own implicit transaction.
  Task<Result<Rows>> exec(RequestContext& context, Statement statement, Params params = {});
  // READ COMMITTED.
  Task<Result<Transaction>> begin(RequestContext& context);
  // SELECT 1 within one second: for readiness.
  Task<Result<void>> ping(RequestContext& context);
  void close();

  struct Impl;

 private:
  std::shared_ptr<Impl> impl_;
};

}  // namespace evc::postgres
