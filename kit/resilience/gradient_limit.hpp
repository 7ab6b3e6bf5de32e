// How many calls may be under way at once, learned from how long they take: while a kind of call takes as long as it
// usually does, the limit grows; when it takes longer, calls wait somewhere, and the limit shrinks until they do not
// (the gradient of a long and a short average). Kinds are compared with themselves only, since one may be slow by
// nature. Of the limit each kind may use a share, so that the least important are turned away first. Pure: lives on one
// worker.
#pragma once

#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>
#include <unordered_map>

namespace evc::resilience {

struct GradientOptions {
  double first = 100;
  double least = 10;
  double most = 1'000;
  double tolerance = 2;  // how much longer than usual a call may take before anything is turned away
  double smoothing = 0.2;
  std::chrono::milliseconds noise{5};  // times below this are all alike
};

class GradientLimit {
 public:
  explicit GradientLimit(GradientOptions options = {}) : options_(options), limit_(options.first) {}

  // Takes a place if fewer than `share` of the limit are taken. Each success must be followed by one leave().
  bool enter(double share);
  // `took` counts when the call says something about load: answered, or not in time.
  void leave(std::string_view kind, std::chrono::microseconds took);
  void leave_unmeasured() { --in_flight_; }

  std::size_t in_flight() const { return in_flight_; }
  std::size_t limit() const { return static_cast<std::size_t>(limit_); }

 private:
  struct Kind {
    double long_us = 0;
    double short_us = 0;
    std::size_t calls = 0;
  };

  GradientOptions options_;
  double limit_;
  std::size_t in_flight_ = 0;
  std::unordered_map<std::string, Kind> kinds_;
};

}  // namespace evc::resilience
