#include "kit/postgres/pool.hpp"

#include <libpq-fe.h>

#include <algorithm>

#include "kit/postgres/pool_impl.hpp"
#include "kit/telemetry/log.hpp"
#include "kit/telemetry/span.hpp"

namespace evc::postgres {
namespace {

constexpr std::size_t kWaiterLimit = 1'024;
// A database that refuses connections is asked again after this long; meanwhile callers fail at once.
constexpr std::chrono::milliseconds kConnectPause{100};
constexpr std::chrono::milliseconds kReclaimTimeout{1'000};

std::string database_of(const std::string& conninfo) {
  std::string database;
  PQconninfoOption* options = PQconninfoParse(conninfo.c_str(), nullptr);
  for (PQconninfoOption* option = options; option != nullptr && option->keyword != nullptr; ++option) {
    if (std::string_view(option->keyword) == "dbname" && option->val != nullptr) database = option->val;
  }
  PQconninfoFree(options);
  return database;
}

std::string_view first_word(std::string_view sql) {
  const std::size_t begin = sql.find_first_not_of(" \n\t(");
  if (begin == std::string_view::npos) return {};
  const std::size_t end = sql.find_first_of(" \n\t(;", begin);
  return sql.substr(begin, end == std::string_view::npos ? end : end - begin);
}

// The statement that the round trip is about: the last, since BEGIN and savepoints only come before it.
telemetry::Attributes attributes_of(const std::vector<Command>& commands, const std::string& database,
                                    std::string_view summary) {
  const Statement& main = commands.back().statement;
  telemetry::Attributes attributes{{"db.system.name", std::string("postgresql")},
                                   {"db.namespace", database},
                                   {"db.query.summary", std::string(summary)},
                                   {"db.operation.name", std::string(first_word(main.sql))},
                                   {"db.query.text", std::string(main.sql)}};
  if (commands.size() > 1)
    attributes.push_back({"db.operation.batch.size", static_cast<std::int64_t>(commands.size())});
  return attributes;
}

Task<> roll_back(Lease lease, SteadyTime deadline) {
  std::vector<Command> commands;
  commands.push_back({Statement{"rollback", "ROLLBACK"}, Params{}});
  auto outcome = co_await (*lease).run(std::move(commands), deadline);
}

// Who waits for a pool's thread must not keep the pool: its end joins that thread, which would otherwise come back to a
// worker that is gone.
Task<> cancel_backend(Worker& worker, std::weak_ptr<CpuPool> pool, std::function<void()> cancel) {
  auto alive = pool.lock();
  if (!alive) co_return;
  auto asked =
      alive->run(worker, std::chrono::steady_clock::now() + std::chrono::seconds{5}, [cancel = std::move(cancel)] {
        cancel();
        return true;
      });
  alive.reset();
  // What it was asked to do is unknown by now: the answer changes nothing.
  auto answer = co_await std::move(asked);
}

}  // namespace

Lease::Lease(std::shared_ptr<Pool::Impl> pool, std::unique_ptr<Connection> connection)
    : pool_(std::move(pool)), connection_(std::move(connection)) {}
Lease::Lease(Lease&&) noexcept = default;
Lease& Lease::operator=(Lease&& other) noexcept {
  if (this != &other) {
    release();
    pool_ = std::move(other.pool_);
    connection_ = std::move(other.connection_);
  }
  return *this;
}
Lease::~Lease() {
  release();
}
void Lease::release() {
  if (connection_) pool_->give_back(std::move(connection_));
  connection_ = nullptr;
}

Pool::Impl::Impl(Worker& worker, PoolOptions options)
    : worker_(worker),
      options_(std::move(options)),
      database_(database_of(options_.conninfo)),
      used_(telemetry::metrics().gauge("db_client_connections", "Connections by state", {{"state", "used"}})),
      idle_gauge_(telemetry::metrics().gauge("db_client_connections", "Connections by state", {{"state", "idle"}})),
      waiting_(telemetry::metrics().gauge("db_client_waiting_requests", "Requests that wait for a connection")),
      timeouts_(
          telemetry::metrics().counter("db_client_acquire_timeouts_total", "Requests that got no connection in time")),
      lost_(telemetry::metrics().counter("db_client_connections_lost_total",
                                         "Connections that were given up: lost, cancelled or out of step")) {}

Pool::Impl::~Impl() = default;

SteadyTime Pool::Impl::statement_deadline(const RequestContext& context) const {
  return std::min(context.deadline, std::chrono::steady_clock::now() + options_.statement_timeout);
}

bool Pool::Impl::stopping() const {
  return worker_.tasks().cancelled() || worker_.io().stopped();
}

Task<Result<Lease>> Pool::Impl::acquire(RequestContext& context) {
  if (context.expired()) co_return fail(Code::kDeadlineExceeded);
  const SteadyTime deadline = std::min(context.deadline, std::chrono::steady_clock::now() + options_.acquire_timeout);
  while (true) {
    if (closed_) co_return fail(Code::kDatabaseUnavailable, "the pool is closed");
    while (!idle_.empty()) {
      std::unique_ptr<Connection> connection = std::move(idle_.back());
      idle_.pop_back();
      idle_gauge_.add(-1);
      used_.add(1);
      if (connection->usable()) co_return Lease(shared_from_this(), std::move(connection));
      discard(std::move(connection));
    }
    if (open_ < options_.size) co_return co_await open_one(deadline);
    auto waited = co_await wait_for_one(deadline);
    if (!waited || *waited) co_return waited;
    // Woken without a connection: a place is free to open one.
  }
}

Task<Result<Lease>> Pool::Impl::open_one(SteadyTime deadline) {
  if (std::chrono::steady_clock::now() < no_connect_before_)
    co_return fail(Code::kDatabaseUnavailable, "the database refused a connection a moment ago");
  ++open_;
  used_.add(1);
  Lease lease(shared_from_this(),
              std::make_unique<Connection>(worker_, options_.conninfo, options_.identity, options_.application_name));
  auto connected = co_await (*lease).connect(deadline);
  if (!connected) {
    no_connect_before_ = std::chrono::steady_clock::now() + kConnectPause;
    EVC_LOG(kWarn, "the database cannot be reached", {{telemetry::key::kErrorDetail, connected.error().detail}});
    co_return fail(Code::kDatabaseUnavailable, "no connection to the database");
  }
  co_return lease;
}

Task<Result<Lease>> Pool::Impl::wait_for_one(SteadyTime deadline) {
  if (waiters_.size() >= kWaiterLimit) co_return fail(Code::kOverloaded, "too many requests wait for the database");
  auto waiter = std::make_shared<Waiter>(worker_.executor());
  waiters_.push_back(waiter);
  waiting_.add(1);
  bool timed_out = false;
  auto alarm = worker_.wheel().arm(deadline, [waiter, &timed_out] { timed_out = waiter->deliver(Lease()); });
  auto delivered = co_await Waiter::wait(waiter);
  alarm.disarm();
  if (timed_out || !delivered) {
    waiting_.add(-static_cast<double>(std::erase(waiters_, waiter)));
    timeouts_.add();
    co_return fail(Code::kDatabaseUnavailable, "no free connection to the database in time");
  }
  co_return std::move(*delivered);
}

void Pool::Impl::wake_next(Lease lease) {
  while (!waiters_.empty()) {
    std::shared_ptr<Waiter> waiter = std::move(waiters_.front());
    waiters_.pop_front();
    waiting_.add(-1);
    if (waiter->delivered()) continue;
    waiter->deliver(std::move(lease));
    return;
  }
}

void Pool::Impl::give_back(std::unique_ptr<Connection> connection) {
  if (closed_ || connection->interrupted() || !connection->usable()) return discard(std::move(connection));
  if (connection->in_transaction()) {
    if (stopping()) return discard(std::move(connection));
    return worker_.tasks().spawn("postgres rollback", roll_back(Lease(shared_from_this(), std::move(connection)),
                                                                std::chrono::steady_clock::now() + kReclaimTimeout));
  }
  if (connection->outdated()) {
    close_outdated();
    return retire(std::move(connection));
  }
  if (!waiters_.empty()) return wake_next(Lease(shared_from_this(), std::move(connection)));
  used_.add(-1);
  idle_gauge_.add(1);
  idle_.push_back(std::move(connection));
}

// Those that nobody uses, once the first one in use comes back.
void Pool::Impl::close_outdated() {
  const auto closed = std::erase_if(idle_, [](const auto& connection) { return connection->outdated(); });
  open_ -= closed;
  idle_gauge_.add(-static_cast<double>(closed));
}

// A good connection that makes room for one with the renewed certificate.
void Pool::Impl::retire(std::unique_ptr<Connection> connection) {
  connection.reset();
  --open_;
  used_.add(-1);
  wake_next(Lease());
}

void Pool::Impl::discard(std::unique_ptr<Connection> connection) {
  if (!closed_) lost_.add();
  if (connection->interrupted() && !closed_ && !stopping()) {
    if (auto cancel = connection->canceller()) {
      if (!canceller_)
        canceller_ = std::make_shared<CpuPool>(
            CpuPool::Options{.name = "postgres cancel", .threads = 1, .queue_limit = 64, .nice = 0});
      worker_.tasks().spawn("postgres cancel", cancel_backend(worker_, canceller_, std::move(cancel)));
    }
  }
  retire(std::move(connection));
}

void Pool::Impl::close() {
  closed_ = true;
  for (auto& connection : idle_) {
    connection.reset();
    --open_;
    idle_gauge_.add(-1);
  }
  idle_.clear();
  canceller_.reset();
  while (!waiters_.empty()) wake_next(Lease());
}

telemetry::Histogram& Pool::Impl::duration_of(std::string_view statement) {
  const auto found = durations_.find(statement);
  if (found != durations_.end()) return found->second;
  auto histogram =
      telemetry::metrics().histogram("db_client_operation_duration_seconds", "Round trips to PostgreSQL by statement",
                                     {{"statement", std::string(statement)}}, telemetry::latency_bounds_seconds());
  return durations_.emplace(statement, histogram).first->second;
}

Task<Pool::Impl::Answer> Pool::Impl::round_trip(RequestContext& context, Connection& connection,
                                                std::vector<Command> commands, std::string_view summary) {
  Answer answer;
  telemetry::Span span = telemetry::start_span(
      summary, context.trace,
      {.kind = telemetry::SpanKind::kClient, .attributes = attributes_of(commands, database_, summary)});
  const SteadyTime begun = std::chrono::steady_clock::now();
  auto outcome = co_await connection.run(std::move(commands), statement_deadline(context));
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begun;
  duration_of(summary).observe(took.count(), &span.context());
  if (!outcome) {
    span.fail(info(outcome.error().code).name);
    answer.failure = std::move(outcome).error();
    co_return answer;
  }
  answer.rows = std::move(outcome->rows);
  if (outcome->error) {
    span.set("db.response.status_code", outcome->error->sqlstate);
    span.fail(outcome->error->sqlstate);
    answer.failure = to_error(*outcome->error, outcome->failed_statement);
    if (answer.failure->code == Code::kInternal) {
      EVC_LOG(kError, span.context(), "a statement was refused",
              {{telemetry::key::kStatement, outcome->failed_statement},
               {telemetry::key::kErrorCode, outcome->error->sqlstate},
               {telemetry::key::kErrorDetail, outcome->error->message}});
    }
  }
  co_return answer;
}

Pool::Pool(Worker& worker, PoolOptions options) : impl_(std::make_shared<Impl>(worker, std::move(options))) {}
Pool::~Pool() {
  impl_->close();
}
void Pool::close() {
  impl_->close();
}

Task<Result<Rows>> Pool::exec(RequestContext& context, Statement statement, Params params) {
  EVC_CO_CHECK(check_params(params));
  auto lease = co_await impl_->acquire(context);
  if (!lease) co_return std::unexpected(std::move(lease).error());
  std::vector<Command> commands;
  commands.push_back({statement, std::move(params)});
  auto answer = co_await impl_->round_trip(context, **lease, std::move(commands), statement.name);
  if (answer.failure) co_return std::unexpected(std::move(*answer.failure));
  co_return std::move(answer.rows.front());
}

Task<Result<void>> Pool::ping(RequestContext& context) {
  RequestContext short_context = context.with_timeout(std::chrono::seconds{1});
  auto rows = co_await exec(short_context, Statement{"ping", "SELECT 1"});
  if (!rows) co_return std::unexpected(std::move(rows).error());
  co_return Result<void>{};
}

}  // namespace evc::postgres
