#include "simulators/charge_point/domain/charge_point.hpp"

#include <gtest/gtest.h>

#include <map>

#include "kit/testing/manual_clock.hpp"

namespace evc::charge_point {
namespace {

using evc::ocpp::Call;
using evc::ocpp::CallResult;
using std::chrono::milliseconds;
using std::chrono::seconds;

// The platform's side: answers what the station says and remembers it.
class Platform {
 public:
  explicit Platform(ChargePoint& station, testing::ManualClock& clock) : station_(&station), clock_(&clock) {}

  void answer_all() {
    for (bool more = true; more;) {
      more = false;
      for (const auto& text : station_->take_output()) {
        auto frame = evc::ocpp::parse_frame(text);
        if (auto* call = std::get_if<Call>(&frame)) {
          said.push_back(*call);
          if (call->action == unanswered) continue;
          station_->on_text(serialize(CallResult{.id = call->id, .payload = answer(*call)}));
          more = true;
        } else if (auto* result = std::get_if<CallResult>(&frame)) {
          heard = result->payload;
        }
      }
    }
  }
  void run_for(milliseconds duration) {
    const auto end = clock_->steady() + duration;
    answer_all();
    for (auto due = station_->next_due(); due && *due <= end; due = station_->next_due()) {
      if (*due > clock_->steady())
        clock_->advance(std::chrono::duration_cast<std::chrono::microseconds>(*due - clock_->steady()));
      station_->tick();
      answer_all();
    }
    if (end > clock_->steady())
      clock_->advance(std::chrono::duration_cast<std::chrono::microseconds>(end - clock_->steady()));
  }
  std::string ask(std::string action, json::Object payload) {
    station_->on_text(serialize(
        Call{.id = "p" + std::to_string(++asked_), .action = std::move(action), .payload = std::move(payload)}));
    answer_all();
    return std::string(heard.at("status").as_string());
  }
  std::vector<Call> all(std::string_view action) const {
    std::vector<Call> found;
    for (const auto& call : said) {
      if (call.action == action) found.push_back(call);
    }
    return found;
  }
  std::vector<std::string> statuses(std::int64_t connector) const {
    std::vector<std::string> found;
    for (const auto& call : all("StatusNotification")) {
      if (call.payload.at("connectorId").as_int64() == connector)
        found.emplace_back(call.payload.at("status").as_string());
    }
    return found;
  }

  std::vector<Call> said;
  json::Object heard;
  std::string unanswered;
  std::string tag_status = "Accepted";

