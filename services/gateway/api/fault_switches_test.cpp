#include "services/gateway/api/fault_switches.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "kit/testing/run_task.hpp"
#include "kit/testing/temporary_folder.hpp"

namespace evc::gateway {
namespace {

class FaultSwitchesTest : public ::testing::Test {
 protected:
  FaultSwitchesTest() {
    for (const char* part : {"wanted", "active"}) std::filesystem::create_directories(folder_.path(part));
    write("known.json", R"({"redis-down":"connections to Redis are reset","clock-skew":"a clock is fast"})");
    context_.principal.puid = "p1.somebody";
  }
  void write(const std::string& name, const std::string& text) { std::ofstream(folder_.path(name)) << text; }
  json::Object wish(const std::string& name) {
    std::ifstream file(folder_.path("wanted/" + name));
    std::stringstream text;
    text << file.rdbuf();
    return json::parse(text.str()).value().as_object();
  }
  http::Response ask(FaultSwitches& switches, const char* operation, const std::string& fault = "",
                     const std::string& body = "") {
    http::Request request{.method = "PUT", .target = "/operations/faults", .path = "/operations/faults", .body = body};
    request.headers.set("content-type", "application/json");
    request.path_parameters = {{"fault", fault}};
    return testing::run_task(worker_, switches.handlers().at(operation)(context_, request));
  }
  // State of a fault as the list tells it.
  json::Object told(const std::string& name) {
    const auto list = json::parse(ask(switches_, "listFaults").body).value();
    for (const auto& fault : list.at("faults").as_array())
      if (fault.at("name").as_string() == std::string_view(name)) return fault.as_object();
    return {};
  }

  Worker worker_;
  testing::TemporaryFolder folder_;
  FaultSwitches switches_{folder_.path("")};
  RequestContext context_;
};

TEST_F(FaultSwitchesTest, AWishIsWrittenForTheKeeperWithWhoAndWhy) {
  EXPECT_EQ(told("redis-down").at("state"), "off");
  const auto answer = ask(switches_, "switchFaultOn", "redis-down", R"({"forSeconds":60,"why":"drill of May"})");
  ASSERT_EQ(answer.status, 202) << answer.body;
  EXPECT_EQ(answer.headers.get("cache-control"), "no-store");
  const json::Object written = wish("redis-down");
  EXPECT_EQ(written.at("who"), "p1.somebody");
  EXPECT_EQ(written.at("why"), "drill of May");
  EXPECT_EQ(written.at("for_s"), 60);
  const double left = written.at("until").to_number<double>() -
                      std::chrono::duration<double>(context_.clock->wall().time_since_epoch()).count();
  EXPECT_NEAR(left, 60, 5);
  EXPECT_EQ(told("redis-down").at("state"), "asked");
  EXPECT_EQ(told("clock-skew").at("state"), "off");
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder_.path("wanted")), {}), 1) << "nothing beside it";
}

TEST_F(FaultSwitchesTest, TheListFollowsTheKeeper) {
  ask(switches_, "switchFaultOn", "redis-down", R"({"forSeconds":60,"why":"x"})");
  std::filesystem::copy(folder_.path("wanted/redis-down"), folder_.path("active/redis-down"));
  EXPECT_EQ(told("redis-down").at("state"), "on");
  EXPECT_EQ(told("redis-down").at("askedBy"), "p1.somebody");
  EXPECT_EQ(ask(switches_, "switchFaultOff", "redis-down").status, 204);
  EXPECT_EQ(told("redis-down").at("state"), "ending");
  std::filesystem::remove(folder_.path("active/redis-down"));
  EXPECT_EQ(told("redis-down").at("state"), "off");
  EXPECT_EQ(ask(switches_, "switchFaultOff", "redis-down").status, 204) << "off already";
  write("active/clock-skew.failed", R"({"error":"no clock"})");
  EXPECT_EQ(told("clock-skew").at("state"), "failed");
  EXPECT_EQ(told("clock-skew").at("error"), "no clock");
  ask(switches_, "switchFaultOn", "clock-skew", R"({"forSeconds":1,"why":"again"})");
  EXPECT_EQ(told("clock-skew").at("state"), "asked") << "the old failure is over";
}

TEST_F(FaultSwitchesTest, WhatIsNoFaultAndWhatIsNoWishIsRefused) {
  const std::string good = R"({"forSeconds":60,"why":"x"})";
  for (const char* name : {"no-such", "", "../known.json", "redis-down.failed"}) {
    EXPECT_EQ(ask(switches_, "switchFaultOn", name, good).status, 404) << name;
    EXPECT_EQ(ask(switches_, "switchFaultOff", name).status, 404) << name;
  }
  for (const char* bad :
       {R"({"forSeconds":0,"why":"x"})", R"({"forSeconds":901,"why":"x"})", R"({"forSeconds":60,"why":""})",
        R"({"forSeconds":60})", R"({"forSeconds":60,"why":"x","who":"somebody else"})"})
    EXPECT_EQ(ask(switches_, "switchFaultOn", "redis-down", bad).status, 422) << bad;
  EXPECT_TRUE(std::filesystem::is_empty(folder_.path("wanted")));
}

TEST_F(FaultSwitchesTest, OnAnyOtherPlatformThereAreNone) {
  FaultSwitches none{""};
  EXPECT_EQ(json::parse(ask(none, "listFaults").body).value(),
            json::parse(R"({"available":false,"faults":[]})").value());
  EXPECT_EQ(ask(none, "switchFaultOn", "redis-down", R"({"forSeconds":60,"why":"x"})").status, 404);
}

}  // namespace
}  // namespace evc::gateway
