#include "kit/base/assert.hpp"

#include <atomic>
#include <cstdio>
#include <cstdlib>

namespace evc {
namespace {

std::atomic<unsigned long long> bug_count{0};
// A bug in a loop must not fill the disk; the counter goes on.
constexpr unsigned long long kBugsWritten = 100;

}  // namespace

void assertion_failed(const char* expression, const char* file, int line) {
  std::fprintf(stderr, "assertion failed: %s (%s:%d)\n", expression, file, line);
  std::fflush(stderr);
  std::abort();
}

void report_bug(const char* what, const char* file, int line) {
  if (bug_count.fetch_add(1, std::memory_order_relaxed) < kBugsWritten) {
    std::fprintf(stderr, "bug: %s (%s:%d)\n", what, file, line);
  }
}

unsigned long long bugs_reported() {
  return bug_count.load(std::memory_order_relaxed);
}

}  // namespace evc
