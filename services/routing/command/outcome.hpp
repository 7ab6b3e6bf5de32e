// What a command of evcosta-route leaves: text for standard output and standard error, and the exit status (0 done,
// 1 no solution, 2 bad input). Commands are plain functions of texts, so that tests need neither files nor a process.
#pragma once

#include <string>

#include "kit/base/result.hpp"

namespace evc::routing::command {

struct Outcome {
  int status = 0;
  std::string out, err;
};

inline constexpr int kNoSolution = 1;
inline constexpr int kBadInput = 2;

// "<what>: <pointer> <detail>" of every complaint.
Outcome bad_input(const std::string& what, const Error& error);

}  // namespace evc::routing::command
