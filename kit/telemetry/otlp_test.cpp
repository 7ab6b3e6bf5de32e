// The exporter against a small HTTP peer in this process.
#include "kit/telemetry/otlp.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <future>
#include <mutex>
#include <thread>

#include "kit/base/bytes.hpp"

namespace evc::telemetry {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;

// Answers every POST with `status`, or never when it is 0, and keeps the bodies.
class Collector {
 public:
  explicit Collector(int status) : status_(status), listener_(socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(bind(listener_, reinterpret_cast<sockaddr*>(&address), sizeof(address)), 0);
    EXPECT_EQ(listen(listener_, 8), 0);
    socklen_t size = sizeof(address);
    getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size);
    port_ = ntohs(address.sin_port);
    thread_ = std::jthread([this] { serve(); });
  }
  ~Collector() {
    shutdown(listener_, SHUT_RDWR);
    {
      const std::scoped_lock lock(mutex_);
      for (const int connection : open_) shutdown(connection, SHUT_RDWR);
    }
    thread_.join();
    connections_.clear();
    close(listener_);
  }
  std::string endpoint() const { return "http://127.0.0.1:" + std::to_string(port_); }
  void answer(int status) { status_ = status; }
  std::string received() {
    const std::scoped_lock lock(mutex_);
    return received_;
  }

 private:
  void serve() {
    while (true) {
      const int connection = accept(listener_, nullptr, nullptr);
      if (connection < 0) return;
      {
        const std::scoped_lock lock(mutex_);
        open_.push_back(connection);
      }
      connections_.emplace_back([this, connection] { talk(connection); });
    }
  }

  void talk(int connection) {
    std::string text;
    std::array<char, 4096> buffer;
    while (true) {
      const ssize_t got = read(connection, buffer.data(), buffer.size());
      if (got <= 0) break;
      text.append(buffer.data(), static_cast<std::size_t>(got));
      const auto head = text.find("\r\n\r\n");
      if (head == std::string::npos) continue;
      const auto length_at = text.find("Content-Length: ");
      const std::size_t length = std::stoul(text.substr(length_at + 16));
      if (text.size() < head + 4 + length) continue;
      {
        const std::scoped_lock lock(mutex_);
        received_ += text;
      }
      text.clear();
      if (status_ == 0) continue;
      const std::string reply = "HTTP/1.1 " + std::to_string(status_) + " X\r\nContent-Length: 0\r\n\r\n";
      if (write(connection, reply.data(), reply.size()) < 0) break;
    }
    close(connection);
  }

  std::atomic<int> status_;
  int listener_;
  std::uint16_t port_ = 0;
  std::mutex mutex_;
  std::string received_;
  std::vector<int> open_;
  std::vector<std::jthread> connections_;
  std::jthread thread_;
};

std::string raw(const TraceContext& context) {
  return {reinterpret_cast<const char*>(context.trace_id.data()), context.trace_id.size()};
}

TEST(Otlp, SpansArriveWithResourceParentLinksAndStatus) {
  Collector collector(200);
  start_export({.service_name = "charging",
                .instance_id = "charging-7",
                .service_version = "1.2.3",
                .otlp_endpoint = collector.endpoint() + "/"});
  const TraceContext parent = TraceContext::root();
  const TraceContext linked = TraceContext::root();
  {
    Span span = start_span("process charging.events", parent,
                           {.kind = SpanKind::kConsumer, .attributes = {{"ev.session.id", "s-1"}}, .links = {linked}});
    span.fail("conflict");
  }
  shutdown_export(10s);
  const std::string got = collector.received();
  for (const char* part :
       {"POST /v1/traces", "application/x-protobuf", "charging-7", "1.2.3", "process charging.events", "ev.session.id",
        "s-1", "error.type", "conflict", "schemas/1.44.0"}) {
    EXPECT_THAT(got, HasSubstr(part));
  }
  EXPECT_THAT(got, HasSubstr(raw(parent)));
  EXPECT_THAT(got, HasSubstr(raw(linked)));
  EXPECT_THAT(got, HasSubstr(std::string(reinterpret_cast<const char*>(parent.span_id.data()), 8)));
  EXPECT_EQ(spans_dropped(), 0U);
}

TEST(Otlp, AnUnsampledSpanIsNotSent) {
  Collector collector(200);
  start_export({.service_name = "x", .instance_id = "1", .otlp_endpoint = collector.endpoint()});
  TraceContext parent = TraceContext::root();
  parent.sampled = false;
  start_span("secret-by-sampling", parent);
  start_span("seen", {});
  shutdown_export(10s);
  EXPECT_THAT(collector.received(), HasSubstr("seen"));
  EXPECT_THAT(collector.received(), Not(HasSubstr("secret-by-sampling")));
}

TEST(Otlp, LogRecordsCarryTheirTrace) {
  Collector collector(200);
  const TraceContext trace = TraceContext::root();
  ::testing::internal::CaptureStdout();
  start_logging({.service_name = "payment", .instance_id = "payment-1", .otlp_endpoint = collector.endpoint()});
  EVC_LOG(kWarn, trace, "hold expired", {{key::kReference, "ref-9"}, {key::kAttempt, 2}});
  stop_logging();
  ::testing::internal::GetCapturedStdout();
  for (const char* part : {"POST /v1/logs", "payment-1", "hold expired", "WARN", "ev.payment.reference", "ref-9"}) {
    EXPECT_THAT(collector.received(), HasSubstr(part));
  }
  EXPECT_THAT(collector.received(), HasSubstr(raw(trace)));
}

TEST(Otlp, ARefusedBatchIsSentAgain) {
  Collector collector(503);
  OtlpClient client({.service_name = "x", .instance_id = "1"}, collector.endpoint());
  const std::vector<SpanRecord> spans{
      {.span = {.name = "again", .context = TraceContext::root()}, .start_ns = 1, .end_ns = 2}};
  EXPECT_FALSE(client.send(spans));
  collector.answer(200);
  EXPECT_TRUE(client.send(spans));
}

TEST(Otlp, NobodyListensAndNothingIsPrinted) {
  ::testing::internal::CaptureStdout();
  OtlpClient client({.service_name = "x", .instance_id = "1"}, "http://127.0.0.1:1");
  EXPECT_FALSE(client.send(std::vector<SpanRecord>{{.span = {.name = "lost", .context = TraceContext::root()}}}));
  EXPECT_EQ(::testing::internal::GetCapturedStdout(), "");
}

TEST(Otlp, ShutdownIsBoundedWhenTheCollectorNeverAnswers) {
  Collector collector(0);
  const auto before = spans_dropped();
  start_export({.service_name = "x", .instance_id = "1", .otlp_endpoint = collector.endpoint()});
  start_span("stuck", {});
  const auto start = std::chrono::steady_clock::now();
  shutdown_export(200ms);
  EXPECT_LT(std::chrono::steady_clock::now() - start, 3s);
  EXPECT_EQ(spans_dropped(), before + 1);
}

}  // namespace
}  // namespace evc::telemetry
