// What a gate does to the connections that pass it. A plain value, read and written as JSON by the control listener and
// the configuration file.
#pragma once

#include <cstdint>
#include <string>

#include "kit/base/json.hpp"

namespace evc::fault_gate {

enum class Mode {
  kPass,      // as if the gate were not there
  kDelay,     // every byte arrives `ms` later, in both directions
  kDrop,      // nothing arrives, neither bytes nor ends, as if packets were lost; what was held arrives when it passes
              // again
  kReset,     // open connections are reset, new ones as soon as they are accepted
  kHalfOpen,  // the target's side is gone and the client is not told: its bytes vanish; ended by a reset when it passes
              // again
  kTrickle,   // `bytes_per_s`, one piece at a time, in each direction
};
BOOST_DESCRIBE_ENUM(Mode, kPass, kDelay, kDrop, kReset, kHalfOpen, kTrickle)

struct Fault {
  Mode mode = Mode::kPass;
  std::int64_t ms = 0;
  std::int64_t bytes_per_s = 0;
  bool operator==(const Fault&) const = default;
};

// {"mode":"delay","ms":300}; validation-failed for anything else than what the mode takes.
Result<Fault> read_fault(const std::string& text);
json::Object describe(const Fault& fault);

}  // namespace evc::fault_gate
