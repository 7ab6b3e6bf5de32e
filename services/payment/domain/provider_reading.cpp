#include "services/payment/domain/provider_reading.hpp"

namespace evc::payment {
namespace {

struct Answer {
  std::string id;
  std::string status;
  Money amount;
  Money captured;
  std::optional<std::string> decline_reason;
  WallTime expires_at{};
};
BOOST_DESCRIBE_STRUCT(Answer, (), (id, status, amount, captured, decline_reason, expires_at))

// The provider understood and said no; other refusals (who we are, too many calls, its own trouble) say nothing about
// the step.
bool refused_for_good(int status) {
  return status == 400 || status == 404 || status == 409 || status == 422;
}

Outcome outcome_of(Step step, const Answer& answer) {
  if (answer.status == "declined") return Outcome::kDeclined;
  if (answer.status == "captured") return step == Step::kRefund ? Outcome::kRefunded : Outcome::kCaptured;
  if (answer.status == "voided") return Outcome::kVoided;
  if (answer.status == "expired") return Outcome::kExpired;
  const bool asks_for_money = step == Step::kAuthorise || step == Step::kIncrement;
  if (answer.status == "authorised") return asks_for_money ? Outcome::kAuthorised : Outcome::kNotYet;
  return Outcome::kUnknown;
}

bool refused(const std::optional<Reply>& reply) {
  return reply && refused_for_good(reply->status);
}
bool succeeded(const std::optional<Reply>& reply) {
  return reply && reply->status / 100 == 2;
}

}  // namespace

Finding read_answer(Step step, std::string_view body) {
  // Tolerant: a provider may say more than we need.
  const auto answer = json::decode_text<Answer>(body, json::Unknown::kIgnore);
  if (!answer) return {.outcome = Outcome::kUnknown};
  const Outcome outcome = outcome_of(step, *answer);
  return {.outcome = outcome,
          .amount = outcome == Outcome::kCaptured ? answer->captured.amount : answer->amount.amount,
          .provider_id = answer->id,
          .reason = answer->decline_reason.value_or(""),
          .expires_at = answer->expires_at};
}

Finding authorise_said(const std::optional<Reply>& reply) {
  if (succeeded(reply)) return read_answer(Step::kAuthorise, reply->body);
  // 409: the reference is there already; what it became is found by looking.
  const bool never = refused(reply) && reply->status != 409;
  return {.outcome = never ? Outcome::kRefused : Outcome::kUnknown};
}

Finding increment_said(std::int64_t number, const std::optional<Reply>& reply) {
  Finding finding{.outcome = refused(reply) ? Outcome::kDeclined : Outcome::kUnknown};
  if (succeeded(reply)) finding = read_answer(Step::kIncrement, reply->body);
  finding.number = number;
  return finding;
}

Finding refund_said(std::int64_t number, const std::optional<Reply>& reply) {
  Finding finding{.outcome = refused(reply) ? Outcome::kRefused : Outcome::kUnknown};
  if (succeeded(reply)) finding = read_answer(Step::kRefund, reply->body);
  finding.number = number;
  return finding;
}

Finding look_said(Step step, const std::optional<Reply>& reply) {
  if (reply && reply->status == 200) return read_answer(step, reply->body);
  const bool unheard = reply && reply->status == 404;
  return {.outcome = unheard ? Outcome::kNeverHeard : Outcome::kUnknown};
}

std::optional<Finding> step_said(Step step, const std::optional<Reply>& reply) {
  if (succeeded(reply)) return read_answer(step, reply->body);
  return std::nullopt;
}

Finding after_look(Step step, const std::optional<Reply>& reply, Finding seen) {
  if (step == Step::kCapture) {
    // Still held after it was refused: it will never be captured. Still held after no answer: asked again.
    if (refused(reply) && (seen.outcome == Outcome::kNotYet || seen.outcome == Outcome::kNeverHeard))
      return {.outcome = Outcome::kRefused};
    if (seen.outcome == Outcome::kNeverHeard) return {.outcome = Outcome::kUnknown};
    return seen;
  }
  if (refused(reply) && seen.outcome == Outcome::kNotYet) return {.outcome = Outcome::kRefused};
  return seen;
}

Finding while_it_may_come(Finding finding, WallTime asked_at, std::chrono::milliseconds never_heard_after,
                          WallTime now) {
  if (finding.outcome == Outcome::kNeverHeard && now - asked_at < never_heard_after) finding.outcome = Outcome::kNotYet;
  return finding;
}

}  // namespace evc::payment
