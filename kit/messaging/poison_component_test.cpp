// What a poisoned event costs the others: a steady flow of good keys is timed from its sending to its effect, in
// windows with poison and without, turn by turn in one run, so that what else the machine does falls on both. The bound
// is on the middle of the differences: one stall of the machine decides nothing.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <map>

#include "kit/messaging/testing/consumer_side.hpp"
#include "kit/messaging/testing/outbox_side.hpp"

namespace evc::messaging {
namespace {

using namespace std::chrono_literals;

constexpr double kBoundMs = 50;  // on the 99th percentile
constexpr int kWindows = 12;     // every other one is poisoned
constexpr int kRounds = 80;      // of a window: one batch each
constexpr auto kPause = 5ms;     // between two rounds
constexpr int kGoodKeys = 30;

// Sends `rounds` of traffic: two events of good keys, and one of a key that a poisoned window poisons.
class Traffic {
 public:
  Traffic(Worker& worker, testing::ConsumerSide& side)
      : worker_(worker),
        side_(side),
        producer_(worker, {.connect = kafka::testing::connect_as("platform-admin"), .topics = {side.topic()}}) {
    side_.failing = [this](const Event& event) { return take(event); };
  }

  Task<> run() {
    for (window_ = 0; window_ < kWindows; ++window_) {
      for (int round = 0; round < kRounds; ++round) {
        co_await send(round);
        co_await sleep_for(worker_, kPause);
      }
    }
    done_ = true;
  }
  bool done() const { return done_ && sent_.empty(); }
  std::vector<double> delays_ms(int window) const { return delays_ms_.at(window); }

 private:
  struct Sent {
    SteadyTime at;
    int window;
  };
  bool poisoned() const { return window_ % 2 == 1; }

  Event next(const std::string& key) { return testing::sample_event(side_.topic(), key, ++sequences_[key]); }

  Task<> send(int round) {
    std::vector<kafka::Record> records;
    for (int i = 0; i < 2; ++i) {
      const auto event = next("good-" + std::to_string((2 * round + i) % kGoodKeys));
      sent_[event.event_id] = {std::chrono::steady_clock::now(), window_};
      records.push_back(testing::sample_record(event));
    }
    // Each kind of failure has its keys: dead at once with a row behind it, failing for the moment, unknown.
    const auto kinds = std::array{"rule", "moment", "unknown"};
    const auto kind = std::string(kinds[static_cast<std::size_t>(round % 3)]);
    records.push_back(
        testing::sample_record(next(kind + "-" + std::to_string(window_) + "-" + std::to_string(round / 20))));
    const auto delivered = co_await producer_.send(std::move(records));
    EXPECT_TRUE(delivered);
  }

  std::optional<Error> take(const Event& event) {
    if (const auto found = sent_.find(event.event_id); found != sent_.end()) {
      const std::chrono::duration<double, std::milli> delay = std::chrono::steady_clock::now() - found->second.at;
      delays_ms_[found->second.window].push_back(delay.count());
      sent_.erase(found);
    }
    if (!poisoned() || event.key.starts_with("good-")) return std::nullopt;
    if (event.key.starts_with("rule-")) return Error{.code = Code::kValidationFailed, .detail = "poisoned"};
    if (event.key.starts_with("moment-")) return Error{.code = Code::kServiceUnavailable, .detail = "poisoned"};
    return Error{.code = Code::kInternal, .detail = "poisoned"};
  }

  Worker& worker_;
  testing::ConsumerSide& side_;
  kafka::Producer producer_;
  std::map<std::string, std::int64_t> sequences_;
  std::map<Uuid, Sent> sent_;
  std::map<int, std::vector<double>> delays_ms_;
  int window_ = 0;
  bool done_ = false;
};

double percentile(std::vector<double> values, double share) {
  std::ranges::sort(values);
  return values[static_cast<std::size_t>(share * static_cast<double>(values.size() - 1))];
}

TEST(Poison, DelaysNoOtherKeyByMoreThanItsBound) {
  if (!kafka::testing::broker_present()) GTEST_SKIP() << "run it under tools/testenv";
  Worker worker;
  testing::ConsumerSide side(worker, kafka::testing::fresh_topic("poison", 3));
  Traffic traffic(worker, side);
  side.start();
  // The group is formed and the connections are open before the clock counts.
  side.produce({testing::sample_record(testing::sample_event(side.topic(), "warm", 1))});
  ASSERT_TRUE(side.effects_become("warm", "1"));
  worker.tasks().spawn("traffic", traffic.run());
  ASSERT_TRUE(evc::testing::run_until(worker, [&] { return traffic.done(); }, 60s));

  std::vector<double> clean, poisoned, differences;
  for (int window = 0; window < kWindows; window += 2) {
    const auto without = traffic.delays_ms(window), with = traffic.delays_ms(window + 1);
    differences.push_back(percentile(with, 0.99) - percentile(without, 0.99));
    clean.insert(clean.end(), without.begin(), without.end());
    poisoned.insert(poisoned.end(), with.begin(), with.end());
  }
  for (const double share : {0.5, 0.9, 0.99})
    std::printf("p%.0f of good keys: %.1f ms without poison, %.1f ms with, ratio %.2f (%zu and %zu events)\n",
                100 * share, percentile(clean, share), percentile(poisoned, share),
                percentile(poisoned, share) / percentile(clean, share), clean.size(), poisoned.size());
  std::printf("p99 later with poison: %.1f ms in the middle, bound %.0f ms\n", percentile(differences, 0.5), kBoundMs);
  EXPECT_LT(percentile(differences, 0.5), kBoundMs);
  EXPECT_GT(std::stoi(side.database().value("SELECT count(*) FROM dead_letter")), kWindows) << "there was poison";
  side.stop();
}

}  // namespace
}  // namespace evc::messaging
