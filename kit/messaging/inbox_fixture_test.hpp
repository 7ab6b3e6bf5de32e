// An inbox on the real servers and what its tests ask of it: events of a key, what became of one, an operator's
// decisions.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "kit/messaging/testing/consumer_side.hpp"
#include "kit/messaging/testing/outbox_side.hpp"
#include "kit/telemetry/metrics.hpp"

namespace evc::messaging {

using evc::testing::run_task;
using testing::ConsumerSide;
using testing::sample_event;
using testing::sample_record;
using testing::test_context;

class InboxOfBroker : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!kafka::testing::broker_present()) GTEST_SKIP() << "run it under tools/testenv";
    side_ = std::make_unique<ConsumerSide>(worker_, kafka::testing::fresh_topic("inbox", 2));
  }
  void TearDown() override {
    if (side_) side_->stop();
    side_.reset();
  }
  Event event(const std::string& key, std::int64_t sequence) { return sample_event(side_->topic(), key, sequence); }
  // Events 1 to `last` of a key.
  std::vector<Event> events(const std::string& key, std::int64_t last) {
    std::vector<Event> all;
    for (std::int64_t n = 1; n <= last; ++n) all.push_back(event(key, n));
    return all;
  }
  static std::vector<kafka::Record> records(const std::vector<Event>& events) {
    std::vector<kafka::Record> all;
    for (const auto& each : events) all.push_back(sample_record(each));
    return all;
  }
  std::string status(const Event& event) {
    return side_->database().value("SELECT coalesce(max(status), 'none') FROM inbox WHERE event_id = '" +
                                   to_string(event.event_id) + "'");
  }
  bool status_becomes(const Event& event, const std::string& expected) {
    return side_->becomes(
        "SELECT coalesce(max(status), 'none') FROM inbox WHERE event_id = '" + to_string(event.event_id) + "'",
        expected);
  }
  Decided decide(Action action, const Event& event) {
    auto context = test_context();
    const auto decided =
        run_task(worker_, side_->inbox().decide(context, event.event_id, {.action = action, .reason = "a test"}));
    EXPECT_TRUE(decided) << decided.error().detail;
    return decided.value_or(Decided{});
  }
  Result<Decided> accept_gap(const std::string& key, std::int64_t from, std::int64_t to) {
    auto context = test_context();
    return run_task(worker_, side_->inbox().accept_gap(
                                 context, {.topic = side_->topic(), .key = key, .missing_from = from, .missing_to = to},
                                 {.action = Action::kAcceptGap, .reason = "a test"}));
  }
  // Of the runs so far, in their order.
  std::string results() {
    return side_->database().value("SELECT string_agg(result, ',' ORDER BY at, id) FROM event_run");
  }

  double stopped_handlers() const {
    const auto text = telemetry::metrics().render();
    const auto line = "inbox_handlers_stopped_total{group=\"" + side_->group() + "\"";
    const auto at = text.find(line);
    return at == std::string::npos ? 0 : std::stod(text.substr(text.find('}', at) + 1));
  }

  Worker worker_;
  std::unique_ptr<ConsumerSide> side_;
};

}  // namespace evc::messaging
