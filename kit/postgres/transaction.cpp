#include "kit/postgres/pool.hpp"
#include "kit/postgres/pool_impl.hpp"

namespace evc::postgres {
namespace {

constexpr Statement kBegin{"begin", "BEGIN"};
constexpr Statement kCommit{"commit", "COMMIT"};
constexpr Statement kRollback{"rollback", "ROLLBACK"};
constexpr Statement kSavepoint{"savepoint", "SAVEPOINT step"};
constexpr Statement kReleaseSavepoint{"release savepoint", "RELEASE SAVEPOINT step"};
constexpr Statement kRollbackToSavepoint{"rollback to savepoint", "ROLLBACK TO SAVEPOINT step"};

bool is_control(const Statement& statement) {
  return statement.name == kBegin.name || statement.name == kSavepoint.name ||
         statement.name == kReleaseSavepoint.name || statement.name == kRollbackToSavepoint.name;
}

}  // namespace

// Control statements and deferred ones wait here and travel with the next statement: they cost no round trip of their
// own.
struct Transaction::Impl {
  Lease lease;
  std::vector<Command> pending;
  bool deferred = false;  // `pending` holds work
  bool begun = false;     // BEGIN has reached the server
  bool finished = false;  // committed or rolled back

  // A statement may only go out while BEGIN holds or goes with it: without that it would commit by itself.
  Result<void> check_open() const {
    if (finished) return fail(Code::kInternal, "the transaction has ended");
    if (begun && !(*lease).in_transaction()) return fail(Code::kDatabaseUnavailable, "the transaction is lost");
    return {};
  }
};

Transaction::Transaction(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Transaction::Transaction(Transaction&&) noexcept = default;
Transaction& Transaction::operator=(Transaction&&) noexcept = default;
Transaction::~Transaction() = default;

Task<Result<std::vector<Rows>>> Transaction::exec_all(RequestContext& context,
                                                      std::vector<std::pair<Statement, Params>> batch) {
  Impl& impl = *impl_;
  EVC_CO_CHECK(impl.check_open());
  if (batch.empty()) co_return std::vector<Rows>{};
  // Refused before anything is sent, so that what is pending stays pending.
  if (context.expired()) co_return fail(Code::kDeadlineExceeded);
  for (const auto& [statement, params] : batch) EVC_CO_CHECK(check_params(params));
  std::vector<Command> commands = std::exchange(impl.pending, {});
  const std::size_t control = commands.size();
  const std::string_view summary = batch.front().first.name;
  for (auto& [statement, params] : batch) commands.push_back({statement, std::move(params)});
  auto answer = co_await impl.lease.pool().round_trip(context, *impl.lease, std::move(commands), summary);
  impl.begun = true;
  impl.deferred = false;
  if (answer.failure) co_return std::unexpected(std::move(*answer.failure));
  answer.rows.erase(answer.rows.begin(), answer.rows.begin() + static_cast<std::ptrdiff_t>(control));
  co_return std::move(answer.rows);
}

Task<Result<Rows>> Transaction::exec(RequestContext& context, const Statement& statement, Params params) {
  std::vector<std::pair<Statement, Params>> batch;
  batch.emplace_back(statement, std::move(params));
  auto rows = co_await exec_all(context, std::move(batch));
  if (!rows) co_return std::unexpected(std::move(rows).error());
  co_return std::move(rows->front());
}

Result<void> Transaction::defer(const Statement& statement, Params params) {
  EVC_CHECK(impl_->check_open());
  EVC_CHECK(check_params(params));
  impl_->pending.push_back({statement, std::move(params)});
  impl_->deferred = true;
  return {};
}

Task<Result<void>> Transaction::flush(RequestContext& context) {
  Impl& impl = *impl_;
  EVC_CO_CHECK(impl.check_open());
  if (!impl.deferred) co_return Result<void>{};
  if (context.expired()) co_return fail(Code::kDeadlineExceeded);
  impl.deferred = false;
  std::vector<Command> commands = std::exchange(impl.pending, {});
  const std::string_view summary = commands.back().statement.name;
  auto answer = co_await impl.lease.pool().round_trip(context, *impl.lease, std::move(commands), summary);
  impl.begun = true;
  if (answer.failure) co_return std::unexpected(std::move(*answer.failure));
  co_return Result<void>{};
}

Task<Result<void>> Transaction::commit(RequestContext& context) {
  Impl& impl = *impl_;
  EVC_CO_CHECK(impl.check_open());
  if (!impl.begun && !impl.deferred) {
    impl.finished = true;
    impl.lease.release();
    co_return Result<void>{};
  }
  std::vector<Command> commands = std::exchange(impl.pending, {});
  commands.push_back({kCommit, Params{}});
  auto answer = co_await impl.lease.pool().round_trip(context, *impl.lease, std::move(commands), kCommit.name);
  impl.finished = true;
  impl.lease.release();
  if (answer.failure) co_return std::unexpected(std::move(*answer.failure));
  // COMMIT after a failed statement is answered by ROLLBACK: the caller must not believe that it holds.
  if (answer.rows.back().tag() != "COMMIT")
    co_return fail(Code::kInternal, "a failed transaction was committed: it is rolled back");
  co_return Result<void>{};
}

Task<Result<void>> Transaction::rollback(RequestContext& context) {
  Impl& impl = *impl_;
  if (impl.finished) co_return Result<void>{};
  impl.finished = true;
  impl.pending.clear();
  std::optional<Error> failure;
  if (impl.begun) {
    std::vector<Command> commands;
    commands.push_back({kRollback, Params{}});
    auto answer = co_await impl.lease.pool().round_trip(context, *impl.lease, std::move(commands), kRollback.name);
    failure = std::move(answer.failure);
  }
  impl.lease.release();
  if (failure) co_return std::unexpected(std::move(*failure));
  co_return Result<void>{};
}

Task<Result<void>> Transaction::savepoint(RequestContext&) {
  EVC_CO_CHECK(impl_->check_open());
  impl_->pending.push_back({kSavepoint, Params{}});
  co_return Result<void>{};
}

Task<Result<void>> Transaction::release_savepoint(RequestContext&) {
  EVC_CO_CHECK(impl_->check_open());
  impl_->pending.push_back({kReleaseSavepoint, Params{}});
  co_return Result<void>{};
}

Task<Result<void>> Transaction::rollback_to_savepoint(RequestContext&) {
  EVC_CO_CHECK(impl_->check_open());
  // What was deferred since the savepoint has not reached the server and need not.
  auto& pending = impl_->pending;
  while (!pending.empty() && !is_control(pending.back().statement)) pending.pop_back();
  pending.push_back({kRollbackToSavepoint, Params{}});
  // The savepoint itself is still there after ROLLBACK TO: the next one takes its name anew.
  impl_->pending.push_back({kReleaseSavepoint, Params{}});
  co_return Result<void>{};
}

Task<Result<Transaction>> Pool::begin(RequestContext& context) {
  auto lease = co_await impl_->acquire(context);
  if (!lease) co_return std::unexpected(std::move(lease).error());
  auto impl = std::make_unique<Transaction::Impl>();
  impl->lease = std::move(*lease);
  impl->pending.push_back({kBegin, Params{}});
  co_return Transaction(std::move(impl));
}

}  // namespace evc::postgres
