#include "kit/runtime/cpu_pool.hpp"

#include <pthread.h>
#include <sched.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <boost/asio/async_result.hpp>
#include <boost/asio/post.hpp>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>
#include <vector>

#include "kit/base/assert.hpp"

namespace evc {
namespace {

using Resume = std::move_only_function<void(bool ran)>;

struct Job {
  SteadyTime deadline;
  std::move_only_function<void()> work;
  Resume resume;
};

constexpr auto kRetryAfter = std::chrono::milliseconds(1000);

// Far more than Linux gives by itself (3 ms): since 6.12 a thread that asks for longer slices may be interrupted in the
// middle of one by whoever wakes with a shorter one. Niceness alone lets a worker wait for the end of the slice, at
// every hop of a request. Its share of the processor stays that of its niceness. Older kernels do not look at it.
constexpr std::uint64_t kSliceNs = 50'000'000;

// What sched_setattr(2) takes, in its first version; the kernel's own header and glibc's contradict each other.
struct SchedulingAttributes {
  std::uint32_t size = sizeof(SchedulingAttributes), policy = SCHED_OTHER;
  std::uint64_t flags = 0;
  std::int32_t nice = 0;
  std::uint32_t priority = 0;
  std::uint64_t runtime = kSliceNs, deadline = 0, period = 0;
};

// Linux counts both per thread: this one gives way to the workers, whatever the process was started with.
void give_way(int nice) {
  const auto self = static_cast<id_t>(gettid());
  const int wanted = std::min(getpriority(PRIO_PROCESS, self) + nice, 19);
  SchedulingAttributes attributes{.nice = wanted};
  if (syscall(SYS_sched_setattr, 0, &attributes, 0U) != 0) setpriority(PRIO_PROCESS, self, wanted);
}

}  // namespace

struct CpuPool::Impl {
  explicit Impl(Options chosen) : options(std::move(chosen)) {
    EVC_ASSERT(options.threads > 0);
    for (std::size_t i = 0; i < options.threads; ++i) threads.emplace_back([this] { run(); });
  }

  // After it nothing of the pool reaches a worker any more.
  void stop() {
    {
      const std::scoped_lock lock(mutex);
      stopping = true;
    }
    wake.notify_all();
    for (std::thread& thread : threads) thread.join();
    for (Job& job : queue) job.resume(false);
    queue.clear();
  }

  void run() {
    pthread_setname_np(pthread_self(), options.name.substr(0, 15).c_str());
    give_way(options.nice);
    while (auto job = next()) {
      const bool ran = std::chrono::steady_clock::now() < job->deadline;
      if (ran) job->work();
      job->work = nullptr;
      job->resume(ran);
    }
  }

  std::optional<Job> next() {
    std::unique_lock lock(mutex);
    wake.wait(lock, [this] { return stopping || !queue.empty(); });
    if (stopping) return std::nullopt;
    Job job = std::move(queue.front());
    queue.pop_front();
    return job;
  }

  bool push(Job& job) {
    {
      const std::scoped_lock lock(mutex);
      if (queue.size() >= options.queue_limit) return false;
      queue.push_back(std::move(job));
    }
    wake.notify_one();
    return true;
  }

  Options options;
  mutable std::mutex mutex;
  std::condition_variable wake;
  std::deque<Job> queue;
  bool stopping = false;
  std::vector<std::thread> threads;
};

CpuPool::CpuPool(Options options) : impl_(std::make_shared<Impl>(std::move(options))) {}
CpuPool::~CpuPool() {
  impl_->stop();
}

std::size_t CpuPool::queued() const {
  const std::scoped_lock lock(impl_->mutex);
  return impl_->queue.size();
}

Task<Result<void>> CpuPool::run_erased(Worker& worker, SteadyTime deadline, std::move_only_function<void()> work) {
  enum class Outcome { kRan, kTooLate, kFull };
  // Whoever waits may be resumed after the pool is gone: what it still reads is kept.
  const std::shared_ptr<Impl> impl = impl_;
  boost::asio::io_context& io = worker.io();
  auto initiate = [&impl = *impl, &io, deadline](auto handler, std::move_only_function<void()> job_work) {
    auto shared = std::make_shared<decltype(handler)>(std::move(handler));
    Job job{.deadline = deadline, .work = std::move(job_work), .resume = [shared, &io](bool ran) {
              boost::asio::post(io, [shared, ran] { (*shared)(ran ? Outcome::kRan : Outcome::kTooLate); });
            }};
    if (!impl.push(job)) boost::asio::post(io, [shared] { (*shared)(Outcome::kFull); });
  };
  const Outcome outcome = co_await boost::asio::async_initiate<decltype(use_task), void(Outcome)>(
      std::move(initiate), use_task, std::move(work));
  if (outcome == Outcome::kTooLate)
    co_return fail(Code::kDeadlineExceeded, impl->options.name + " did not begin in time");
  if (outcome == Outcome::kFull) {
    co_return std::unexpected(
        Error{.code = Code::kOverloaded, .detail = impl->options.name + " is full", .retry_after = kRetryAfter});
  }
  co_return Result<void>{};
}

}  // namespace evc
