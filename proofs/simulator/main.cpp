// simulator [--schedules N] [--from SEED] [--seed SEED] [--trace] [--world NAME] [--switch NAME] [--switches]: runs
// schedules of the protocol, each from its seed, and stops at the first that breaks a promise.
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <iostream>
#include <string>

#include "proofs/simulator/world.hpp"

namespace evc::simulator {
namespace {

struct Arguments {
  std::uint64_t from = 1;
  std::uint64_t schedules = 100'000;
  std::optional<std::uint64_t> seed;
  bool trace = false;
  std::string world;
  std::string switched;
};

struct World {
  const char* name;
  Verdict (*run)(std::uint64_t, const Switches&, const Trace&);
};
constexpr std::array kWorlds{World{"charge", run_charge}, World{"messaging", run_messaging},
                             World{"breaker", run_breaker}};

// Two of five schedules each for the charge and the messaging, one for the breaker.
const World& world_of(std::uint64_t seed, const std::string& wanted) {
  for (const auto& world : kWorlds)
    if (wanted == world.name) return world;
  const auto place = seed % 5;
  return place < 2 ? kWorlds[0] : place < 4 ? kWorlds[1] : kWorlds[2];
}

std::optional<Arguments> read(int count, char** words) {
  Arguments arguments;
  for (int i = 1; i < count; ++i) {
    const std::string word = words[i];
    const auto next = [&] { return i + 1 < count ? std::string(words[++i]) : std::string(); };
    if (word == "--schedules") {
      arguments.schedules = std::stoull(next());
    } else if (word == "--from") {
      arguments.from = std::stoull(next());
    } else if (word == "--seed") {
      arguments.seed = std::stoull(next());
    } else if (word == "--trace") {
      arguments.trace = true;
    } else if (word == "--world") {
      arguments.world = next();
    } else if (word == "--switch") {
      arguments.switched = next();
    } else if (word == "--switches") {
      for (const auto& [name, member] : kSwitchNames) std::puts(name);
      std::exit(0);
    } else {
      return std::nullopt;
    }
  }
  return arguments;
}

int report_failure(const World& world, std::uint64_t seed, const Arguments& arguments, const Verdict& verdict) {
  std::printf("seed %llu (%s) breaks a promise:\n", static_cast<unsigned long long>(seed), world.name);
  for (const auto& violation : verdict.violations) std::printf("  %s\n", violation.c_str());
  std::printf("replay: simulator --seed %llu --world %s%s%s --trace\n", static_cast<unsigned long long>(seed),
              world.name, arguments.switched.empty() ? "" : " --switch ", arguments.switched.c_str());
  return 1;
}

int run(const Arguments& arguments) {
  Switches switches;
  bool known = arguments.switched.empty();
  for (const auto& [name, member] : kSwitchNames) {
    if (arguments.switched != name) continue;
    switches.*member = true;
    known = true;
  }
  if (!known) {
    std::fprintf(stderr, "there is no switch %s\n", arguments.switched.c_str());
    return 2;
  }
  const Trace trace = arguments.trace ? Trace([](const std::string& line) { std::puts(line.c_str()); }) : Trace();
  const auto from = arguments.seed.value_or(arguments.from);
  const auto end = arguments.seed ? from + 1 : from + arguments.schedules;
  const auto began = std::clock();
  std::int64_t steps = 0, events = 0;
  for (auto seed = from; seed < end; ++seed) {
    const auto& world = world_of(seed, arguments.world);
    const auto verdict = world.run(seed, switches, trace);
    steps += verdict.steps;
    events += verdict.events;
    if (!verdict.violations.empty()) return report_failure(world, seed, arguments, verdict);
  }
  const auto took = static_cast<double>(std::clock() - began) / CLOCKS_PER_SEC;
  const auto count = static_cast<double>(end - from);
  std::printf(
      "%.0f schedules, %lld steps, %lld events: every promise held. %.1f s of one core, %.0f schedules a minute\n",
      count, static_cast<long long>(steps), static_cast<long long>(events), took, count / took * 60);
  return 0;
}

}  // namespace
}  // namespace evc::simulator

int main(int count, char** words) {
  const auto arguments = evc::simulator::read(count, words);
  if (!arguments) {
    std::fputs(
        "simulator [--schedules N] [--from SEED] [--seed SEED] [--trace] [--world charge|messaging|breaker] "
        "[--switch NAME] [--switches]\n",
        stderr);
    return 2;
  }
  return evc::simulator::run(*arguments);
}
