// What an operator decides about events that stand still, and what may come of it. Pure: the rules of who may decide
// alone, for how long a wish stands, and how much may be done at once. The inbox and kit/messaging/operations obey
// them.
#pragma once

#include <boost/describe.hpp>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "kit/base/clock.hpp"
#include "kit/base/uuid.hpp"

namespace evc::messaging {

enum class Action { kDryRun, kReplay, kDiscard, kAcceptGap, kDiscardRejected, kRelease };
BOOST_DESCRIBE_ENUM(Action, kDryRun, kReplay, kDiscard, kAcceptGap, kDiscardRejected, kRelease)

enum class Outcome {
  kApplied,    // took effect, now or earlier; of a dry run: it would
  kDiscarded,  // given up, now or earlier
  kDeadAgain,  // failed again
  kNotNow,     // something that may pass; nothing changed
  kAccepted,   // the key goes on without the missing events
  kReleased,   // the relay will send what waits
  kNotFound,
  kApprovalRequired,
};
BOOST_DESCRIBE_ENUM(Outcome, kApplied, kDiscarded, kDeadAgain, kNotNow, kAccepted, kReleased, kNotFound,
                    kApprovalRequired)

// As contracts and tables have them: "acceptGap".
std::string text_of(Action action);
std::string text_of(Outcome outcome);

// Who decides is the request's principal.
struct Decision {
  Action action = Action::kReplay;
  std::string reason;                       // empty: a dry run without one
  std::optional<std::string> requested_by;  // of a decision by two people, the first
};

struct Decided {
  Outcome outcome = Outcome::kNotFound;
  std::string error_code;  // of kDeadAgain and kNotNow
  std::string error_detail;
  std::int64_t followed = 0;      // events that waited behind it and took effect with it
  std::optional<Uuid> next_dead;  // the event behind it that failed: the subject's next dead letter
};

// Replaying a fact about money moves it, giving one up leaves it where it is: both take two people. `consumer` is empty
// where the decision is about the outbox.
bool needs_second_person(Action action, std::string_view topic, std::string_view consumer);

// How long the first person's wish stands.
inline constexpr std::chrono::hours kApprovalLife{24};

// Runs of one service, so that a mass replay leaves room for live traffic. Counted over the run log: all instances
// together.
struct RunLimit {
  static constexpr std::int64_t kRuns = 200;
  static constexpr std::chrono::seconds kWindow{10};
  // How long to wait, when `wanted` more are too many. `oldest`: of the `recent` runs inside the window.
  static std::optional<std::chrono::milliseconds> wait(std::int64_t recent, std::optional<WallTime> oldest,
                                                       std::int64_t wanted, WallTime now);
};

}  // namespace evc::messaging
