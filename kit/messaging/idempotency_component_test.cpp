#include "kit/messaging/idempotency.hpp"

#include <gtest/gtest.h>

#include "kit/postgres/testing/test_database.hpp"
#include "kit/testing/run_task.hpp"

namespace evc::messaging {
namespace {

using namespace std::chrono_literals;
using Kind = IdempotencyDecision::Kind;

http::Request request_with(const std::string& body) {
  http::Request request;
  request.method = "POST";
  request.path = "/charging/start";
  request.route = "/charging/start";
  request.body = body;
  return request;
}

class IdempotencyTest : public ::testing::Test {
 protected:
  IdempotencyTest() {
    database_.migrate("kit/messaging/migrations");
    pool_.emplace(worker_, postgres::PoolOptions{.conninfo = database_.conninfo(), .size = 4});
    context_.principal.puid = "p1.someone";
  }
  ~IdempotencyTest() override {
    pool_->close();
    worker_.tasks().cancel();
    evc::testing::run_until(worker_, [this] { return worker_.tasks().size() == 0; });
  }

  template <class T>
  T run(Task<T> task) {
    return evc::testing::run_task(worker_, std::move(task));
  }
  IdempotentRequest request(const std::string& key, const std::string& body = "{}") {
    return idempotent_request(context_, request_with(body), key);
  }

  Task<Result<void>> finish(IdempotencyStore& store, const IdempotentRequest& request, const http::Response& response) {
    auto transaction = co_await pool_->begin(context_);
    if (!transaction) co_return std::unexpected(std::move(transaction).error());
    auto completed = co_await store.complete(context_, *transaction, request, response);
    if (!completed) co_return completed;
    co_return co_await transaction->commit(context_);
  }
  Task<Result<void>> step(IdempotencyStore& store, const IdempotentRequest& request, std::string point) {
    auto transaction = co_await pool_->begin(context_);
    if (!transaction) co_return std::unexpected(std::move(transaction).error());
    auto advanced = co_await store.advance(context_, *transaction, request, std::move(point));
    if (!advanced) co_return advanced;
    co_return co_await transaction->commit(context_);
  }

