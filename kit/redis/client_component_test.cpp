#include "kit/redis/client.hpp"

#include <gtest/gtest.h>
#include <signal.h>

#include <algorithm>
#include <cstdlib>
#include <iterator>
#include <set>
#include <sstream>

#include "kit/base/bytes.hpp"
#include "kit/redis/hang_news.hpp"
#include "kit/redis/rate_limit.hpp"
#include "kit/testing/certificates.hpp"
#include "kit/testing/run_task.hpp"

namespace evc::redis {
namespace {

using namespace std::chrono_literals;

std::string environment(const char* name) {
  const char* value = std::getenv(name);
  if (value == nullptr) throw std::runtime_error(std::string(name) + " is not set: run the tests by tools/testenv");
  return value;
}

class RedisTest : public ::testing::Test {
 protected:
  ~RedisTest() override {
    client_.close();
    worker_.tasks().cancel();
    evc::testing::run_until(worker_, [this] { return worker_.tasks().size() == 0; });
  }

  Options options() {
    const std::string address = environment("EVC_TEST_REDIS");
    const std::size_t colon = address.rfind(':');
    return {.host = address.substr(0, colon),
            .port = static_cast<std::uint16_t>(std::stoi(address.substr(colon + 1))),
            .tls = std::make_shared<net::TlsClient>(net::tls_files(environment("EVC_TEST_TLS_DIR"), "gateway")),
            .user = environment("EVC_TEST_REDIS_USER"),
            .password = Secret(environment("EVC_TEST_REDIS_PASSWORD"))};
  }
  template <class T>
  T run(Task<T> task) {
    return evc::testing::run_task(worker_, std::move(task));
  }
  std::string key(const std::string& name) { return prefix_ + name; }
  bool reachable() {
    return evc::testing::run_until(
        worker_, [this] { return run(client_.get(context_, key("probe"))).has_value(); }, 10s);
  }

