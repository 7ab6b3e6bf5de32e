// A callee that comes and goes, and a caller with kit/resilience's breaker and retry rules in front of it.
#include "kit/resilience/circuit_breaker.hpp"
#include "kit/resilience/retry.hpp"
#include "proofs/simulator/world.hpp"

namespace evc::simulator {
namespace {

using resilience::CircuitBreaker;
using Outcome = CircuitBreaker::Outcome;

struct Caller {
  Engine& engine;
  CircuitBreaker breaker{};
  std::vector<std::string> violations;
  int running = 0;
  int calls = 0;
  int failed_in_a_row = 0;
  bool healthy = true;
  Ms slow{0};

  Go<bool> call() {
    const auto before = breaker.state();
    if (!breaker.allow(engine.steady())) {
      if (breaker.state() == CircuitBreaker::State::kClosed) violations.emplace_back("a closed breaker refused a call");
      co_return false;
    }
    if (before == CircuitBreaker::State::kOpen && breaker.state() != CircuitBreaker::State::kHalfOpen)
      violations.emplace_back("an open breaker let a call through");
    if (breaker.state() == CircuitBreaker::State::kHalfOpen && ++running > resilience::BreakerOptions{}.trials)
      violations.emplace_back("more trials at once than there may be");
    const bool trial = breaker.state() == CircuitBreaker::State::kHalfOpen;
    ++calls;
    const bool good = healthy;
    const Ms took = good ? slow + Ms(engine.random.between(1, 50)) : Ms(engine.random.between(1, 5'000));
    co_await engine.sleep(took);
    if (trial) --running;
    const bool cancelled = engine.stormy() && engine.random.one_in(20);
    breaker.record(cancelled ? Outcome::kNeutral : good ? Outcome::kGood : Outcome::kFailed, took, engine.steady());
    failed_in_a_row = good ? 0 : failed_in_a_row + 1;
    co_return good;
  }
};

Go<void> use(Engine& engine, Caller& caller, int count) {
  const resilience::RetryOptions options;
  for (int i = 0; i < count; ++i) {
    co_await engine.sleep(Ms(engine.random.between(0, 400)));
    for (int tries = 1; true; ++tries) {
      const bool good = co_await caller.call();
      if (good) break;
      const auto wait = resilience::wait_before(options, tries + 1, engine.random.next(), std::nullopt, Ms(5'000));
      if (!wait) break;
      if (tries >= options.tries) caller.violations.emplace_back("more tries than there may be");
      co_await engine.sleep(*wait);
    }
  }
}

}  // namespace

Verdict run_breaker(std::uint64_t seed, const Switches&, const Trace& trace) {
  Engine engine(seed);
  engine.trace = trace;
  Caller caller{.engine = engine};
  auto& process = engine.add_process("caller");
  process.boot = [&] {
    const auto users = engine.random.between(1, 5);
    for (std::int64_t i = 0; i < users; ++i) engine.spawn(process, use(engine, caller, 25));
  };
  engine.start(process);
  for (int i = 0; i < 4; ++i)
    engine.at(Ms(engine.random.between(0, 20'000)), [&] {
      caller.healthy = !caller.healthy;
      caller.slow = Ms(engine.random.one_in(3) ? 3'000 : 0);
    });
  engine.run_until(Ms(30'000));
  // A callee that is well again is called again: within its pause and a few trials.
  caller.healthy = true;
  caller.slow = Ms(0);
  engine.calm();
  engine.run_until(Ms(400'000));
  engine.spawn(process, use(engine, caller, 12));
  engine.run_until(Ms(500'000));
  if (caller.breaker.state() != CircuitBreaker::State::kClosed)
    caller.violations.emplace_back("the breaker did not close although all was well");
  return {.violations = std::move(caller.violations), .steps = engine.steps};
}

}  // namespace evc::simulator
