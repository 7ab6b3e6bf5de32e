#include "kit/service/schema_check.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <mutex>

#include "kit/http/server.hpp"
#include "kit/testing/run_task.hpp"

namespace evc::service {
namespace {

using namespace std::chrono_literals;
using ::testing::AllOf;
using ::testing::HasSubstr;

// A registry on a thread of its own, because at_start() blocks the one it is called on. Empty, until `answer` says
// something else.
class Registry {
 public:
  Registry() {
    const auto handler = [this](RequestContext& context, http::Request& request) { return reply(context, request); };
    router_->add("GET", "/internal/schemas/{subject}/versions", handler);
    router_->add("PUT", "/internal/schemas/{subject}/versions/{version}", handler);
    server_ = std::make_unique<http::Server>(worker_, router_, std::vector<http::Middleware>(),
                                             http::ServerOptions{.server_name = "registry"});
    server_->start();
    port_ = server_->port();
    worker_.start();
  }
  ~Registry() {
    evc::testing::run_task_on(worker_, close());
    worker_.stop();
    worker_.join();
    server_.reset();
  }
  std::uint16_t port() const { return port_; }
  void answer(std::optional<Error> error) {
    const std::scoped_lock lock(mutex_);
    error_ = std::move(error);
  }
  std::size_t enrolled() {
    const std::scoped_lock lock(mutex_);
    return enrolled_;
  }

 private:
  Task<> close() {
    server_->close_all();
    while (server_->connections() > 0) co_await sleep_for(worker_, 5ms);
  }
  Task<http::Response> reply(RequestContext& context, http::Request& request) {
    const std::scoped_lock lock(mutex_);
    if (error_) co_return http::problem(*error_, context, request.path);
    if (request.method == "GET")
      co_return http::Response::json(
          200, json::Object{{"subject", request.path_parameters.at("subject")}, {"versions", json::Array{}}});
    ++enrolled_;
    co_return http::Response::json(200, json::Object{{"subject", "s"}, {"version", 1}, {"schema", "{}"}});
  }

  Worker worker_;
  std::shared_ptr<http::Router> router_ = std::make_shared<http::Router>();
  std::unique_ptr<http::Server> server_;
  std::uint16_t port_ = 0;
  std::mutex mutex_;
  std::optional<Error> error_;
  std::size_t enrolled_ = 0;
};

class SchemaCheckTest : public ::testing::Test {
 protected:
  SchemaCheckTest() {
    parts.settings.common.service.name = "payment";
    parts.settings.common.registry = {.start_ms = 2'000, .longest_pause_ms = 20};
    parts.settings.common.peers["registry"] = "127.0.0.1:" + std::to_string(registry.port());
  }
  // Until the process would be told to stop, or has its agreement.
  void ask_in_background(SchemaCheck& check) {
    check.keep_asking(worker, [this](std::string reason) { refusal = std::move(reason); });
    evc::testing::run_until(worker, [&] { return check.agreed() || !refusal.empty(); }, 10s);
    evc::testing::run_task(worker, check.stop(std::chrono::steady_clock::now() + 5s));
  }

  const Definition definition{.name = "payment"};
  Registry registry;
  ProcessParts parts{.definition = definition};
  Worker worker;
  std::string refusal;
};

TEST_F(SchemaCheckTest, AnAgreementIsReachedBeforeTheProcessDoesAnything) {
  SchemaCheck check(parts);
  check.at_start();
  EXPECT_TRUE(check.agreed());
  EXPECT_EQ(registry.enrolled(), registry::duty_of("payment").writes.size());
}

TEST_F(SchemaCheckTest, ARefusalEndsTheStart) {
  registry.answer(Error{.code = Code::kConflict, .fields = {{"/properties/data", "member gone"}}});
  SchemaCheck check(parts);
  try {
    check.at_start();
    FAIL() << "it started";
  } catch (const StartError& error) {
    EXPECT_EQ(error.code(), ExitCode::kContract);
    EXPECT_THAT(error.what(), AllOf(HasSubstr("payment.events-PaymentSimulated version 1"),
                                    HasSubstr("/properties/data: member gone")));
  }
}

TEST_F(SchemaCheckTest, WithoutAnAnswerItStartsAndAsksAgain) {
  registry.answer(Error{.code = Code::kServiceUnavailable, .detail = "not ready"});
  SchemaCheck check(parts);
  check.at_start();
  EXPECT_FALSE(check.agreed());
  registry.answer(std::nullopt);
  ask_in_background(check);
  EXPECT_TRUE(check.agreed());
  EXPECT_EQ(refusal, "");
}

TEST_F(SchemaCheckTest, ARefusalThatComesLaterIsOneAllTheSame) {
  registry.answer(Error{.code = Code::kServiceUnavailable, .detail = "not ready"});
  SchemaCheck check(parts);
  check.at_start();
  registry.answer(Error{.code = Code::kConflict, .detail = "another content"});
  ask_in_background(check);
  EXPECT_FALSE(check.agreed());
  EXPECT_THAT(refusal, AllOf(HasSubstr("payment.events-PaymentSimulated version 1"), HasSubstr("another content")));
}

TEST_F(SchemaCheckTest, NobodyThereIsNoReasonNotToStart) {
  parts.settings.common.peers["registry"] = "127.0.0.1:1";
  SchemaCheck check(parts);
  const auto begun = std::chrono::steady_clock::now();
  check.at_start();
  EXPECT_FALSE(check.agreed());
  EXPECT_LT(std::chrono::steady_clock::now() - begun, 5s);
}

TEST_F(SchemaCheckTest, AStopDoesNotWaitForTheNextQuestion) {
  registry.answer(Error{.code = Code::kServiceUnavailable, .detail = "not ready"});
  parts.settings.common.registry.longest_pause_ms = 600'000;
  SchemaCheck check(parts);
  check.at_start();
  check.keep_asking(worker, [](const std::string&) {});
  const auto begun = std::chrono::steady_clock::now();
  evc::testing::run_task(worker, check.stop(begun + 5s));
  EXPECT_LT(std::chrono::steady_clock::now() - begun, 900ms);
}

TEST_F(SchemaCheckTest, AMissingAddressIsAMissingSetting) {
  parts.settings.common.peers.clear();
  EXPECT_THROW(SchemaCheck{parts}, StartError);
}

}  // namespace
}  // namespace evc::service