  std::string prefix_ = "test:" + hex_encode(random_bytes(6)) + ":";
  Worker worker_;
  RequestContext context_;
  Client client_{worker_, options()};
};

TEST_F(RedisTest, ARenewedCertificateIsTakenOverWithoutAFailedCommand) {
  evc::testing::Certificates certificates(environment("EVC_TEST_TLS_DIR"), {"gateway"}, 3'600s);
  auto with = options();
  with.tls = std::make_shared<net::TlsClient>(net::tls_files(certificates.dir(), "gateway"));
  Client client(worker_, with);
  const auto clients = [&] {
    const auto listed = run(client.command(context_, {"CLIENT", "LIST", "TYPE", "normal"}));
    EXPECT_TRUE(listed);
    std::set<std::string> ids;
    std::istringstream lines(listed ? listed->text : "");
    for (std::string line; std::getline(lines, line);) ids.insert(line.substr(0, line.find(' ')));
    return ids;
  };
  ASSERT_TRUE(run(client.set(context_, key("a"), "1", 60s)));
  const auto before = clients();
  certificates.renew("gateway");
  ASSERT_TRUE(with.tls->reload());
  std::set<std::string> kept;
  EXPECT_TRUE(evc::testing::run_until(worker_, [&] {
    EXPECT_TRUE(run(client.get(context_, key("a")))) << "a command failed while the connections were made anew";
    const auto now = clients();
    kept.clear();
    std::ranges::set_intersection(before, now, std::inserter(kept, kept.end()));
    // The two of client_, which has another certificate, stay.
    return kept.size() == before.size() - with.connections && now.size() == before.size();
  }));
  client.close();
}

TEST_F(RedisTest, AValueIsKeptForItsTime) {
  auto set = run(client_.set(context_, key("a"), std::string("v\0\r\n", 4), 60s));
  ASSERT_TRUE(set) << set.error().detail;
  auto got = run(client_.get(context_, key("a")));
  ASSERT_TRUE(got && *got);
  EXPECT_EQ(**got, std::string("v\0\r\n", 4));
  auto ttl = run(client_.command(context_, {"PTTL", key("a")}));
  ASSERT_TRUE(ttl);
  EXPECT_GT(ttl->integer, 50'000);
  auto missing = run(client_.get(context_, key("b")));
  ASSERT_TRUE(missing);
  EXPECT_FALSE(missing->has_value());
}

TEST_F(RedisTest, AnErrorOfRedisIsSaidAndTheConnectionGoesOn) {
  auto wrong = run(client_.command(context_, {"NOSUCH", "x"}));
  ASSERT_FALSE(wrong);
  EXPECT_EQ(wrong.error().code, Code::kProtocolError);
  EXPECT_TRUE(run(client_.get(context_, key("a"))));
}

Task<> count_up(Client& client, RequestContext& context, std::string name, std::vector<std::int64_t>& replies) {
  auto reply = co_await client.command(context, {"INCR", std::move(name)});
  replies.push_back(reply ? reply->integer : -1);
}

TEST_F(RedisTest, CommandsArePipelinedAndAnsweredInOrder) {
  auto one = options();
  one.connections = 1;
  Client single(worker_, one);
  std::vector<std::int64_t> replies;
  for (int i = 0; i < 500; ++i) worker_.tasks().spawn("incr", count_up(single, context_, key("n"), replies));
  ASSERT_TRUE(evc::testing::run_until(worker_, [&replies] { return replies.size() == 500; }));
  for (std::int64_t i = 0; i < 500; ++i) EXPECT_EQ(replies[static_cast<std::size_t>(i)], i + 1);
}

TEST_F(RedisTest, AScriptRunsByItsNameAfterTheFirstTime) {
  constexpr std::string_view kScript = "return {KEYS[1], ARGV[1] + 1}";
  for (int i = 0; i < 2; ++i) {
    auto reply = run(client_.eval(context_, kScript, {key("k")}, {"41"}));
    ASSERT_TRUE(reply) << reply.error().detail;
    EXPECT_EQ(reply->elements.at(0).text, key("k"));
    EXPECT_EQ(reply->elements.at(1).integer, 42);
  }
}

TEST_F(RedisTest, AWrongPasswordIsUnavailable) {
  auto wrong = options();
  wrong.password = Secret(std::string("wrong"));
  Client refused(worker_, wrong);
  auto got = run(refused.get(context_, key("a")));
  ASSERT_FALSE(got);
  EXPECT_EQ(got.error().code, Code::kCacheUnavailable);
}

TEST_F(RedisTest, ARedisThatHangsCostsItsTimeoutOnceAndHeals) {
  ASSERT_TRUE(reachable());
  const pid_t pid = std::stoi(environment("EVC_TEST_REDIS_PID"));
  ASSERT_EQ(kill(pid, SIGSTOP), 0);
  auto begun = std::chrono::steady_clock::now();
  auto first = run(client_.get(context_, key("a")));
  const auto paid = std::chrono::steady_clock::now() - begun;
  begun = std::chrono::steady_clock::now();
  std::vector<Result<std::optional<std::string>>> later;
  for (int i = 0; i < 50; ++i) later.push_back(run(client_.get(context_, key("a"))));
  const auto later_took = std::chrono::steady_clock::now() - begun;
  kill(pid, SIGCONT);
  ASSERT_FALSE(first);
  EXPECT_EQ(first.error().code, Code::kCacheUnavailable);
  EXPECT_GE(paid, 1'950ms);
  EXPECT_LT(paid, 2'300ms);
  for (const auto& result : later) EXPECT_FALSE(result);
  EXPECT_LT(later_took, 100ms);
  EXPECT_TRUE(reachable());
}

TEST_F(RedisTest, WhatOneWorkerHasWaitedForTheOthersDoNotWaitForAgain) {
  auto shared = options();
  shared.news = std::make_shared<HangNews>();
  Worker other_worker;
  const auto get = [this](Worker& worker, Client& client) {
    return evc::testing::run_task(worker, client.get(context_, key("a")));
  };
  {
    Client here(worker_, shared);
    Client there(other_worker, shared);
    ASSERT_TRUE(get(worker_, here));
    ASSERT_TRUE(get(other_worker, there));
    const pid_t pid = std::stoi(environment("EVC_TEST_REDIS_PID"));
    ASSERT_EQ(kill(pid, SIGSTOP), 0);
    const auto paid = get(worker_, here);
    const auto begun = std::chrono::steady_clock::now();
    const auto told = get(other_worker, there);
    const auto took = std::chrono::steady_clock::now() - begun;
    kill(pid, SIGCONT);
    EXPECT_FALSE(paid);
    ASSERT_FALSE(told);
    EXPECT_EQ(told.error().code, Code::kCacheUnavailable);
    EXPECT_LT(took, 200ms);
    for (const auto& [worker, client] : {std::pair{&worker_, &here}, std::pair{&other_worker, &there}})
      EXPECT_TRUE(evc::testing::run_until(*worker, [&] { return get(*worker, *client).has_value(); }, 10s));
  }
  other_worker.tasks().cancel();
  EXPECT_TRUE(evc::testing::run_until(other_worker, [&] { return other_worker.tasks().size() == 0; }));
}

TEST_F(RedisTest, ACallerWithLittleTimeDoesNotWaitForRedis) {
  ASSERT_TRUE(reachable());
  const pid_t pid = std::stoi(environment("EVC_TEST_REDIS_PID"));
  ASSERT_EQ(kill(pid, SIGSTOP), 0);
  RequestContext hurried = context_.with_timeout(100ms);
  const auto begun = std::chrono::steady_clock::now();
  auto got = run(client_.get(hurried, key("a")));
  const auto took = std::chrono::steady_clock::now() - begun;
  kill(pid, SIGCONT);
  ASSERT_FALSE(got);
  EXPECT_EQ(got.error().code, Code::kCacheUnavailable);
  EXPECT_LT(took, 500ms);
  EXPECT_TRUE(run(client_.get(context_, key("a"))));
}

TEST_F(RedisTest, ConnectionsThatRedisEndedAreReplaced) {
  ASSERT_TRUE(run(client_.set(context_, key("a"), "1", 60s)));
  // Its own answer may get lost with the connection.
  static_cast<void>(
      run(client_.command(context_, {"CLIENT", "KILL", "USER", environment("EVC_TEST_REDIS_USER"), "SKIPME", "no"})));
  ASSERT_TRUE(reachable());
  auto got = run(client_.get(context_, key("a")));
  ASSERT_TRUE(got && *got);
  EXPECT_EQ(**got, "1");
}

TEST_F(RedisTest, ASubscriberHearsMessagesAndIsToldOfAReconnect) {
  std::vector<std::string> heard;
  int connected = 0;
  Subscriber subscriber(
      worker_, options(), {key("one"), key("two")},
      [&](std::string_view channel, std::string_view message) {
        heard.push_back(std::string(channel) + "=" + std::string(message));
      },
      [&] { ++connected; });
  ASSERT_TRUE(evc::testing::run_until(worker_, [&] { return connected == 1; }));
  ASSERT_TRUE(run(client_.publish(context_, key("one"), "a")));
  ASSERT_TRUE(run(client_.publish(context_, key("two"), "b")));
  ASSERT_TRUE(evc::testing::run_until(worker_, [&] { return heard.size() == 2; }));
  EXPECT_EQ(heard, (std::vector<std::string>{key("one") + "=a", key("two") + "=b"}));
  ASSERT_TRUE(run(client_.command(context_, {"CLIENT", "KILL", "TYPE", "pubsub"})));
  ASSERT_TRUE(evc::testing::run_until(worker_, [&] { return connected == 2; }));
  ASSERT_TRUE(run(client_.publish(context_, key("one"), "c")));
  ASSERT_TRUE(evc::testing::run_until(worker_, [&] { return heard.size() == 3; }));
}

TEST_F(RedisTest, ALimitAllowsItsBurstThenItsRate) {
  const Limit limit{.burst = 3, .count = 10, .period = 1s};
  for (std::int64_t left = 2; left >= 0; --left) {
    auto verdict = run(take(client_, context_, key("limit"), limit));
    ASSERT_TRUE(verdict) << verdict.error().detail;
    EXPECT_TRUE(verdict->allowed);
    EXPECT_EQ(verdict->remaining, left);
  }
  auto denied = run(take(client_, context_, key("limit"), limit));
  ASSERT_TRUE(denied);
  EXPECT_FALSE(denied->allowed);
  EXPECT_EQ(denied->remaining, 0);
  EXPECT_GT(denied->retry_after, 0ms);
  EXPECT_LE(denied->retry_after, 101ms);
  EXPECT_GT(denied->reset_after, 200ms);
  EXPECT_LE(denied->reset_after, 301ms);
  // A refusal takes nothing: after the time that it named, one goes through.
  run(sleep_for(worker_, denied->retry_after + 1ms));
  auto again = run(take(client_, context_, key("limit"), limit));
  ASSERT_TRUE(again);
  EXPECT_TRUE(again->allowed);
}

TEST_F(RedisTest, ALeaseTakesSeveralAtOnceOrNone) {
  const Limit limit{.burst = 10, .count = 10, .period = 60s};
  auto lease = run(take(client_, context_, key("lease"), limit, 8));
  ASSERT_TRUE(lease);
  EXPECT_TRUE(lease->allowed);
  EXPECT_EQ(lease->remaining, 2);
  auto too_much = run(take(client_, context_, key("lease"), limit, 3));
  ASSERT_TRUE(too_much);
  EXPECT_FALSE(too_much->allowed);
  EXPECT_EQ(too_much->remaining, 2);
}

TEST_F(RedisTest, TakesFromEveryBucketOrFromNoneAndGivesBack) {
  const std::vector<Bucket> both{{key("wide"), {.burst = 5, .count = 1, .period = 60s}},
                                 {key("narrow"), {.burst = 2, .count = 1, .period = 60s}}};
  const auto left = [&](const Bucket& bucket) {
    return run(take(client_, context_, bucket.key, bucket.limit, 0))->remaining;
  };
  EXPECT_TRUE(run(take_from_each(client_, context_, both))->allowed);
  EXPECT_TRUE(run(take_from_each(client_, context_, both))->allowed);
  const Taken refused = run(take_from_each(client_, context_, both)).value();
  EXPECT_FALSE(refused.allowed);
  EXPECT_GT(refused.retry_after, 50s);
  EXPECT_LE(refused.retry_after, 60s);
  EXPECT_EQ(left(both[0]), 3) << "what one bucket refuses no other one pays";
  ASSERT_TRUE(run(give_back(client_, context_, both)));
  EXPECT_EQ(left(both[0]), 4);
  EXPECT_TRUE(run(take_from_each(client_, context_, both))->allowed);
  for (int i = 0; i < 4; ++i) ASSERT_TRUE(run(give_back(client_, context_, both)));
  EXPECT_EQ(left(both[0]), 5) << "never more than the burst";
  EXPECT_EQ(left(both[1]), 2);
}

}  // namespace
}  // namespace evc::redis
