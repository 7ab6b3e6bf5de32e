// run() as a process of its own: what a supervisor, a load balancer and a caller see of a service without dependencies.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/basic_waitable_timer.hpp>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "kit/base/bytes.hpp"
#include "kit/service/service.hpp"
#include "kit/telemetry/log.hpp"
#include "kit/testing/certificates.hpp"
#include "kit/testing/run_task.hpp"

namespace evc::service {
namespace {

using namespace std::chrono_literals;
using evc::testing::run_task;
using ::testing::HasSubstr;

Task<http::Response> slow_hello(Worker& worker) {
  EVC_LOG(kInfo, "handler entered");
  co_await sleep_for(worker, 300ms);
  co_return http::Response::text(200, "hello");
}

Task<> drain_step(const char* name) {
  EVC_LOG(kInfo, "drain step", {{telemetry::key::kTask, name}});
  co_return;
}

Task<> never_ends(Worker& worker) {
  while (true) {
    // A timer of its own, of which neither the group nor the wheel knows; each cancellation only begins the next one.
    boost::asio::basic_waitable_timer<std::chrono::steady_clock, boost::asio::wait_traits<std::chrono::steady_clock>,
                                      Executor>
        timer(worker.io(), 1h);
    co_await timer.async_wait(boost::asio::as_tuple(use_task));
  }
}

Task<Result<void>> broken(RequestContext&) {
  co_return fail(Code::kServiceUnavailable, "the road network is not loaded");
}

struct Kept {
  ~Kept() { EVC_LOG(kInfo, "kept object destroyed"); }
};

void wire_hello(WorkerScope& scope) {
  scope.router().add("GET", "/hello",
                     [&worker = scope.worker()](RequestContext&, http::Request&) { return slow_hello(worker); },
                     {.access = http::Access::kPublic});
  scope.on_drain([] { return drain_step("first registered"); });
  scope.on_drain([] { return drain_step("last registered"); });
  scope.own<Kept>();
}

Definition definition(std::function<void(WorkerScope&)> wire) {
  return {.name = "example", .sections = {"own"}, .wire = std::move(wire)};
}

class ProcessTest : public ::testing::Test {
 protected:
  ProcessTest() {
    std::filesystem::create_directories(folder_);
    settings_ = "{ workers: 2, tls: { dir: " + certificates_.dir() + " }, drain: { ready_ms: 0, max_ms: 5000 } }";
  }
  ~ProcessTest() override {
    if (child_ > 0) {
      kill(child_, SIGKILL);
      waitpid(child_, nullptr, 0);
    }
    std::filesystem::remove_all(folder_);
  }

  void start(const Definition& made, std::vector<std::string> arguments) {
    child_ = fork();
    if (child_ != 0) return;
    for (const auto& [stream, name] : {std::pair(STDOUT_FILENO, "out"), std::pair(STDERR_FILENO, "err")}) {
      dup2(open((folder_ / name).c_str(), O_CREAT | O_WRONLY | O_TRUNC, 0600), stream);
    }
    std::vector<char*> argv{const_cast<char*>("evcosta-example")};
    for (std::string& argument : arguments) argv.push_back(argument.data());
    const int code = run(static_cast<int>(argv.size()), argv.data(), made);
    std::fflush(nullptr);
    std::_Exit(code);
  }
  void start(const Definition& made) {
    std::ofstream(folder_ / "config.yaml") << settings_;
    start(made, {"--config", (folder_ / "config.yaml").string()});
  }

  std::string text_of(const char* name) const {
    std::stringstream text;
    text << std::ifstream(folder_ / name).rdbuf();
    return text.str();
  }

  // The child's files make no event on our loop: look again and again, with a deadline, while our own calls go on.
  bool poll_until(const std::function<bool()>& reached) {
    const auto deadline = std::chrono::steady_clock::now() + 20s;
    while (!reached()) {
      if (std::chrono::steady_clock::now() > deadline) return false;
      worker_.io().restart();
      worker_.io().poll();
      usleep(2000);
    }
    return true;
  }
  bool logged(const std::string& text) {
    return poll_until([&] { return text_of("out").find(text) != std::string::npos; });
  }

  // The port in the line that says where `section` listens.
  std::uint16_t port(const std::string& section) {
    const std::string mark = "\"setting\":\"" + section + "\",\"server.port\":";
    EXPECT_TRUE(logged(mark)) << text_of("out") << text_of("err");
    const std::string text = text_of("out");
    return static_cast<std::uint16_t>(std::stoul(text.substr(text.find(mark) + mark.size())));
  }

