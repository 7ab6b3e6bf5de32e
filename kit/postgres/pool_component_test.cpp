#include "kit/postgres/pool.hpp"

#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

#include "kit/postgres/testing/test_database.hpp"
#include "kit/telemetry/span.hpp"
#include "kit/testing/certificates.hpp"
#include "kit/testing/run_task.hpp"

namespace evc::postgres {
namespace {

constexpr Statement kInsert{"insert item", "INSERT INTO item (id, name) VALUES ($1, $2)"};
constexpr Statement kSelectAll{"select items", "SELECT id, name FROM item ORDER BY id"};
constexpr Statement kSleep{"sleep", "SELECT pg_sleep($1)"};
constexpr Statement kPid{"pid", "SELECT pg_backend_pid()"};

class PoolTest : public ::testing::Test {
 protected:
  PoolTest() { database_.query("CREATE TABLE item (id bigint PRIMARY KEY, name text NOT NULL CHECK (name <> 'bad'))"); }
  ~PoolTest() override {
    pool_.close();
    worker_.tasks().cancel();
    evc::testing::run_until(worker_, [this] { return worker_.tasks().size() == 0; });
  }

  PoolOptions options(std::size_t size) {
    return {.conninfo = database_.conninfo(),
            .size = size,
            .acquire_timeout = std::chrono::milliseconds{300},
            .statement_timeout = std::chrono::milliseconds{1'000},
            .application_name = "pool_test"};
  }
  template <class T>
  T run(Task<T> task) {
    return evc::testing::run_task(worker_, std::move(task));
  }

  postgres::testing::TestDatabase database_;
  Worker worker_;
  Pool pool_{worker_, options(2)};
  RequestContext context_;
};

TEST_F(PoolTest, AStatementRunsWithItsParametersAndGivesRows) {
  auto inserted = run(pool_.exec(context_, kInsert, Params(1, "one")));
  ASSERT_TRUE(inserted) << inserted.error().detail;
  EXPECT_EQ(inserted->affected(), 1);
  auto rows = run(pool_.exec(context_, kSelectAll));
  ASSERT_TRUE(rows);
  ASSERT_EQ(rows->size(), 1U);
  EXPECT_EQ(rows->get<std::int64_t>(0, 0), 1);
  EXPECT_EQ(rows->get<std::string>(0, 1), "one");
}

TEST_F(PoolTest, ARenewedCertificateIsTakenOverWithoutAFailedStatement) {
  constexpr Statement kSerial{"serial", "SELECT client_serial::text FROM pg_stat_ssl WHERE pid = pg_backend_pid()"};
  evc::testing::Certificates certificates(std::getenv("EVC_TEST_TLS_DIR"), {"platform-admin"}, std::chrono::hours(1));
  auto with = options(2);
  with.identity = std::make_shared<net::Identity>(net::tls_files(certificates.dir(), "platform-admin"));
  Pool pool(worker_, with);
  const auto serial = [&] {
    auto rows = run(pool.exec(context_, kSerial));
    EXPECT_TRUE(rows) << rows.error().detail;
    return rows ? rows->get<std::string>(0, 0) : "";
  };
  EXPECT_EQ(serial(), certificates.serial("platform-admin"));
  for (int round = 0; round < 2; ++round) {
    certificates.renew("platform-admin");
    const auto renewed = certificates.serial("platform-admin");
    EXPECT_TRUE(evc::testing::run_until(worker_, [&] { return serial() == renewed; }));
  }
  pool.close();
}

TEST_F(PoolTest, EveryTypeComesBackAsItWent) {
  constexpr Statement kTypes{
      "types",
      "SELECT $1::bool, $2::bigint, $3::float8, $4::text, $5::uuid, $6::timestamptz, $7::jsonb, $8::bytea, $9::text"};
  const Uuid id = uuid_v7();
  const WallTime time{std::chrono::microseconds{1'790'000'000'123'456}};
  Params params(false, std::numeric_limits<std::int64_t>::min(), 0.1, "ação", id, time, json::Value{{"k", "v"}});
  params.add_bytes(std::string_view("\0\xff", 2)).add_null();
  auto rows = run(pool_.exec(context_, kTypes, std::move(params)));
  ASSERT_TRUE(rows) << rows.error().detail;
  EXPECT_FALSE(rows->get<bool>(0, 0));
  EXPECT_EQ(rows->get<std::int64_t>(0, 1), std::numeric_limits<std::int64_t>::min());
  EXPECT_EQ(rows->get<double>(0, 2), 0.1);
  EXPECT_EQ(rows->get<std::string>(0, 3), "ação");
  EXPECT_EQ(rows->get<Uuid>(0, 4), id);
  EXPECT_EQ(rows->get<WallTime>(0, 5), time);
  EXPECT_EQ(rows->get<json::Value>(0, 6), (json::Value{{"k", "v"}}));
  EXPECT_EQ(rows->bytes(0, 7), std::string("\0\xff", 2));
  EXPECT_EQ(rows->get<std::optional<std::string>>(0, 8), std::nullopt);
}

TEST_F(PoolTest, RefusalsOfTheServerAreNamedAndTheConnectionGoesOn) {
  ASSERT_TRUE(run(pool_.exec(context_, kInsert, Params(1, "one"))));
  auto twice = run(pool_.exec(context_, kInsert, Params(1, "again")));
  ASSERT_FALSE(twice);
  EXPECT_EQ(twice.error().code, Code::kUniqueViolation);
  EXPECT_EQ(twice.error().detail, "item_pkey");
  auto bad = run(pool_.exec(context_, kInsert, Params(2, "bad")));
  ASSERT_FALSE(bad);
  EXPECT_EQ(bad.error().code, Code::kConstraintViolation);
  EXPECT_EQ(bad.error().detail, "item_name_check");
  auto wrong = run(pool_.exec(context_, Statement{"wrong", "SELEC 1"}));
  ASSERT_FALSE(wrong);
  EXPECT_EQ(wrong.error().code, Code::kInternal);
  EXPECT_EQ(wrong.error().detail, "wrong: SQLSTATE 42601");
  EXPECT_TRUE(run(pool_.exec(context_, kSelectAll)));
  EXPECT_EQ(database_.value("SELECT count(*) FROM pg_stat_activity WHERE application_name = 'pool_test'"), "1");
}

Task<Result<void>> insert_in_transaction(Pool& pool, RequestContext& context, std::int64_t id, bool commits) {
  auto transaction = co_await pool.begin(context);
  if (!transaction) co_return std::unexpected(std::move(transaction).error());
  auto inserted = co_await transaction->exec(context, kInsert, Params(id, "row"));
  if (!inserted) co_return std::unexpected(std::move(inserted).error());
  if (commits) co_return co_await transaction->commit(context);
  co_return Result<void>{};
}

TEST_F(PoolTest, ATransactionHoldsOnlyAfterCommit) {
  ASSERT_TRUE(run(insert_in_transaction(pool_, context_, 1, true)));
  ASSERT_TRUE(run(insert_in_transaction(pool_, context_, 2, false)));
  // The abandoned one is rolled back in the background and its connection serves again.
  auto rows = run(pool_.exec(context_, kSelectAll));
  ASSERT_TRUE(rows);
  ASSERT_EQ(rows->size(), 1U);
  EXPECT_EQ(rows->get<std::int64_t>(0, 0), 1);
  ASSERT_TRUE(evc::testing::run_until(worker_, [this] { return worker_.tasks().size() == 0; }));
  EXPECT_EQ(
      database_.value("SELECT count(*) FROM pg_stat_activity WHERE application_name = 'pool_test' AND state <> 'idle'"),
      "0");
}

Task<Result<void>> commit_after_failure(Pool& pool, RequestContext& context) {
  auto transaction = co_await pool.begin(context);
  auto first = co_await transaction->exec(context, kInsert, Params(1, "one"));
  auto failed = co_await transaction->exec(context, kInsert, Params(1, "again"));
  EXPECT_FALSE(failed);
  co_return co_await transaction->commit(context);
}

TEST_F(PoolTest, ACommitAfterAFailureIsNoCommit) {
  auto committed = run(commit_after_failure(pool_, context_));
  ASSERT_FALSE(committed);
  EXPECT_EQ(database_.value("SELECT count(*) FROM item"), "0");
}

Task<Result<void>> savepoints(Pool& pool, RequestContext& context) {
  auto transaction = co_await pool.begin(context);
  for (std::int64_t id = 1; id <= 4; ++id) {
    EVC_CO_CHECK(co_await transaction->savepoint(context));
    auto inserted = co_await transaction->exec(context, kInsert, Params(id, id == 2 ? "bad" : "good"));
    auto ended =
        co_await (inserted ? transaction->release_savepoint(context) : transaction->rollback_to_savepoint(context));
    if (!ended) co_return ended;
  }
  // The last event does nothing in the database.
  EVC_CO_CHECK(co_await transaction->savepoint(context));
  EVC_CO_CHECK(co_await transaction->rollback_to_savepoint(context));
  co_return co_await transaction->commit(context);
}

TEST_F(PoolTest, ASavepointConfinesAFailure) {
  auto done = run(savepoints(pool_, context_));
  ASSERT_TRUE(done) << done.error().detail;
  EXPECT_EQ(database_.value("SELECT string_agg(id::text, ',' ORDER BY id) FROM item"), "1,3,4");
}

Task<Result<void>> deferring(Pool& pool, RequestContext& context) {
  EVC_CO_TRY(transaction, co_await pool.begin(context));
  EVC_CO_CHECK(transaction.defer(kInsert, Params(std::int64_t{1}, "good")));
  EVC_CO_CHECK(co_await transaction.savepoint(context));
  // It never leaves: the savepoint that it belongs to is rolled back before anything is sent.
  EVC_CO_CHECK(transaction.defer(kInsert, Params(std::int64_t{2}, "bad")));
  EVC_CO_CHECK(co_await transaction.rollback_to_savepoint(context));
  EVC_CO_TRY(rows, co_await transaction.exec(context, kSelectAll));
  EXPECT_EQ(rows.size(), 1U) << "what was deferred goes before the statement that it waited for";
  EVC_CO_CHECK(co_await transaction.savepoint(context));
  EVC_CO_CHECK(transaction.defer(kInsert, Params(std::int64_t{3}, "bad")));
  const auto failed = co_await transaction.flush(context);
  EXPECT_EQ(failed ? Code::kInternal : failed.error().code, Code::kConstraintViolation);
  EVC_CO_CHECK(co_await transaction.rollback_to_savepoint(context));
  EVC_CO_CHECK(transaction.defer(kInsert, Params(std::int64_t{4}, "good")));
  co_return co_await transaction.commit(context);
}
Task<Result<void>> only_deferred(Pool& pool, RequestContext& context, std::string text) {
  EVC_CO_TRY(transaction, co_await pool.begin(context));
  EVC_CO_CHECK(transaction.defer(kInsert, Params(std::int64_t{9}, text)));
  co_return co_await transaction.commit(context);
}

TEST_F(PoolTest, ADeferredStatementGoesWithTheNextRoundTripOrTheCommit) {
  const auto done = run(deferring(pool_, context_));
  ASSERT_TRUE(done) << done.error().detail;
  EXPECT_EQ(database_.value("SELECT string_agg(id::text, ',' ORDER BY id) FROM item"), "1,4");
  const auto refused = run(only_deferred(pool_, context_, "bad"));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Code::kConstraintViolation);
  EXPECT_TRUE(run(only_deferred(pool_, context_, "good")));
  EXPECT_EQ(database_.value("SELECT count(*) FROM item WHERE id = 9"), "1");
}

Task<Result<std::vector<Rows>>> batch(Pool& pool, RequestContext& context, std::int64_t rows, std::int64_t bad) {
  auto transaction = co_await pool.begin(context);
  std::vector<std::pair<Statement, Params>> statements;
  for (std::int64_t id = 0; id < rows; ++id)
    statements.emplace_back(kInsert, Params(id, id == bad ? std::string("bad") : std::string(2'000, 'x')));
  statements.emplace_back(kSelectAll, Params());
  auto done = co_await transaction->exec_all(context, std::move(statements));
  auto committed = co_await transaction->commit(context);
  co_return done;
}

TEST_F(PoolTest, ABatchIsOneRoundTripAndStopsAtItsFirstError) {
  auto whole = run(batch(pool_, context_, 3, -1));
  ASSERT_TRUE(whole) << whole.error().detail;
  ASSERT_EQ(whole->size(), 4U);
  EXPECT_EQ((*whole)[3].size(), 3U);
  database_.query("TRUNCATE item");
  auto stopped = run(batch(pool_, context_, 3, 1));
  ASSERT_FALSE(stopped);
  EXPECT_EQ(stopped.error().code, Code::kConstraintViolation);
  EXPECT_EQ(database_.value("SELECT count(*) FROM item"), "0");
}

TEST_F(PoolTest, ABatchLargerThanTheSocketsBuffersDoesNotBlock) {
  auto whole = run(batch(pool_, context_, 5'000, -1));
  ASSERT_TRUE(whole) << whole.error().detail;
  EXPECT_EQ(whole->back().size(), 5'000U);
}

TEST_F(PoolTest, AStatementEndsAtTheDeadlineAndTheBackendIsStopped) {
  const auto begun = std::chrono::steady_clock::now();
  RequestContext hurried = context_.with_timeout(std::chrono::milliseconds{100});
  auto slept = run(pool_.exec(hurried, kSleep, Params(30.0)));
  ASSERT_FALSE(slept);
  EXPECT_EQ(slept.error().code, Code::kDatabaseUnavailable);
  EXPECT_LT(std::chrono::steady_clock::now() - begun, std::chrono::milliseconds{600});
  EXPECT_TRUE(run(pool_.exec(context_, kSelectAll)));
  ASSERT_TRUE(evc::testing::run_until(worker_, [this] { return worker_.tasks().size() == 0; }));
  ASSERT_TRUE(evc::testing::run_until(worker_, [this] {
    return database_.value(
               "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'pool_test' AND state = 'active'") ==
           "0";
  }));
}

Task<> collect(Pool& pool, RequestContext& context, double seconds, int& ok, std::vector<Code>& failures, int& left) {
  auto rows = co_await pool.exec(context, kSleep, Params(seconds));
  if (rows) {
    ++ok;
  } else {
    failures.push_back(rows.error().code);
  }
  --left;
}

// The thread that asks the server to cancel must not come back to a worker that is gone.
TEST_F(PoolTest, APoolMayEndWhileAStatementIsBeingCancelled) {
  for (int round = 0; round < 60; ++round) {
    Worker worker;
    Pool pool(worker, options(1));
    RequestContext hurried{.deadline = std::chrono::steady_clock::now() + std::chrono::milliseconds{20}};
    auto result = evc::testing::run_task(worker, pool.exec(hurried, kSleep, Params(5)));
    ASSERT_FALSE(result);
    worker.io().poll();
  }
}

TEST_F(PoolTest, WhoFindsNoFreeConnectionWaitsInOrderAndNotForEver) {
  int ok = 0;
  int left = 6;
  std::vector<Code> failures;
  for (int i = 0; i < 6; ++i)
    worker_.tasks().spawn("query", collect(pool_, context_, i < 2 ? 0.2 : 0.15, ok, failures, left));
  ASSERT_TRUE(evc::testing::run_until(worker_, [&left] { return left == 0; }));
  // Two at once, two after 0.2 s; the last two would wait 0.35 s, and the limit is 0.3 s.
  EXPECT_EQ(ok, 4);
  EXPECT_EQ(failures, (std::vector<Code>{Code::kDatabaseUnavailable, Code::kDatabaseUnavailable}));
  EXPECT_TRUE(run(pool_.exec(context_, kSelectAll)));
}

TEST_F(PoolTest, AConnectionThatTheServerEndedIsReplaced) {
  auto first = run(pool_.exec(context_, kPid));
  ASSERT_TRUE(first);
  const auto pid = first->get<std::string>(0, 0);
  database_.query("SELECT pg_terminate_backend(" + pid + ", 2000)");
  auto second = run(pool_.exec(context_, kPid));
  ASSERT_TRUE(second) << second.error().detail;
  EXPECT_NE(second->get<std::string>(0, 0), pid);
}

TEST_F(PoolTest, AServerThatIsNotThereIsUnavailableAtOnce) {
  Pool lost(worker_, {.conninfo = "host=127.0.0.1 port=1 dbname=none user=none", .size = 1});
  for (int i = 0; i < 2; ++i) {
    auto rows = run(lost.exec(context_, kSelectAll));
    ASSERT_FALSE(rows);
    EXPECT_EQ(rows.error().code, Code::kDatabaseUnavailable);
  }
  EXPECT_FALSE(run(lost.ping(context_)));
  EXPECT_TRUE(run(pool_.ping(context_)));
}

TEST_F(PoolTest, AChangedTableUnderAPreparedStatementIsAConflictThatHeals) {
  constexpr Statement kStar{"star", "SELECT * FROM item"};
  ASSERT_TRUE(run(pool_.exec(context_, kStar)));
  database_.query("ALTER TABLE item ADD COLUMN more text");
  auto stale = run(pool_.exec(context_, kStar));
  ASSERT_FALSE(stale);
  EXPECT_EQ(stale.error().code, Code::kDatabaseConflict);
  EXPECT_TRUE(run(pool_.exec(context_, kStar)));
}

Task<Result<void>> lock_both(Pool& pool, RequestContext& context, std::int64_t first, std::int64_t second,
                             int& waiting) {
  constexpr Statement kLock{"lock item", "SELECT 1 FROM item WHERE id = $1 FOR UPDATE"};
  auto transaction = co_await pool.begin(context);
  if (!transaction) co_return std::unexpected(std::move(transaction).error());
  auto one = co_await transaction->exec(context, kLock, Params(first));
  if (!one) co_return std::unexpected(std::move(one).error());
  ++waiting;
  while (waiting < 2) {
    auto other = co_await transaction->exec(context, kPid);
    if (!other) co_return std::unexpected(std::move(other).error());
  }
  auto two = co_await transaction->exec(context, kLock, Params(second));
  if (!two) co_return std::unexpected(std::move(two).error());
  co_return co_await transaction->commit(context);
}

Task<> note(Task<Result<void>> task, std::vector<Result<void>>& results) {
  results.push_back(co_await std::move(task));
}

TEST_F(PoolTest, ADeadlockIsAConflictForOneOfTheTwo) {
  database_.query("INSERT INTO item VALUES (1, 'a'), (2, 'b')");
  Pool patient(worker_, {.conninfo = database_.conninfo() + " options='-c deadlock_timeout=50ms'", .size = 2});
  int waiting = 0;
  std::vector<Result<void>> results;
  worker_.tasks().spawn("one", note(lock_both(patient, context_, 1, 2, waiting), results));
  worker_.tasks().spawn("two", note(lock_both(patient, context_, 2, 1, waiting), results));
  ASSERT_TRUE(evc::testing::run_until(worker_, [&results] { return results.size() == 2; }));
  EXPECT_NE(results[0].has_value(), results[1].has_value());
  for (const auto& result : results) {
    if (!result) EXPECT_EQ(result.error().code, Code::kDatabaseConflict);
  }
}

TEST_F(PoolTest, EachRoundTripIsASpanWithTheNamesOfTheConventions) {
  std::vector<telemetry::EndedSpan> spans;
  telemetry::set_test_sink([&spans](const telemetry::EndedSpan& span) { spans.push_back(span); });
  context_.trace = telemetry::TraceContext::root();
  ASSERT_TRUE(run(pool_.exec(context_, kSelectAll)));
  auto failed = run(pool_.exec(context_, kInsert, Params(1, "bad")));
  telemetry::set_test_sink({});
  ASSERT_EQ(spans.size(), 2U);
  EXPECT_EQ(spans[0].name, "select items");
  EXPECT_EQ(spans[0].kind, telemetry::SpanKind::kClient);
  EXPECT_EQ(spans[0].parent.span_id, context_.trace.span_id);
  std::map<std::string_view, telemetry::AttributeValue> attributes;
  for (const auto& [name, value] : spans[0].attributes) attributes.emplace(name, value);
  EXPECT_EQ(attributes["db.system.name"], telemetry::AttributeValue(std::string("postgresql")));
  EXPECT_EQ(attributes["db.namespace"], telemetry::AttributeValue(database_.name()));
  EXPECT_EQ(attributes["db.operation.name"], telemetry::AttributeValue(std::string("SELECT")));
  EXPECT_EQ(attributes["db.query.text"], telemetry::AttributeValue(std::string(kSelectAll.sql)));
  EXPECT_EQ(spans[1].error_type, "23514");
}

}  // namespace
}  // namespace evc::postgres