 private:
  json::Object answer(const Call& call) {
    if (call.action == "BootNotification")
      return {{"status", "Accepted"}, {"interval", 60}, {"currentTime", "2026-11-23T17:04:05Z"}};
    if (call.action == "StartTransaction") {
      // The replay key of the real platform.
      const auto [entry, is_new] = ids_.try_emplace(json::serialize(call.payload), 1000 + ids_.size());
      return {{"transactionId", static_cast<std::int64_t>(entry->second)}, {"idTagInfo", {{"status", tag_status}}}};
    }
    return {};
  }
  ChargePoint* station_;
  testing::ManualClock* clock_;
  std::map<std::string, std::size_t> ids_;
  int asked_ = 0;
};

class ChargePointTest : public ::testing::Test {
 protected:
  static StationPlan plan() {
    const ev::Vehicle car{.usable_kwh = 45, .ac_kw = 7, .dc_kw = 60, .curve = {{0, 55}, {0.5, 60}, {0.8, 35}, {1, 5}}};
    const auto curve = std::make_shared<const ev::ChargingCurve>(car, 60, ev::Current::kDc);
    return {
        .station_id = "BR-SP-0001", .connectors = {{.id = 1, .curve = curve}, {.id = 2, .curve = curve}}, .seed = 7};
  }
  void open() {
    station.on_open();
    platform.answer_all();
  }
  testing::ManualClock clock;
  Behaviour behaviour;
  ChargePoint station{plan(), behaviour, clock};
  Platform platform{station, clock};
};

TEST_F(ChargePointTest, BootsTellsItsStatusAndBeats) {
  open();
  ASSERT_EQ(platform.said.size(), 4u);
  EXPECT_EQ(platform.said[0].action, "BootNotification");
  EXPECT_EQ(platform.statuses(0), std::vector<std::string>{"Available"});
  EXPECT_EQ(platform.statuses(2), std::vector<std::string>{"Available"});
  EXPECT_TRUE(station.view().accepted);
  platform.run_for(seconds(125));
  EXPECT_EQ(platform.all("Heartbeat").size(), 2u);
}

TEST_F(ChargePointTest, ARemoteStartChargesUntilTheCarHasEnough) {
  open();
  EXPECT_EQ(platform.ask("RemoteStartTransaction", {{"connectorId", 1}, {"idTag", "TAG"}}), "Accepted");
  EXPECT_EQ(platform.ask("RemoteStartTransaction", {{"connectorId", 1}, {"idTag", "TAG"}}), "Rejected")
      << "one car at a time";
  platform.run_for(seconds(90));
  EXPECT_EQ(platform.statuses(1),
            (std::vector<std::string>{"Available", "Preparing", "Charging", "Finishing", "Available"}));
  const auto starts = platform.all("StartTransaction");
  const auto stops = platform.all("StopTransaction");
  ASSERT_EQ(starts.size(), 1u);
  ASSERT_EQ(stops.size(), 1u);
  EXPECT_EQ(starts[0].payload.at("idTag").as_string(), "TAG");
  EXPECT_EQ(stops[0].payload.at("reason").as_string(), "Local");
  EXPECT_EQ(stops[0].payload.at("transactionId").as_int64(), 1000);
  const auto energy_wh = stops[0].payload.at("meterStop").as_int64() - starts[0].payload.at("meterStart").as_int64();
  EXPECT_GT(energy_wh, 15'000);
  EXPECT_LT(energy_wh, 32'000);
}

TEST_F(ChargePointTest, MeterValuesRiseWithTheStateOfCharge) {
  open();
  platform.ask("RemoteStartTransaction", {{"connectorId", 1}, {"idTag", "TAG"}});
  platform.run_for(seconds(10));
  const auto values = platform.all("MeterValues");
  ASSERT_GE(values.size(), 8u);
  std::int64_t last_wh = 0;
  double last_soc = 0;
  for (const auto& call : values) {
    const auto& sampled = call.payload.at("meterValue").as_array().at(0).as_object().at("sampledValue").as_array();
    const auto wh = std::stoll(std::string(sampled.at(0).as_object().at("value").as_string()));
    const auto soc = std::stod(std::string(sampled.at(2).as_object().at("value").as_string()));
    EXPECT_GT(wh, last_wh);
    EXPECT_GT(soc, last_soc);
    last_wh = wh;
    last_soc = soc;
  }
}

TEST_F(ChargePointTest, ARemoteStopEndsTheTransaction) {
  open();
  platform.ask("RemoteStartTransaction", {{"connectorId", 2}, {"idTag", "TAG"}});
  platform.run_for(seconds(5));
  EXPECT_EQ(platform.ask("RemoteStopTransaction", {{"transactionId", 999}}), "Rejected");
  EXPECT_EQ(platform.ask("RemoteStopTransaction", {{"transactionId", 1000}}), "Accepted");
  ASSERT_EQ(platform.all("StopTransaction").size(), 1u);
  EXPECT_EQ(platform.all("StopTransaction")[0].payload.at("reason").as_string(), "Remote");
}

TEST_F(ChargePointTest, OfflineInTheMiddleQueuesAndReplaysInOrderWithoutABoot) {
  open();
  platform.ask("RemoteStartTransaction", {{"connectorId", 1}, {"idTag", "TAG"}});
  platform.run_for(seconds(5));
  station.go_offline(seconds(120));
  EXPECT_FALSE(station.wants_connection());
  station.on_close();
  const auto before = platform.said.size();
  platform.run_for(seconds(121));
  EXPECT_TRUE(station.wants_connection());
  EXPECT_EQ(platform.said.size(), before) << "it says nothing while it is offline";
  open();
  platform.run_for(seconds(1));
  EXPECT_EQ(platform.all("BootNotification").size(), 1u);
  ASSERT_EQ(platform.all("StopTransaction").size(), 1u);
  EXPECT_EQ(platform.said.back().action, "StopTransaction");
  std::string last;
  for (const auto& call : platform.all("MeterValues")) {
    const std::string time(call.payload.at("meterValue").as_array().at(0).as_object().at("timestamp").as_string());
    EXPECT_GT(time, last);
    last = time;
  }
}

TEST_F(ChargePointTest, AnUnansweredStartIsRepeatedWithANewMessageId) {
  open();
  platform.unanswered = "StartTransaction";
  platform.ask("RemoteStartTransaction", {{"connectorId", 1}, {"idTag", "TAG"}});
  platform.run_for(seconds(33));
  platform.unanswered.clear();
  platform.run_for(seconds(70));
  const auto starts = platform.all("StartTransaction");
  ASSERT_GE(starts.size(), 2u);
  EXPECT_NE(starts[0].id, starts[1].id);
  EXPECT_EQ(starts[0].payload, starts[1].payload);
}

TEST_F(ChargePointTest, RepeatedStartAndStopOnRequest) {
  open();
  station.repeat_next_start();
  station.repeat_next_stop();
  platform.ask("RemoteStartTransaction", {{"connectorId", 1}, {"idTag", "TAG"}});
  platform.run_for(seconds(90));
  const auto stops = platform.all("StopTransaction");
  EXPECT_EQ(platform.all("StartTransaction").size(), 2u);
  ASSERT_EQ(stops.size(), 2u);
  EXPECT_EQ(stops[0].payload, stops[1].payload);
  EXPECT_EQ(station.view().changed_ids, 0u);
}

TEST_F(ChargePointTest, ARefusedTagEndsTheTransactionAtOnce) {
  open();
  platform.tag_status = "Invalid";
  platform.ask("RemoteStartTransaction", {{"connectorId", 1}, {"idTag", "TAG"}});
  platform.run_for(seconds(2));
  ASSERT_EQ(platform.all("StopTransaction").size(), 1u);
  EXPECT_EQ(platform.all("StopTransaction")[0].payload.at("reason").as_string(), "DeAuthorized");
}

TEST_F(ChargePointTest, ARebootStopsTheTransactionAndBootsAgain) {
  open();
  platform.ask("RemoteStartTransaction", {{"connectorId", 1}, {"idTag", "TAG"}});
  platform.run_for(seconds(5));
  EXPECT_EQ(platform.ask("Reset", {{"type", "Hard"}}), "Accepted");
  station.on_close();
  platform.run_for(seconds(3));
  open();
  EXPECT_EQ(platform.all("BootNotification").size(), 2u);
  ASSERT_EQ(platform.all("StopTransaction").size(), 1u);
  EXPECT_EQ(platform.all("StopTransaction")[0].payload.at("reason").as_string(), "HardReset");
}

TEST_F(ChargePointTest, AFaultIsSaidAndRepaired) {
  open();
  EXPECT_FALSE(station.set_fault(9, "GroundFailure"));
  EXPECT_TRUE(station.set_fault(1, "GroundFailure"));
  platform.answer_all();
  EXPECT_EQ(platform.said.back().payload.at("errorCode").as_string(), "GroundFailure");
  EXPECT_EQ(platform.ask("RemoteStartTransaction", {{"connectorId", 1}, {"idTag", "TAG"}}), "Rejected");
  EXPECT_TRUE(station.set_fault(1, ""));
  platform.answer_all();
  EXPECT_EQ(platform.statuses(1).back(), "Available");
}

TEST_F(ChargePointTest, TheSameSeedTellsTheSameStory) {
  ChargePoint twin{plan(), behaviour, clock};
  EXPECT_EQ(twin.connectors()[0].meter_wh(), station.connectors()[0].meter_wh());
  auto other = plan();
  other.seed = 8;
  EXPECT_NE(ChargePoint(other, behaviour, clock).connectors()[0].meter_wh(), station.connectors()[0].meter_wh());
}

TEST_F(ChargePointTest, ConfigurationAndUnknownActions) {
  open();
  EXPECT_EQ(platform.ask("ChangeConfiguration", {{"key", "MeterValueSampleInterval"}, {"value", "5"}}), "Accepted");
  EXPECT_EQ(platform.ask("ChangeConfiguration", {{"key", "Colour"}, {"value", "5"}}), "NotSupported");
  station.on_text(R"([2,"g","GetConfiguration",{"key":["MeterValueSampleInterval","Colour"]}])");
  platform.answer_all();
  EXPECT_EQ(json::serialize(platform.heard.at("unknownKey")), R"(["Colour"])");
  EXPECT_EQ(platform.heard.at("configurationKey").as_array().at(0).as_object().at("value").as_string(), "5");
  station.on_text(R"([2,"g","Dance",{}])");
  EXPECT_EQ(station.take_output().at(0), R"([4,"g","NotImplemented","unknown action",{}])");
}

}  // namespace
}  // namespace evc::charge_point
