// The simulated machine: virtual time, processes that can be killed between any two steps, messages that arrive late or
// never. One thread; every choice comes from one seed, so that a schedule replays. What runs in a process is a
// coroutine; killing the process destroys its frames, which is what SIGKILL does to memory. One Engine per schedule.
#pragma once

#include <chrono>
#include <coroutine>
#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <optional>
#include <queue>
#include <string>
#include <utility>
#include <vector>

#include "kit/base/clock.hpp"

namespace evc::simulator {

using Ms = std::chrono::milliseconds;

// xorshift: the same numbers on every machine.
class Random {
 public:
  explicit Random(std::uint64_t seed);
  std::uint64_t next();
  std::int64_t between(std::int64_t low, std::int64_t high) {
    return low + static_cast<std::int64_t>(next() % static_cast<std::uint64_t>(high - low + 1));
  }
  bool one_in(std::int64_t n) { return n > 0 && next() % static_cast<std::uint64_t>(n) == 0; }

 private:
  std::uint64_t state_;
};

// A coroutine that is awaited by one other, or is a root of a process. It starts when it is awaited; its frame goes
// with this object.
template <class T>
class [[nodiscard]] Go;

namespace detail {
struct PromiseBase {
  std::coroutine_handle<> continuation;
  struct Final {
    bool await_ready() noexcept { return false; }
    template <class P>
    std::coroutine_handle<> await_suspend(std::coroutine_handle<P> done) noexcept {
      auto next = done.promise().continuation;
      return next ? next : std::noop_coroutine();
    }
    void await_resume() noexcept {}
  };
  std::suspend_always initial_suspend() noexcept { return {}; }
  Final final_suspend() noexcept { return {}; }
  void unhandled_exception() { std::terminate(); }
};
template <class T>
struct Promise : PromiseBase {
  std::optional<T> value;
  Go<T> get_return_object();
  void return_value(T given) { value.emplace(std::move(given)); }
  T take() { return std::move(*value); }
};
template <>
struct Promise<void> : PromiseBase {
  Go<void> get_return_object();
  void return_void() {}
  void take() {}
};
}  // namespace detail

template <class T>
class [[nodiscard]] Go {
 public:
  using promise_type = detail::Promise<T>;
  using Handle = std::coroutine_handle<promise_type>;
  explicit Go(Handle handle) : handle_(handle) {}
  Go(Go&& other) noexcept : handle_(std::exchange(other.handle_, {})) {}
  Go& operator=(Go&&) = delete;
  ~Go() {
    if (handle_) handle_.destroy();
  }
  Handle handle() const { return handle_; }
  bool await_ready() { return false; }
  std::coroutine_handle<> await_suspend(std::coroutine_handle<> caller) {
    handle_.promise().continuation = caller;
    return handle_;
  }
  T await_resume() { return handle_.promise().take(); }

 private:
  Handle handle_;
};

namespace detail {
template <class T>
Go<T> Promise<T>::get_return_object() {
  return Go<T>(std::coroutine_handle<Promise<T>>::from_promise(*this));
}
inline Go<void> Promise<void>::get_return_object() {
  return Go<void>(std::coroutine_handle<Promise<void>>::from_promise(*this));
}
}  // namespace detail

struct Process {
  std::string name;
  std::function<void()> boot;  // starts its roots; called again after a crash
  bool may_crash = true;
  Ms longest_stall{0};  // SIGSTOP may last longer here than the weather says
  bool up = false;
  int life = 0;
  std::list<Go<void>> roots;
};

// Something that may come once, waited for by one coroutine: the answer to a call, the news that there is work.
struct Arrival {
  bool arrived = false;
  bool resumed = false;
  std::coroutine_handle<> waiter;
  Process* process = nullptr;
  int life = 0;
};
template <class T>
struct Answer : Arrival {
  std::optional<T> value;
};

// Faults of a schedule. Each `_in` is a chance of one in so many; 0: never.
struct Weather {
  std::int64_t crash_in = 0;   // at each step of a process that may crash
  std::int64_t stall_in = 0;   // a step takes up to `longest_stall`
  std::int64_t lost_in = 0;    // of each message: request, answer, offset commit
  std::int64_t refuse_in = 0;  // of each transaction: the database is away
  std::int64_t doubt_in = 0;   // of each transaction: committed, and nobody is told
  Ms longest_stall{0};
  Ms longest_restart{4'000};
};

class Engine {
 public:
  explicit Engine(std::uint64_t seed);
  Engine(const Engine&) = delete;

  Random random;
  Weather weather;
  std::int64_t crashes_left = 0;
  std::int64_t steps = 0;
  std::function<void(const std::string&)> trace;  // empty: nobody listens

  Ms now() const { return now_; }
  WallTime wall() const { return WallTime(std::chrono::days(20'000)) + now_; }
  SteadyTime steady() const { return SteadyTime(std::chrono::hours(100)) + now_; }
  // No faults from now on: what is left must settle.
  void calm();
  bool stormy() const { return stormy_; }

  Process& add_process(std::string name);
  void start(Process& process);
  void spawn(Process& process, Go<void> root);
  // Not in a process: nothing kills it.
  void at(Ms time, std::function<void()> call);
  void crash(Process& process);
  // False: there is nothing left to do before `until`.
  bool run_until(Ms until);

  void say(std::string_view who, const std::string& what);
  bool heard() const { return static_cast<bool>(trace); }
  Process& current() { return *current_; }

  struct Sleep {
    Engine& engine;
    Ms time;
    bool await_ready() { return false; }
    void await_suspend(std::coroutine_handle<> handle) { engine.resume_at(engine.now_ + time, handle, nullptr); }
    void await_resume() {}
  };
  Sleep sleep(Ms time) { return {*this, time}; }
  // The boundary between two steps: a moment passes, and the process may be killed.
  Sleep step();
  struct Wait {
    Engine& engine;
    std::shared_ptr<Arrival> arrival;
    Ms limit;
    bool await_ready() { return arrival->arrived; }
    void await_suspend(std::coroutine_handle<> handle);
    void await_resume() {}
  };
  // Until it arrives, at most `limit`.
  Wait wait(std::shared_ptr<Arrival> arrival, Ms limit) { return {*this, std::move(arrival), limit}; }
  void arrive(const std::shared_ptr<Arrival>& arrival, Ms after);

 private:
  struct Entry {
    Ms time;
    std::uint64_t order;
    Process* process;
    int life;
    std::coroutine_handle<> handle;
    std::shared_ptr<Arrival> arrival;
    std::shared_ptr<std::function<void()>> call;
    bool operator<(const Entry& other) const { return time != other.time ? time > other.time : order > other.order; }
  };
  void resume_at(Ms time, std::coroutine_handle<> handle, std::shared_ptr<Arrival> arrival);
  void push(Entry entry);
  void work_on(Entry entry);

  Ms now_{0};
  std::uint64_t order_ = 0;
  std::priority_queue<Entry> queue_;
  std::list<Process> processes_;
  Process* current_ = nullptr;
  bool stormy_ = true;
};

// Wakes whoever waits for a change.
class Bell {
 public:
  explicit Bell(Engine& engine) : engine_(engine) {}
  std::shared_ptr<Arrival> listen();
  void ring();

 private:
  Engine& engine_;
  std::vector<std::shared_ptr<Arrival>> listeners_;
};

}  // namespace evc::simulator
