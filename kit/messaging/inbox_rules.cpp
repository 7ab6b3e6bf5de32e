#include "kit/messaging/inbox_rules.hpp"

#include <algorithm>

namespace evc::messaging {
namespace {

constexpr std::int64_t kTriesOfUnknown = 3;

}  // namespace

Place place_of(const Standing& standing, std::int64_t sequence) {
  if (!standing.fresh) return {.turn = Turn::kDuplicate, .sequence = sequence};
  // A producer's sequence has no gaps, so an unreadable record is the next one.
  if (sequence <= 0) sequence = standing.last.value_or(0) + 1;
  if (standing.last && sequence <= *standing.last) return {.turn = Turn::kOld, .sequence = sequence};
  if (standing.last && sequence > *standing.last + 1) return {.turn = Turn::kEarly, .sequence = sequence};
  return {.turn = standing.subject_parked ? Turn::kBehindDeadLetter : Turn::kNow, .sequence = sequence};
}

FailureKind failure_kind(Code code) {
  if (info(code).retryable) return FailureKind::kTransient;
  switch (code) {
    case Code::kSchemaInvalid:
    case Code::kMalformedJson:
    case Code::kValidationFailed:
    case Code::kConstraintViolation:
    case Code::kUniqueViolation:
    case Code::kConflict:
      return FailureKind::kDeterministic;
    default:
      return FailureKind::kUnknown;
  }
}

bool worth_another_try(Code code, Origin origin, std::int64_t attempt) {
  const auto kind = failure_kind(code);
  if (kind == FailureKind::kTransient) return true;
  return kind == FailureKind::kUnknown && origin == Origin::kTopic && attempt < kTriesOfUnknown;
}

std::chrono::milliseconds retry_pause(const RetryPauses& pauses, std::int64_t attempt,
                                      std::optional<std::chrono::milliseconds> retry_after, std::uint64_t random) {
  auto bound = pauses.first * (std::int64_t{1} << std::min<std::int64_t>(attempt, 16));
  bound = std::min(bound, pauses.cap);
  const auto pause = retry_after.value_or(
      std::chrono::milliseconds(1 + static_cast<std::int64_t>(random % static_cast<std::uint64_t>(bound.count()))));
  return std::min(pause, pauses.cap);
}

}  // namespace evc::messaging
