#include "kit/postgres/replication.hpp"

#include <gtest/gtest.h>

#include "kit/postgres/testing/test_database.hpp"
#include "kit/testing/run_task.hpp"

namespace evc::postgres {
namespace {

using namespace std::chrono_literals;

class ReplicationTest : public ::testing::Test {
 protected:
  ReplicationTest() {
    database_.query(
        "CREATE TABLE box (id bigint, note text, at timestamptz NOT NULL, payload bytea) PARTITION BY RANGE (at);"
        "CREATE TABLE box_all PARTITION OF box DEFAULT;"
        "CREATE TABLE other (id bigint);"
        "CREATE PUBLICATION box_publication FOR TABLE box WITH (publish = 'insert', publish_via_partition_root = "
        "true)");
  }

  ReplicationOptions options() {
    return {.conninfo = database_.conninfo(), .slot = database_.name(), .publication = "box_publication"};
  }
  SteadyTime soon() { return std::chrono::steady_clock::now() + 5s; }
  template <class T>
  T run(Task<T> task) {
    return evc::testing::run_task(worker_, std::move(task));
  }
  void insert(const std::string& values) {
    database_.query("INSERT INTO box (id, note, at, payload) VALUES " + values);
  }
  std::string slot_position() {
    return database_.value("SELECT confirmed_flush_lsn FROM pg_replication_slots WHERE slot_name = '" +
                           database_.name() + "'");
  }

