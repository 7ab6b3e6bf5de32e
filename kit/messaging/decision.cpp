#include "kit/messaging/decision.hpp"

#include <algorithm>

#include "kit/base/json.hpp"

namespace evc::messaging {
namespace {

constexpr std::string_view kMoneyTopic = "payment.events";
constexpr std::string_view kMoneyConsumer = "payment";
// Its ends make payment capture or let go.
constexpr std::string_view kSessionTopic = "charging.events";

}  // namespace

std::string text_of(Action action) {
  return std::string(json::encode(action).as_string());
}
std::string text_of(Outcome outcome) {
  return std::string(json::encode(outcome).as_string());
}

bool needs_second_person(Action action, std::string_view topic, std::string_view consumer) {
  switch (action) {
    case Action::kDryRun:
    case Action::kRelease:
      return false;
    case Action::kReplay:
      return topic == kMoneyTopic;
    case Action::kDiscard:
    case Action::kAcceptGap:
      return topic == kMoneyTopic || consumer == kMoneyConsumer;
    case Action::kDiscardRejected:
      return topic == kMoneyTopic || topic == kSessionTopic;
  }
  return true;
}

std::optional<std::chrono::milliseconds> RunLimit::wait(std::int64_t recent, std::optional<WallTime> oldest,
                                                        std::int64_t wanted, WallTime now) {
  if (recent + wanted <= kRuns) return std::nullopt;
  const auto until_oldest_is_out = oldest ? std::chrono::ceil<std::chrono::milliseconds>(*oldest + kWindow - now)
                                          : std::chrono::milliseconds(kWindow);
  return std::clamp(until_oldest_is_out, std::chrono::milliseconds(1'000), std::chrono::milliseconds(kWindow));
}

}  // namespace evc::messaging