  postgres::testing::TestDatabase database_;
  Worker worker_;
  std::optional<postgres::Pool> pool_;
  RequestContext context_;
};

TEST_F(IdempotencyTest, AFinishedRequestIsAnsweredByteForByte) {
  IdempotencyStore store(*pool_);
  const auto first = request("k1");
  auto decision = run(store.begin(context_, first));
  ASSERT_TRUE(decision) << decision.error().detail;
  EXPECT_EQ(decision->kind, Kind::kFirst);
  http::Response response;
  response.status = 402;
  response.headers.add("Content-Type", "application/problem+json");
  response.headers.add("Link", "a");
  response.headers.add("Link", "b");
  response.body = std::string("{\"b\":1,\"a\":\"\xc3\xa7\"}\0", 17);
  ASSERT_TRUE(run(finish(store, first, response)));
  auto replay = run(store.begin(context_, request("k1")));
  ASSERT_TRUE(replay);
  ASSERT_EQ(replay->kind, Kind::kReplay);
  EXPECT_EQ(replay->response->status, 402);
  EXPECT_EQ(replay->response->body, response.body);
  auto expected = response.headers.all();
  expected.emplace_back("Idempotency-Replayed", "true");
  EXPECT_EQ(replay->response->headers.all(), expected);
}

TEST_F(IdempotencyTest, TheSameKeyForAnotherPayloadIsRefused) {
  IdempotencyStore store(*pool_);
  const auto first = request("k1", "{\"a\":1}");
  ASSERT_TRUE(run(store.begin(context_, first)));
  EXPECT_EQ(run(store.begin(context_, request("k1", "{\"a\":2}"))).error().code, Code::kIdempotencyKeyReused);
  ASSERT_TRUE(run(finish(store, first, http::Response{})));
  EXPECT_EQ(run(store.begin(context_, request("k1", "{\"a\":2}"))).error().code, Code::kIdempotencyKeyReused);
}

TEST_F(IdempotencyTest, KeysOfOnePrincipalAreNotAnothers) {
  IdempotencyStore store(*pool_);
  ASSERT_TRUE(run(store.begin(context_, request("k1", "{\"a\":1}"))));
  context_.principal.puid = "p1.other";
  auto decision = run(store.begin(context_, request("k1", "{\"a\":2}")));
  ASSERT_TRUE(decision);
  EXPECT_EQ(decision->kind, Kind::kFirst);
}

TEST_F(IdempotencyTest, WhileTheFirstRunsTheSecondIsToldWhenToComeBack) {
  IdempotencyStore store(*pool_);
  ASSERT_TRUE(run(store.begin(context_, request("k1"))));
  auto second = run(store.begin(context_, request("k1")));
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, Code::kRequestInProgress);
  EXPECT_EQ(second.error().retry_after, 1'000ms);
}

Task<> begin_one(IdempotencyStore& store, RequestContext& context, IdempotentRequest request, int& first, int& running,
                 int& done) {
  auto decision = co_await store.begin(context, request);
  if (decision && decision->kind == Kind::kFirst) ++first;
  if (!decision && decision.error().code == Code::kRequestInProgress) ++running;
  ++done;
}

TEST_F(IdempotencyTest, OfAHundredAtOnceOneIsTheFirst) {
  IdempotencyStore store(*pool_);
  int first = 0;
  int running = 0;
  int done = 0;
  for (int i = 0; i < 100; ++i)
    worker_.tasks().spawn("begin", begin_one(store, context_, request("k1"), first, running, done));
  ASSERT_TRUE(evc::testing::run_until(worker_, [&done] { return done == 100; }));
  EXPECT_EQ(first, 1);
  EXPECT_EQ(running, 99);
}

TEST_F(IdempotencyTest, ACrashedRequestIsResumedFromItsRecoveryPointAndTheOldHolderCanWriteNothing) {
  IdempotencyStore store(*pool_, 100ms);
  const auto first = request("k1");
  ASSERT_TRUE(run(store.begin(context_, first)));
  ASSERT_TRUE(run(step(store, first, "preauthorised")));
  run(sleep_for(worker_, 150ms));
  const auto second = request("k1");
  auto resumed = run(store.begin(context_, second));
  ASSERT_TRUE(resumed) << resumed.error().detail;
  EXPECT_EQ(resumed->kind, Kind::kResume);
  EXPECT_EQ(resumed->recovery_point, "preauthorised");
  auto late = run(step(store, first, "too late"));
  ASSERT_FALSE(late);
  EXPECT_EQ(late.error().code, Code::kRequestInProgress);
  EXPECT_FALSE(run(finish(store, first, http::Response{})));
  EXPECT_TRUE(run(finish(store, second, http::Response{})));
}

TEST_F(IdempotencyTest, AnIndeterminateResultStoresNothingAndTheNextResumesAtOnce) {
  IdempotencyStore store(*pool_);
  const auto first = request("k1");
  ASSERT_TRUE(run(store.begin(context_, first)));
  ASSERT_TRUE(run(store.release(context_, first)));
  auto second = run(store.begin(context_, request("k1")));
  ASSERT_TRUE(second);
  EXPECT_EQ(second->kind, Kind::kResume);
}

TEST_F(IdempotencyTest, OnlyWhatIsExpiredAndNotHeldIsDeleted) {
  IdempotencyStore expired(*pool_, 20'000ms, std::chrono::hours{0});
  const auto done = request("done");
  ASSERT_TRUE(run(expired.begin(context_, done)));
  ASSERT_TRUE(run(finish(expired, done, http::Response{})));
  ASSERT_TRUE(run(expired.begin(context_, request("held"))));
  IdempotencyStore store(*pool_);
  ASSERT_TRUE(run(store.begin(context_, request("fresh"))));
  EXPECT_EQ(run(store.delete_expired(context_)).value(), 1);
  EXPECT_EQ(database_.value("SELECT string_agg(key, ',' ORDER BY key) FROM idempotency"), "fresh,held");
}

// More than go in one statement, so that the loop is seen to go on by itself.
TEST_F(IdempotencyTest, WhatIsExpiredGoesByItself) {
  database_.query(
      "INSERT INTO idempotency (principal, route, key, fingerprint, locked_until, expires_at) "
      "SELECT 'p', 'r', n::text, '', now() - interval '1 hour', now() - interval '1 hour' "
      "FROM generate_series(1, 2500) AS n");
  IdempotencyStore store(*pool_);
  ASSERT_TRUE(run(store.begin(context_, request("fresh"))));
  worker_.tasks().spawn("expired keys", delete_expired_keys(worker_, store));
  EXPECT_TRUE(evc::testing::run_until(
      worker_, [this] { return database_.value("SELECT count(*) FROM idempotency") == "1"; }, 10s));
}

}  // namespace
}  // namespace evc::messaging
