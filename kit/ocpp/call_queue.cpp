#include "kit/ocpp/call_queue.hpp"

#include <utility>

namespace evc::ocpp {

Result<void> CallQueue::push(std::uint64_t token, Call call) {
  if (waiting_.size() >= options_.waiting_limit) return fail(Code::kOverloaded, "too many calls wait for this station");
  waiting_.push_back({.token = token, .call = std::move(call)});
  return {};
}

std::optional<Call> CallQueue::take(SteadyTime now) {
  if (outstanding_ || waiting_.empty()) return std::nullopt;
  outstanding_ = std::move(waiting_.front());
  waiting_.pop_front();
  outstanding_->deadline = now + options_.timeout;
  return outstanding_->call;
}

std::optional<Settled> CallQueue::settle(Settled::Outcome outcome) {
  Settled settled{.token = outstanding_->token, .outcome = outcome, .call = std::move(outstanding_->call)};
  outstanding_.reset();
  return settled;
}

std::optional<Settled> CallQueue::on_result(CallResult result) {
  if (!outstanding_ || outstanding_->call.id != result.id) return std::nullopt;
  auto settled = settle(Settled::Outcome::kResult);
  settled->payload = std::move(result.payload);
  return settled;
}

std::optional<Settled> CallQueue::on_error(CallError error) {
  if (!outstanding_ || outstanding_->call.id != error.id) return std::nullopt;
  auto settled = settle(Settled::Outcome::kError);
  settled->error = std::move(error);
  return settled;
}

std::optional<Settled> CallQueue::expire(SteadyTime now) {
  if (!outstanding_ || outstanding_->deadline > now) return std::nullopt;
  return settle(Settled::Outcome::kTimeout);
}

std::vector<Settled> CallQueue::lose() {
  std::vector<Settled> lost;
  if (outstanding_) lost.push_back(*settle(Settled::Outcome::kLost));
  for (auto& entry : waiting_)
    lost.push_back({.token = entry.token, .outcome = Settled::Outcome::kLost, .call = std::move(entry.call)});
  waiting_.clear();
  return lost;
}

std::optional<SteadyTime> CallQueue::next_deadline() const {
  if (!outstanding_) return std::nullopt;
  return outstanding_->deadline;
}

}  // namespace evc::ocpp
