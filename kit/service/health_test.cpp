#include "kit/service/health.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "kit/testing/manual_clock.hpp"

namespace evc::service {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;

class HealthTest : public ::testing::Test {
 protected:
  evc::testing::ManualClock clock_;
  HealthBoard board_{2, clock_};
};

TEST_F(HealthTest, NotReadyBeforeItListensAndEveryWorkerHasAnswers) {
  board_.expect(0, "postgres", Dependency::kRequired);
  board_.expect(1, "postgres", Dependency::kRequired);
  EXPECT_THAT(json::serialize(board_.ready().body), HasSubstr("starting"));
  board_.listening();
  board_.report(0, "postgres", {});
  EXPECT_FALSE(board_.ready().good);
  EXPECT_THAT(json::serialize(board_.ready().body), HasSubstr("postgres: not checked yet"));
  board_.report(1, "postgres", {});
  EXPECT_TRUE(board_.ready().good);
  EXPECT_EQ(json::serialize(board_.ready().body),
            R"({"status":"ready","checks":{"postgres":{"ok":true,"required":true}}})");
}

TEST_F(HealthTest, AFailureIsShownWithItsReasonAndHeals) {
  board_.listening();
  board_.report(0, "postgres", fail(Code::kDatabaseUnavailable, "connection refused"));
  EXPECT_FALSE(board_.ready().good);
  EXPECT_THAT(json::serialize(board_.ready().body), HasSubstr("postgres: connection refused"));
  board_.report(0, "postgres", fail(Code::kDatabaseUnavailable));
  EXPECT_THAT(json::serialize(board_.ready().body), HasSubstr("The database is not available"));
  board_.report(0, "postgres", {});
  EXPECT_TRUE(board_.ready().good);
}

TEST_F(HealthTest, AnOldAnswerIsNoAnswer) {
  board_.listening();
  board_.report(0, "postgres", {});
  clock_.advance(HealthBoard::kFresh + 1ms);
  EXPECT_FALSE(board_.ready().good);
  EXPECT_THAT(json::serialize(board_.ready().body), HasSubstr("old"));
}

TEST_F(HealthTest, ACacheMayBeDown) {
  board_.listening();
  board_.expect(0, "redis", Dependency::kOptional);
  board_.report(0, "redis", fail(Code::kCacheUnavailable, "timeout"));
  EXPECT_TRUE(board_.ready().good);
  EXPECT_THAT(json::serialize(board_.ready().body), HasSubstr("\"reason\":\"timeout\""));
}

TEST_F(HealthTest, DrainingIsNotReadyButAlive) {
  board_.listening();
  board_.draining();
  EXPECT_FALSE(board_.ready().good);
  EXPECT_THAT(json::serialize(board_.ready().body), HasSubstr("draining"));
  EXPECT_TRUE(board_.live().good);
}

TEST_F(HealthTest, AWorkerThatStandsStillIsNotAlive) {
  clock_.advance(HealthBoard::kAlive + 1ms);
  board_.beat(0);
  EXPECT_FALSE(board_.live().good);
  EXPECT_THAT(json::serialize(board_.live().body), HasSubstr("worker 1"));
  board_.beat(1);
  EXPECT_TRUE(board_.live().good);
}

}  // namespace
}  // namespace evc::service
