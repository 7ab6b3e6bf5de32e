#include "kit/telemetry/metrics.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

namespace evc::telemetry {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

TEST(Metrics, PrometheusText) {
  Registry registry;
  registry.counter("evc_requests_total", "Requests\nserved", {{"route", "/a\"b\\c"}, {"status", "200"}}).add();
  registry.counter("evc_requests_total", "Requests\nserved", {{"route", "/a\"b\\c"}, {"status", "200"}}).add(2);
  registry.gauge("evc_connections", "Open connections").set(7.5);
  registry.gauge_callback("evc_queue", "Queue length", {}, [] { return 3.0; });
  registry.counter_callback("evc_drops_total", "Drops", {}, [] { return 4.0; });
  auto latency = registry.histogram("evc_seconds", "Latency", {{"route", "/"}}, {0.1, 1});
  latency.observe(0.1);
  latency.observe(0.5);
  latency.observe(30);
  EXPECT_EQ(registry.render(),
            "# HELP evc_connections Open connections\n"
            "# TYPE evc_connections gauge\n"
            "evc_connections 7.5\n"
            "# HELP evc_drops_total Drops\n"
            "# TYPE evc_drops_total counter\n"
            "evc_drops_total 4\n"
            "# HELP evc_queue Queue length\n"
            "# TYPE evc_queue gauge\n"
            "evc_queue 3\n"
            "# HELP evc_requests_total Requests\\nserved\n"
            "# TYPE evc_requests_total counter\n"
            "evc_requests_total{route=\"/a\\\"b\\\\c\",status=\"200\"} 3\n"
            "# HELP evc_seconds Latency\n"
            "# TYPE evc_seconds histogram\n"
            "evc_seconds_bucket{route=\"/\",le=\"0.1\"} 1\n"
            "evc_seconds_bucket{route=\"/\",le=\"1\"} 2\n"
            "evc_seconds_bucket{route=\"/\",le=\"+Inf\"} 3\n"
            "evc_seconds_sum{route=\"/\"} 30.6\n"
            "evc_seconds_count{route=\"/\"} 3\n");
}

TEST(Metrics, OpenMetricsCarriesExemplars) {
  Registry registry;
  auto latency = registry.histogram("evc_seconds", "Latency", {}, {1});
  const auto trace = TraceContext::parse("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01");
  latency.observe(0.5, &*trace);
  registry.counter("evc_x_total", "X").add();
  const std::string text = registry.render(MetricsFormat::kOpenMetrics);
  EXPECT_THAT(text, HasSubstr("evc_seconds_bucket{le=\"1\"} 1 # "
                              "{trace_id=\"4bf92f3577b34da6a3ce929d0e0e4736\",span_id=\"00f067aa0ba902b7\"} 0.5 "));
  EXPECT_THAT(text, HasSubstr("# TYPE evc_x counter\nevc_x_total 1\n"));
  EXPECT_TRUE(text.ends_with("# EOF\n"));
  EXPECT_THAT(registry.render(), Not(HasSubstr("trace_id")));
}

TEST(Metrics, AnUnsampledTraceIsNoExemplar) {
  Registry registry;
  auto latency = registry.histogram("evc_seconds", "Latency", {}, {1});
  const auto trace = TraceContext::parse("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00");
  latency.observe(0.5, &*trace);
  EXPECT_THAT(registry.render(MetricsFormat::kOpenMetrics), Not(HasSubstr("trace_id")));
}

TEST(Metrics, TheNumberOfSeriesIsBounded) {
  Registry registry;
  for (int i = 0; i < 1500; ++i) registry.counter("evc_x_total", "X", {{"id", std::to_string(i)}}).add();
  const std::string text = registry.render();
  EXPECT_THAT(text, HasSubstr("evc_x_total{id=\"other\"} 500\n"));
  EXPECT_THAT(text, HasSubstr("evc_x_total{id=\"999\"} 1\n"));
  EXPECT_THAT(text, Not(HasSubstr("id=\"1000\"")));
}

TEST(Metrics, AKindIsForEver) {
  Registry registry;
  registry.counter("evc_x", "X");
  EXPECT_DEATH(registry.gauge("evc_x", "X"), "kind");
}

TEST(Metrics, UpdatesFromManyThreadsAreAllCounted) {
  Registry registry;
  auto counter = registry.counter("evc_x_total", "X");
  auto latency = registry.histogram("evc_seconds", "Latency", {}, {1});
  const TraceContext trace = TraceContext::root();
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 4; ++i) {
      threads.emplace_back([&] {
        for (int j = 0; j < 10'000; ++j) {
          counter.add();
          latency.observe(0.5, &trace);
        }
      });
    }
    for (int i = 0; i < 20; ++i) registry.render(MetricsFormat::kOpenMetrics);
  }
  EXPECT_THAT(registry.render(), HasSubstr("evc_x_total 40000\n"));
  EXPECT_THAT(registry.render(), HasSubstr("evc_seconds_count 40000\n"));
}

TEST(Metrics, ADefaultHandleCountsNowhere) {
  Counter().add();
  Gauge().set(1);
  Histogram().observe(1);
}

TEST(Metrics, Negotiation) {
  EXPECT_EQ(metrics_format("application/openmetrics-text;version=1.0.0,text/plain;q=0.5"), MetricsFormat::kOpenMetrics);
  EXPECT_EQ(metrics_format("text/plain"), MetricsFormat::kPrometheus);
  EXPECT_EQ(metrics_format(""), MetricsFormat::kPrometheus);
}

}  // namespace
}  // namespace evc::telemetry
