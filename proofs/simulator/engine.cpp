#include "proofs/simulator/engine.hpp"

#include <algorithm>

namespace evc::simulator {

Random::Random(std::uint64_t seed) : state_(seed * 0x9E3779B97F4A7C15ULL + 0x1234567ULL) {
  for (int i = 0; i < 4; ++i) next();
}

std::uint64_t Random::next() {
  state_ += 0x9E3779B97F4A7C15ULL;
  std::uint64_t z = state_;
  z = (z ^ (z >> 30U)) * 0xBF58476D1CE4E5B9ULL;
  z = (z ^ (z >> 27U)) * 0x94D049BB133111EBULL;
  return z ^ (z >> 31U);
}

Engine::Engine(std::uint64_t seed) : random(seed) {}

void Engine::calm() {
  stormy_ = false;
  weather = Weather{.longest_restart = weather.longest_restart};
}

Process& Engine::add_process(std::string name) {
  processes_.push_back({.name = std::move(name)});
  return processes_.back();
}

void Engine::start(Process& process) {
  process.up = true;
  process.boot();
}

void Engine::spawn(Process& process, Go<void> root) {
  process.roots.push_back(std::move(root));
  push({.time = now_, .process = &process, .life = process.life, .handle = process.roots.back().handle()});
}

void Engine::at(Ms time, std::function<void()> call) {
  push({.time = time, .call = std::make_shared<std::function<void()>>(std::move(call))});
}

void Engine::crash(Process& process) {
  if (!process.up) return;
  if (heard()) say(process.name, "✗ killed");
  process.up = false;
  ++process.life;
  process.roots.clear();
  const auto back = now_ + Ms(random.between(50, weather.longest_restart.count()));
  at(back, [this, &process] {
    if (heard()) say(process.name, "starts again");
    start(process);
  });
}

Engine::Sleep Engine::step() {
  if (stormy_ && random.one_in(weather.stall_in)) {
    const auto longest = std::max(weather.longest_stall, current_->longest_stall);
    return {*this, Ms(random.between(0, longest.count()))};
  }
  return {*this, Ms(random.between(0, 3))};
}

void Engine::resume_at(Ms time, std::coroutine_handle<> handle, std::shared_ptr<Arrival> arrival) {
  push({.time = time, .process = current_, .life = current_->life, .handle = handle, .arrival = std::move(arrival)});
}

void Engine::push(Entry entry) {
  entry.order = order_++;
  queue_.push(std::move(entry));
}

void Engine::Wait::await_suspend(std::coroutine_handle<> handle) {
  arrival->waiter = handle;
  arrival->process = engine.current_;
  arrival->life = engine.current_->life;
  engine.resume_at(engine.now_ + limit, handle, arrival);
}

void Engine::arrive(const std::shared_ptr<Arrival>& arrival, Ms after) {
  if (arrival->arrived) return;
  arrival->arrived = true;
  if (!arrival->waiter || arrival->resumed) return;
  push({.time = now_ + after,
        .process = arrival->process,
        .life = arrival->life,
        .handle = arrival->waiter,
        .arrival = arrival});
}

void Engine::work_on(Entry entry) {
  if (entry.call) return (*entry.call)();
  if (!entry.process->up || entry.process->life != entry.life) return;
  if (entry.arrival) {
    if (entry.arrival->resumed) return;
    entry.arrival->resumed = true;
  }
  auto& process = *entry.process;
  if (crashes_left > 0 && process.may_crash && random.one_in(weather.crash_in)) {
    --crashes_left;
    return crash(process);
  }
  ++steps;
  current_ = &process;
  entry.handle.resume();
  current_ = nullptr;
  std::erase_if(process.roots, [](const Go<void>& root) { return root.handle().done(); });
}

bool Engine::run_until(Ms until) {
  while (!queue_.empty() && queue_.top().time <= until) {
    Entry entry = queue_.top();
    queue_.pop();
    now_ = std::max(now_, entry.time);
    work_on(std::move(entry));
  }
  now_ = std::max(now_, until);
  return !queue_.empty();
}

void Engine::say(std::string_view who, const std::string& what) {
  if (!trace) return;
  std::string line = std::to_string(now_.count());
  line.insert(0, line.size() < 8 ? 8 - line.size() : 0, ' ');
  line.append(" ms  ").append(who);
  line.append(who.size() < 16 ? 16 - who.size() : 1, ' ');
  trace(line + what);
}

std::shared_ptr<Arrival> Bell::listen() {
  listeners_.push_back(std::make_shared<Arrival>());
  return listeners_.back();
}

void Bell::ring() {
  for (const auto& each : listeners_) engine_.arrive(each, Ms(0));
  listeners_.clear();
}

}  // namespace evc::simulator
