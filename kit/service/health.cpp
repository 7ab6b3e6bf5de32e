#include "kit/service/health.hpp"

#include <fmt/format.h>

namespace evc::service {
namespace {

std::int64_t milliseconds_between(SteadyTime from, SteadyTime to) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(to - from).count();
}

}  // namespace

HealthBoard::HealthBoard(std::size_t workers, const Clock& clock) : clock_(clock), beats_(workers, clock.steady()) {}

void HealthBoard::expect(std::size_t worker, const std::string& name, Dependency dependency) {
  const std::scoped_lock lock(mutex_);
  checks_[{name, worker}].dependency = dependency;
}

void HealthBoard::report(std::size_t worker, const std::string& name, const Result<void>& result) {
  const std::scoped_lock lock(mutex_);
  Check& check = checks_[{name, worker}];
  check.good = result.has_value();
  check.at = clock_.steady();
  check.reason.clear();
  if (!result)
    check.reason = result.error().detail.empty() ? std::string(info(result.error().code).title) : result.error().detail;
}

void HealthBoard::beat(std::size_t worker) {
  const std::scoped_lock lock(mutex_);
  beats_.at(worker) = clock_.steady();
}

void HealthBoard::listening() {
  const std::scoped_lock lock(mutex_);
  listening_ = true;
}

void HealthBoard::draining() {
  const std::scoped_lock lock(mutex_);
  draining_ = true;
}

HealthBoard::Answer HealthBoard::live() const {
  const std::scoped_lock lock(mutex_);
  const SteadyTime now = clock_.steady();
  json::Array stuck;
  for (std::size_t i = 0; i < beats_.size(); ++i) {
    if (now - beats_[i] <= kAlive) continue;
    stuck.push_back(
        json::Value(fmt::format("worker {} has not turned for {} ms", i, milliseconds_between(beats_[i], now))));
  }
  Answer answer{.good = stuck.empty()};
  answer.body["status"] = answer.good ? "alive" : "stuck";
  if (!answer.good) answer.body["reasons"] = std::move(stuck);
  return answer;
}

std::string HealthBoard::reason_of(const Check& check) const {
  if (!check.good) return check.reason;
  const SteadyTime now = clock_.steady();
  if (now - check.at > kFresh) return fmt::format("the last answer is {} ms old", milliseconds_between(check.at, now));
  return {};
}

HealthBoard::Answer HealthBoard::ready() const {
  const std::scoped_lock lock(mutex_);
  // One entry per name: the first worker with a problem speaks for it.
  struct Shown {
    Dependency dependency;
    std::string reason;
  };
  std::map<std::string, Shown> shown;
  for (const auto& [key, check] : checks_) {
    const std::string reason = reason_of(check);
    auto [place, made] = shown.try_emplace(key.first, Shown{check.dependency, reason});
    if (!made && place->second.reason.empty()) place->second.reason = reason;
  }
  Answer answer{.good = listening_ && !draining_};
  json::Array reasons;
  if (draining_) reasons.push_back("draining");
  if (!listening_) reasons.push_back("starting");
  json::Object checks;
  for (const auto& [name, one] : shown) {
    const bool required = one.dependency == Dependency::kRequired;
    json::Object entry{{"ok", one.reason.empty()}, {"required", required}};
    if (!one.reason.empty()) {
      entry["reason"] = one.reason;
      if (required) {
        answer.good = false;
        reasons.push_back(json::Value(name + ": " + one.reason));
      }
    }
    checks.emplace(name, std::move(entry));
  }
  answer.body["status"] = answer.good ? "ready" : "notReady";
  if (!reasons.empty()) answer.body["reasons"] = std::move(reasons);
  answer.body["checks"] = std::move(checks);
  return answer;
}

}  // namespace evc::service