  postgres::testing::TestDatabase database_;
  Worker worker_;
};

TEST_F(ReplicationTest, RowsComePerTransactionInCommitOrder) {
  ReplicationStream stream(worker_, options());
  auto opened = run(stream.open(soon()));
  ASSERT_TRUE(opened) << opened.error().detail;
  database_.query(
      "BEGIN; INSERT INTO box VALUES (1, 'one', now(), '\\x00ff'); INSERT INTO other VALUES (9); INSERT INTO box "
      "VALUES (2, NULL, now(), NULL); COMMIT");
  insert("(3, 'three', now(), NULL)");
  auto first = run(stream.next(5s));
  ASSERT_TRUE(first && *first);
  ASSERT_EQ((*first)->rows.size(), 2U);
  EXPECT_EQ((*first)->rows[0].relation, "public.box");
  EXPECT_EQ((*first)->rows[0].columns[0], "1");
  EXPECT_EQ((*first)->rows[0].columns[1], "one");
  EXPECT_EQ((*first)->rows[0].columns[3], "\\x00ff");
  EXPECT_EQ((*first)->rows[1].columns[1], std::nullopt);
  auto second = run(stream.next(5s));
  ASSERT_TRUE(second && *second);
  EXPECT_EQ((*second)->rows.at(0).columns[0], "3");
  EXPECT_GT((*second)->end_lsn, (*first)->end_lsn);
  auto none = run(stream.next(50ms));
  ASSERT_TRUE(none);
  EXPECT_FALSE(none->has_value());
}

TEST_F(ReplicationTest, WhatIsNotConfirmedComesAgain) {
  {
    ReplicationStream stream(worker_, options());
    ASSERT_TRUE(run(stream.open(soon())));
    insert("(1, 'a', now(), NULL)");
    insert("(2, 'b', now(), NULL)");
    auto first = run(stream.next(5s));
    ASSERT_TRUE(first && *first);
    auto second = run(stream.next(5s));
    ASSERT_TRUE(second && *second);
    stream.confirm((*first)->end_lsn);
    const std::string expected = format_lsn((*first)->end_lsn);
    ASSERT_TRUE(evc::testing::run_until(worker_, [&] { return slot_position() == expected; }));
  }
  ReplicationStream again(worker_, options());
  Result<void> opened = run(again.open(soon()));
  for (int i = 0; i < 200 && !opened && opened.error().code == Code::kConflict; ++i) opened = run(again.open(soon()));
  ASSERT_TRUE(opened) << opened.error().detail;
  auto batch = run(again.next(5s));
  ASSERT_TRUE(batch && *batch);
  EXPECT_EQ((*batch)->rows.at(0).columns[0], "2");
}

TEST_F(ReplicationTest, OneReaderAtATime) {
  ReplicationStream first(worker_, options());
  ASSERT_TRUE(run(first.open(soon())));
  ReplicationStream second(worker_, options());
  auto opened = run(second.open(soon()));
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code, Code::kConflict);
}

TEST_F(ReplicationTest, OtherTablesDoNotHoldTheServersLogBack) {
  ReplicationStream stream(worker_, options());
  ASSERT_TRUE(run(stream.open(soon())));
  const std::string before = slot_position();
  database_.query("INSERT INTO other SELECT generate_series(1, 1000)");
  ASSERT_TRUE(evc::testing::run_until(
      worker_,
      [&] {
        EXPECT_TRUE(run(stream.next(50ms)));
        return slot_position() != before;
      },
      15s));
}

TEST_F(ReplicationTest, WhatHasArrivedComesWithoutWaiting) {
  constexpr int kCommits = 200;
  ReplicationStream stream(worker_, options());
  ASSERT_TRUE(run(stream.open(soon())));
  for (int i = 0; i < kCommits; ++i) insert("(" + std::to_string(i) + ", 'x', now(), NULL)");
  const std::string written = database_.value("SELECT pg_current_wal_lsn()");
  ASSERT_TRUE(evc::testing::run_until(
      worker_,
      [&] {
        return database_.value("SELECT bool_or(r.sent_lsn >= '" + written +
                               "') FROM pg_stat_replication r JOIN pg_replication_slots s ON s.active_pid = r.pid "
                               "WHERE s.slot_name = '" +
                               database_.name() + "'") == "t";
      },
      15s));
  // What the server calls sent may still be on its way: the last few may have to be waited for, not each.
  int waited_for = 0;
  for (int i = 0; i < kCommits; ++i) {
    auto batch = run(stream.next(0ms));
    if (batch && !*batch) {
      ++waited_for;
      batch = run(stream.next(5s));
    }
    ASSERT_TRUE(batch && *batch) << i;
    EXPECT_EQ((*batch)->rows.at(0).columns[0], std::to_string(i));
  }
  EXPECT_LE(waited_for, kCommits / 20);
}

TEST_F(ReplicationTest, TheServerHearsFromUsWhileTheCallerIsBusy) {
  auto impatient = options();
  impatient.conninfo += " options='-c wal_sender_timeout=3000'";
  ReplicationStream stream(worker_, impatient);
  ASSERT_TRUE(run(stream.open(soon())));
  // The loop runs, next() does not: as during a long delivery.
  const auto until = std::chrono::steady_clock::now() + 5s;
  ASSERT_TRUE(evc::testing::run_until(worker_, [until] { return std::chrono::steady_clock::now() > until; }));
  insert("(1, 'late', now(), NULL)");
  auto batch = run(stream.next(5s));
  ASSERT_TRUE(batch && *batch) << batch.error().detail;
}

TEST_F(ReplicationTest, ALostConnectionIsSaidAndCanBeReopened) {
  ReplicationStream stream(worker_, options());
  ASSERT_TRUE(run(stream.open(soon())));
  insert("(1, 'a', now(), NULL)");
  database_.query("SELECT pg_terminate_backend(active_pid, 2000) FROM pg_replication_slots WHERE slot_name = '" +
                  database_.name() + "'");
  Result<std::optional<CommittedBatch>> batch = run(stream.next(5s));
  if (batch) batch = run(stream.next(5s));  // it may have been on its way
  ASSERT_FALSE(batch);
  EXPECT_EQ(batch.error().code, Code::kDatabaseUnavailable);
  ASSERT_TRUE(run(stream.open(soon())));
  auto again = run(stream.next(5s));
  ASSERT_TRUE(again && *again);
  EXPECT_EQ((*again)->rows.at(0).columns[0], "1");
}

}  // namespace
}  // namespace evc::postgres
