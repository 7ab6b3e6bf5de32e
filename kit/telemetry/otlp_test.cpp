// The exporter against a small HTTP peer in this process.
#include "kit/telemetry/otlp.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <map>
#include <mutex>
#include <protozero/pbf_reader.hpp>
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

std::string entry_of(const char* name) {
  std::string entry;
  append_otlp(entry, SpanRecord{.span = {.name = name, .context = TraceContext::root()}, .start_ns = 1, .end_ns = 2});
  return entry;
}

TEST(Otlp, WhoIsTooBusyIsAskedAgainAndWhoRefusesIsNot) {
  Collector collector(503);
  OtlpClient client({.service_name = "x", .instance_id = "1"}, collector.endpoint(), OtlpSignal::kTraces);
  const std::string entry = entry_of("again");
  EXPECT_EQ(client.send(entry), Delivery::kAgain);
  collector.answer(429);
  EXPECT_EQ(client.send(entry), Delivery::kAgain);
  collector.answer(400);
  EXPECT_EQ(client.send(entry), Delivery::kRefused);
  collector.answer(200);
  EXPECT_EQ(client.send(entry), Delivery::kDone);
}

TEST(Otlp, NobodyListensAndNothingIsPrinted) {
  ::testing::internal::CaptureStdout();
  OtlpClient client({.service_name = "x", .instance_id = "1"}, "http://127.0.0.1:1", OtlpSignal::kTraces);
  EXPECT_EQ(client.send(entry_of("lost")), Delivery::kAgain);
  EXPECT_EQ(::testing::internal::GetCapturedStdout(), "");
}

// Fields of a message by number, as https://github.com/open-telemetry/opentelemetry-proto has them.
struct Fields {
  explicit Fields(std::string_view bytes) {
    protozero::pbf_reader reader(bytes.data(), bytes.size());
    while (reader.next()) {
      const auto tag = reader.tag();
      switch (reader.wire_type()) {
        case protozero::pbf_wire_type::varint:
          numbers.emplace(tag, reader.get_int64());
          break;
        case protozero::pbf_wire_type::fixed64:
          numbers.emplace(tag, static_cast<std::int64_t>(reader.get_fixed64()));
          break;
        case protozero::pbf_wire_type::fixed32:
          numbers.emplace(tag, reader.get_fixed32());
          break;
        default:
          parts.emplace(tag, reader.get_string());
      }
    }
  }
  Fields in(protozero::pbf_tag_type tag) const { return Fields(part(tag)); }
  const std::string& part(protozero::pbf_tag_type tag) const { return parts.find(tag)->second; }
  // Key to the bytes of its value.
  std::map<std::string, std::string> attributes(protozero::pbf_tag_type tag) const {
    std::map<std::string, std::string> found;
    for (auto [at, end] = parts.equal_range(tag); at != end; ++at)
      found.emplace(Fields(at->second).part(1), Fields(at->second).part(2));
    return found;
  }

  std::multimap<protozero::pbf_tag_type, std::int64_t> numbers;
  std::multimap<protozero::pbf_tag_type, std::string> parts;
};

TEST(Otlp, ASpanIsEncodedFieldByField) {
  const TraceContext parent = TraceContext::root();
  TraceContext other = TraceContext::root();
  other.trace_state = "vendor=1";
  SpanRecord record{.span = {.name = "process charging.events",
                             .kind = SpanKind::kConsumer,
                             .context = parent.child(),
                             .parent = parent,
                             .links = {parent, other},
                             .attributes = {{"text", "a"}, {"whole", std::int64_t{-2}}, {"real", 0.5}, {"yes", true}},
                             .error_type = "conflict"},
                    .start_ns = 1'700'000'000'000'000'001,
                    .end_ns = 1'700'000'000'000'000'009};
  std::string entries;
  append_otlp(entries, record);
  const Fields span = Fields(entries).in(2);
  EXPECT_EQ(span.part(1), raw(record.span.context));
  EXPECT_EQ(span.part(4), std::string(reinterpret_cast<const char*>(parent.span_id.data()), 8));
  EXPECT_EQ(span.part(5), "process charging.events");
  EXPECT_EQ(span.numbers, (std::multimap<protozero::pbf_tag_type, std::int64_t>{
                              {6, 5}, {7, record.start_ns}, {8, record.end_ns}, {16, 1}}));
  const auto attributes = span.attributes(9);
  EXPECT_EQ(Fields(attributes.at("text")).part(1), "a");
  EXPECT_EQ(Fields(attributes.at("whole")).numbers.find(3)->second, -2);
  EXPECT_EQ(attributes.at("real"), std::string("\x21\0\0\0\0\0\0\xe0\x3f", 9));
  EXPECT_EQ(Fields(attributes.at("yes")).numbers.find(2)->second, 1);
  EXPECT_EQ(Fields(attributes.at("error.type")).part(1), "conflict");
  EXPECT_EQ(span.in(15).numbers.find(3)->second, 2);
  auto link = span.parts.find(13);
  EXPECT_EQ(Fields(link->second).part(1), raw(parent));
  EXPECT_TRUE(Fields(link->second).attributes(4).contains("opentracing.ref_type"));
  ++link;
  EXPECT_EQ(Fields(link->second).part(1), raw(other));
  EXPECT_EQ(Fields(link->second).part(3), "vendor=1");
  EXPECT_TRUE(Fields(link->second).attributes(4).empty());
}

TEST(Otlp, ALogRecordIsEncodedFieldByField) {
  const TraceContext trace = TraceContext::root();
  std::string entries;
  append_otlp(entries, LogRecord{.level = Level::kWarn,
                                 .at = WallTime(std::chrono::microseconds(5)),
                                 .trace_id = trace.trace_id,
                                 .span_id = trace.span_id,
                                 .body = "hold expired",
                                 .fields = {{key::kReference, "ref-9"}, {key::kAttempt, 2}}});
  const Fields record = Fields(entries).in(2);
  EXPECT_EQ(record.numbers, (std::multimap<protozero::pbf_tag_type, std::int64_t>{{1, 5'000}, {2, 13}, {11, 5'000}}));
  EXPECT_EQ(record.part(3), "WARN");
  EXPECT_EQ(record.in(5).part(1), "hold expired");
  EXPECT_EQ(record.part(9), raw(trace));
  EXPECT_EQ(Fields(record.attributes(6).at("ev.payment.reference")).part(1), "ref-9");
  EXPECT_EQ(Fields(record.attributes(6).at("attempt")).numbers.find(3)->second, 2);
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
