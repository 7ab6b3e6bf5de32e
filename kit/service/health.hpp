// What the process knows about its own health. Workers report the answers of their dependencies and a beat per second;
// the admin listener reads. Thread-safe. Ready means: every required check of every worker succeeded within the last
// kFresh, and the process is not draining. Alive means: every worker's loop turned within kAlive. A dependency that the
// service can do without (a cache) is shown but does not make it unready.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "kit/base/clock.hpp"
#include "kit/base/json.hpp"
#include "kit/base/result.hpp"

namespace evc::service {

enum class Dependency { kRequired, kOptional };

class HealthBoard {
 public:
  static constexpr std::chrono::milliseconds kFresh{5'000};
  static constexpr std::chrono::milliseconds kAlive{15'000};

  HealthBoard(std::size_t workers, const Clock& clock = system_clock());

  // Makes a check known before its first answer: until then the process is not ready.
  void expect(std::size_t worker, const std::string& name, Dependency dependency);
  void report(std::size_t worker, const std::string& name, const Result<void>& result);
  void beat(std::size_t worker);
  void listening();  // wired and accepting
  void draining();

  struct Answer {
    bool good = false;
    json::Object body;
  };
  Answer live() const;
  Answer ready() const;

 private:
  struct Check {
    Dependency dependency = Dependency::kRequired;
    bool good = false;
    std::string reason = "not checked yet";
    SteadyTime at{};
  };
  std::string reason_of(const Check& check) const;

  const Clock& clock_;
  mutable std::mutex mutex_;
  std::vector<SteadyTime> beats_;
  std::map<std::pair<std::string, std::size_t>, Check> checks_;
  bool listening_ = false;
  bool draining_ = false;
};

}  // namespace evc::service
