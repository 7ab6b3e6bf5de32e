#include "kit/telemetry/log.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>
#include <thread>

#include "kit/base/clock.hpp"
#include "kit/base/json.hpp"

namespace evc::telemetry {
namespace {

using ::testing::internal::CaptureStdout;
using ::testing::internal::GetCapturedStdout;

std::vector<json::Object> lines(const std::string& text) {
  std::vector<json::Object> all;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) {
    auto value = json::parse(line);
    EXPECT_TRUE(value) << line;
    if (value) all.push_back(value->as_object());
  }
  return all;
}

std::vector<std::string> keys(const json::Object& object) {
  std::vector<std::string> names;
  for (const auto& member : object) names.emplace_back(member.key());
  return names;
}

class LogTest : public ::testing::Test {
 protected:
  void TearDown() override { set_log_level(Level::kInfo); }
};

TEST_F(LogTest, OneJsonObjectPerLineInAFixedOrder) {
  const auto trace = *TraceContext::parse("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01");
  CaptureStdout();
  start_logging({.service_name = "charging", .instance_id = "charging-1"});
  EVC_LOG(kInfo, trace, "session \"started\"\n",
          {{key::kSessionId, "s1"}, {key::kCount, 3}, {key::kState, std::string("CHARGING")}});
  EVC_LOG(kError, "no trace here");
  stop_logging();
  const auto got = lines(GetCapturedStdout());
  ASSERT_EQ(got.size(), 2U);
  EXPECT_THAT(keys(got[0]),
              ::testing::ElementsAre("timestamp", "severityText", "body", "service.name", "service.instance.id",
                                     "traceId", "spanId", "ev.session.id", "count", "ev.state"));
  EXPECT_EQ(got[0].at("severityText"), "INFO");
  EXPECT_EQ(got[0].at("body"), "session \"started\"\n");
  EXPECT_EQ(got[0].at("service.name"), "charging");
  EXPECT_EQ(got[0].at("traceId"), "4bf92f3577b34da6a3ce929d0e0e4736");
  EXPECT_EQ(got[0].at("spanId"), "00f067aa0ba902b7");
  EXPECT_EQ(got[0].at("count"), 3);
  EXPECT_TRUE(parse_rfc3339(got[0].at("timestamp").as_string().c_str()));
  EXPECT_FALSE(got[1].contains("traceId"));
}

TEST_F(LogTest, ArgumentsAreNotEvaluatedBelowTheLevel) {
  int evaluated = 0;
  CaptureStdout();
  EVC_LOG(kDebug, "off", {{key::kCount, ++evaluated}});
  set_log_level(Level::kDebug);
  EVC_LOG(kDebug, "on", {{key::kCount, ++evaluated}});
  EXPECT_EQ(lines(GetCapturedStdout()).size(), 1U);
  EXPECT_EQ(evaluated, 1);
  EXPECT_EQ(log_level(), Level::kDebug);
}

TEST_F(LogTest, LinesOfManyThreadsStayWhole) {
  CaptureStdout();
  start_logging({.service_name = "x", .instance_id = "1", .queue_limit = 100'000});
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 4; ++i) {
      threads.emplace_back([] {
        for (int j = 0; j < 500; ++j) EVC_LOG(kInfo, "line", {{key::kCount, j}});
      });
    }
  }
  stop_logging();
  EXPECT_EQ(lines(GetCapturedStdout()).size(), 2000U);
}

TEST_F(LogTest, AFullQueueDropsAndCounts) {
  const auto before = log_lines_dropped();
  CaptureStdout();
  start_logging({.service_name = "x", .instance_id = "1", .queue_limit = 0});
  for (int i = 0; i < 5; ++i) EVC_LOG(kInfo, "line");
  stop_logging();
  EXPECT_TRUE(lines(GetCapturedStdout()).empty());
  EXPECT_EQ(log_lines_dropped(), before + 5);
}

}  // namespace
}  // namespace evc::telemetry
