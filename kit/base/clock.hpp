// Time is injected: rules and machines take a Clock, so that tests run in virtual time. WallTime is UTC and goes into
// data; SteadyTime never jumps and goes into deadlines.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "kit/base/result.hpp"

namespace evc {

using WallTime = std::chrono::sys_time<std::chrono::microseconds>;
using SteadyTime = std::chrono::steady_clock::time_point;

class Clock {
 public:
  virtual ~Clock() = default;
  virtual WallTime wall() const = 0;
  virtual SteadyTime steady() const = 0;
};

// The machine's clocks. The object lives as long as the program.
const Clock& system_clock();

// RFC 3339 in UTC with milliseconds and `Z`, as every JSON document and event carries it.
std::string format_rfc3339(WallTime time);
// Takes any RFC 3339 offset; more than six fraction digits are truncated.
Result<WallTime> parse_rfc3339(std::string_view text);

}  // namespace evc
