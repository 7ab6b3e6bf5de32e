#include "kit/resilience/circuit_breaker.hpp"

#include <algorithm>

namespace evc::resilience {

bool CircuitBreaker::allow(SteadyTime now) {
  if (state_ == State::kClosed) return true;
  if (state_ == State::kOpen) {
    if (now - opened_at_ < options_.open_for) return false;
    state_ = State::kHalfOpen;
    trials_running_ = 0;
    trials_good_ = 0;
  }
  if (trials_running_ + trials_good_ >= options_.trials) return false;
  ++trials_running_;
  return true;
}

void CircuitBreaker::record(Outcome outcome, std::chrono::milliseconds took, SteadyTime now) {
  const bool bad = outcome == Outcome::kFailed || (outcome == Outcome::kGood && took > options_.slow);
  if (state_ == State::kHalfOpen) return record_trial(outcome, bad, now);
  // A call that began before the breaker opened ends now: the decision is made already.
  if (state_ == State::kOpen || outcome == Outcome::kNeutral) return;
  calls_.push_back({now, bad});
  while (calls_.size() > options_.window_calls || now - calls_.front().at > options_.window) calls_.pop_front();
  if (calls_.size() < options_.minimum_calls) return;
  const auto bad_calls = std::ranges::count_if(calls_, &Call::bad);
  if (static_cast<double>(bad_calls) >= options_.bad_share * static_cast<double>(calls_.size())) open(now);
}

void CircuitBreaker::record_trial(Outcome outcome, bool bad, SteadyTime now) {
  if (trials_running_ == 0) return;  // began before the breaker opened
  --trials_running_;
  if (bad) return open(now);
  if (outcome == Outcome::kNeutral) return;
  if (++trials_good_ < options_.trials) return;
  state_ = State::kClosed;
  calls_.clear();
}

void CircuitBreaker::open(SteadyTime now) {
  state_ = State::kOpen;
  opened_at_ = now;
  calls_.clear();
}

std::chrono::milliseconds CircuitBreaker::retry_after(SteadyTime now) const {
  if (state_ != State::kOpen) return std::chrono::milliseconds(0);
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(opened_at_ + options_.open_for - now);
  return std::max(left, std::chrono::milliseconds(0));
}

}  // namespace evc::resilience