  http::Client& admin() {
    if (!admin_)
      admin_ = std::make_unique<http::Client>(
          worker_, http::ClientOptions{.service = "example", .endpoints = {{"127.0.0.1", port("admin")}}});
    return *admin_;
  }
  http::Client& service() {
    if (!service_) {
      auto tls = std::make_shared<net::TlsClient>(net::tls_files(certificates_.dir(), "gateway"));
      service_ = std::make_unique<http::Client>(
          worker_, http::ClientOptions{.service = "example", .endpoints = {{"localhost", port("listen")}}, .tls = tls});
    }
    return *service_;
  }
  Result<http::Response> get(http::Client& client, std::string target) {
    RequestContext context{.deadline = std::chrono::steady_clock::now() + 10s};
    return run_task(worker_, client.send(context, {.target = std::move(target)}));
  }
  bool becomes_ready(int status) {
    return poll_until([&] {
      const auto answer = get(admin(), "/health/ready");
      return answer && answer->status == status;
    });
  }
  int exit_code() {
    int status = 0;
    waitpid(std::exchange(child_, 0), &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
  }

  evc::testing::Certificates certificates_{{"example", "gateway"}};
  std::filesystem::path folder_ =
      std::filesystem::temp_directory_path() / ("evc-process-" + hex_encode(random_bytes(8)));
  std::string settings_;
  pid_t child_ = 0;
  Worker worker_;
  std::unique_ptr<http::Client> admin_;
  std::unique_ptr<http::Client> service_;
};

Task<> call(http::Client& client, std::optional<Result<http::Response>>& into) {
  RequestContext context{.deadline = std::chrono::steady_clock::now() + 10s};
  http::Call hello{.target = "/hello"};
  into.emplace(co_await client.send(context, std::move(hello)));
}

TEST_F(ProcessTest, ServesAndDrainsWhatIsInFlight) {
  start(definition(wire_hello));
  ASSERT_TRUE(becomes_ready(200)) << text_of("out") << text_of("err");
  EXPECT_EQ(get(admin(), "/health/live")->status, 200);
  EXPECT_THAT(get(admin(), "/metrics")->body, HasSubstr("evc_ready 1"));
  EXPECT_THAT(get(admin(), "/requests")->body, HasSubstr("\"worker\":1"));
  EXPECT_THAT(get(admin(), "/routes")->body, HasSubstr("/hello"));

  std::optional<Result<http::Response>> answer;
  worker_.tasks().spawn("call", call(service(), answer));
  ASSERT_TRUE(logged("handler entered"));
  kill(child_, SIGTERM);
  ASSERT_TRUE(poll_until([&] { return answer.has_value(); }));
  ASSERT_TRUE(*answer) << (*answer).error().detail;
  EXPECT_EQ((*answer)->body, "hello");
  EXPECT_EQ(exit_code(), 0) << text_of("err");

  const std::string out = text_of("out");
  EXPECT_LT(out.find("last registered"), out.find("first registered"));
  EXPECT_LT(out.find("first registered"), out.find("drained"));
  EXPECT_THAT(out, HasSubstr("kept object destroyed"));
  EXPECT_EQ(text_of("err"), "");
}

TEST_F(ProcessTest, ReadinessTellsTheReason) {
  start(definition([](WorkerScope& scope) { scope.readiness("network", broken); }));
  ASSERT_TRUE(becomes_ready(503));
  EXPECT_TRUE(poll_until([&] {
    return get(admin(), "/health/ready")->body.find("network: the road network is not loaded") != std::string::npos;
  }));
  kill(child_, SIGINT);
  EXPECT_EQ(exit_code(), 0);
}

// Holds the worker's thread, as a bug would, until the file is there.
Task<http::Response> hang_until(std::filesystem::path file) {
  while (!std::filesystem::exists(file)) usleep(2000);
  co_return http::Response::text(200, "over");
}

Task<Result<void>> fine() {
  co_return Result<void>{};
}

TEST_F(ProcessTest, AWorkerThatHangsIsToldByReadiness) {
  settings_ = "{ workers: 1, tls: { dir: " + certificates_.dir() + " }, drain: { ready_ms: 0, max_ms: 5000 } }";
  start(definition([file = folder_ / "go"](WorkerScope& scope) {
    scope.readiness("own", [](RequestContext&) { return fine(); });
    scope.router().add("GET", "/hello", [file](RequestContext&, http::Request&) { return hang_until(file); },
                       {.access = http::Access::kPublic});
  }));
  ASSERT_TRUE(becomes_ready(200)) << text_of("out") << text_of("err");
  std::optional<Result<http::Response>> answer;
  worker_.tasks().spawn("call", call(service(), answer));
  ASSERT_TRUE(becomes_ready(503));
  EXPECT_THAT(get(admin(), "/health/ready")->body, HasSubstr("own: the last answer is"));
  std::ofstream(folder_ / "go") << "go";
  EXPECT_TRUE(becomes_ready(200));
  EXPECT_TRUE(poll_until([&] { return answer.has_value(); }));
  kill(child_, SIGTERM);
  EXPECT_EQ(exit_code(), 0) << text_of("err");
}

TEST_F(ProcessTest, ARenewedCertificateIsTakenOverWhileItServes) {
  start(definition([](WorkerScope& scope) {
    scope.router().add("GET", "/hello", [](RequestContext&, http::Request&) { return hang_until("/"); },
                       {.access = http::Access::kPublic});
  }));
  ASSERT_TRUE(becomes_ready(200)) << text_of("out") << text_of("err");
  EXPECT_EQ(get(service(), "/hello")->status, 200);
  for (int renewal = 1; renewal <= 2; ++renewal) {
    certificates_.renew("example");
    EXPECT_TRUE(poll_until([&] {
      EXPECT_EQ(get(service(), "/hello")->status, 200) << "no request fails meanwhile";
      std::size_t reloads = 0;
      const std::string out = text_of("out"), line = "the certificate was reloaded";
      for (auto at = out.find(line); at != std::string::npos; at = out.find(line, at + 1)) ++reloads;
      return reloads == static_cast<std::size_t>(renewal);
    }));
  }
  EXPECT_THAT(get(admin(), "/metrics")->body, HasSubstr("evc_certificate_not_after_seconds"));
  kill(child_, SIGTERM);
  EXPECT_EQ(exit_code(), 0) << text_of("err");
}

TEST_F(ProcessTest, ATaskThatIgnoresItsEndDoesNotHoldTheProcess) {
  settings_ = "{ workers: 1, tls: { dir: " + certificates_.dir() + " }, drain: { ready_ms: 0, max_ms: 500 } }";
  Definition made =
      definition([](WorkerScope& scope) { scope.worker().tasks().spawn("stubborn", never_ends(scope.worker())); });
  start(made);
  ASSERT_TRUE(logged("\"started\""));
  const auto begun = std::chrono::steady_clock::now();
  kill(child_, SIGTERM);
  EXPECT_EQ(exit_code(), 75);
  EXPECT_LT(std::chrono::steady_clock::now() - begun, 5s);
  EXPECT_THAT(text_of("out"), HasSubstr("stubborn"));
}

TEST_F(ProcessTest, AStartThatFailsSaysWhy) {
  struct Case {
    std::string settings;
    std::function<void(WorkerScope&)> wire;
    int code;
    std::string reason;
  };
  const int taken = socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  ASSERT_EQ(bind(taken, reinterpret_cast<sockaddr*>(&address), sizeof(address)), 0);
  ASSERT_EQ(listen(taken, 1), 0);
  socklen_t size = sizeof(address);
  getsockname(taken, reinterpret_cast<sockaddr*>(&address), &size);
  const std::string tls = "tls: { dir: " + certificates_.dir() + " }";
  const std::vector<Case> cases{
      {"{ listne: {} }", wire_hello, 78, "listne is not known here"},
      {"{ tls: { dir: /nonexistent } }", wire_hello, 78, "/nonexistent"},
      {"{ " + tls + ", listen: { port: " + std::to_string(ntohs(address.sin_port)) + " } }", wire_hello, 71,
       "cannot listen"},
      {"{ " + tls + " }", [](WorkerScope& scope) { scope.peer("auth"); }, 78, "peers.auth is missing"},
      {"{ " + tls + " }", [](WorkerScope&) { throw std::runtime_error("no map"); }, 70, "no map"},
  };
  for (const Case& one : cases) {
    settings_ = one.settings;
    start(definition(one.wire));
    EXPECT_EQ(exit_code(), one.code) << text_of("err");
    EXPECT_THAT(text_of("err"), HasSubstr(one.reason));
    EXPECT_THAT(text_of("out"), HasSubstr("the start failed"));
  }
  close(taken);
  start(definition(wire_hello), {"--nonsense"});
  EXPECT_EQ(exit_code(), 64);
  start(definition(wire_hello), {"--version"});
  EXPECT_EQ(exit_code(), 0);
  EXPECT_THAT(text_of("out"), HasSubstr("evcosta-example "));
}

}  // namespace
}  // namespace evc::service
