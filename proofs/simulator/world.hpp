// What a schedule is: a world built from a seed and some switches, run until everything has settled, and what was wrong
// with it.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "proofs/simulator/engine.hpp"
#include "proofs/simulator/protocol_switches.hpp"

namespace evc::simulator {

struct Verdict {
  std::vector<std::string> violations;  // empty: all promises held
  std::int64_t steps = 0;
  std::int64_t events = 0;
};
using Trace = std::function<void(const std::string&)>;

Verdict run_messaging(std::uint64_t seed, const Switches& switches, const Trace& trace);
Verdict run_charge(std::uint64_t seed, const Switches& switches, const Trace& trace);
Verdict run_breaker(std::uint64_t seed, const Switches& switches, const Trace& trace);

// The faults of a schedule, from its seed: some are calm, some are wild.
Weather draw_weather(Random& random);

}  // namespace evc::simulator
