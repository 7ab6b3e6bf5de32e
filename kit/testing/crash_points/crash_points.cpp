// crash_point() as test programs have it: with EVC_CRASH_TABLE in the environment the process shares that table
// (crash_table.hpp), tells there the names of all its steps, counts how often each border is reached, and ends by
// SIGKILL on the spot where a death was ordered. Without it nothing happens.
#include "kit/base/crash_point.hpp"

#include <algorithm>
#include <cstdlib>
#include <string>
#include <vector>

#include "kit/testing/crash_points/crash_table.hpp"

// The bounds of the section, made by the linker; null in a program without steps.
extern "C" {
[[gnu::weak]] extern const evc::CrashPointName __start_evc_crash_points[];
[[gnu::weak]] extern const evc::CrashPointName __stop_evc_crash_points[];
}

namespace evc {
namespace {

std::vector<std::string> names_of_this_program() {
  std::vector<std::string> names;
  for (const auto* entry = __start_evc_crash_points; entry != __stop_evc_crash_points; ++entry)
    names.emplace_back(entry->text);
  std::ranges::sort(names);
  const auto repeated = std::ranges::unique(names);
  names.erase(repeated.begin(), repeated.end());
  return names;
}

testing::CrashTable* table() {
  static testing::CrashTable* const made = [] {
    const char* path = std::getenv("EVC_CRASH_TABLE");
    return path == nullptr ? nullptr : new testing::CrashTable(path, names_of_this_program());
  }();
  return made;
}

// At the start, so that the names are there before the first step is.
[[maybe_unused]] const testing::CrashTable* const made_at_start = table();

}  // namespace

void crash_point(std::uint64_t id, CrashSide side) noexcept {
  if (auto* known = table()) known->reach(id, side);
}

}  // namespace evc
