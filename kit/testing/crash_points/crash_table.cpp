#include "kit/testing/crash_points/crash_table.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <csignal>
#include <cstring>

#include "kit/base/assert.hpp"

namespace evc::testing {
namespace {

constexpr std::array<char, 8> kMagic{'E', 'V', 'C', 'R', 'A', 'S', 'H', '1'};

void* map(int file, std::size_t bytes) {
  void* memory = ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
  EVC_ASSERT(memory != MAP_FAILED);
  return memory;
}

std::size_t size_of(int file) {
  struct stat about = {};
  EVC_ASSERT(::fstat(file, &about) == 0);
  return static_cast<std::size_t>(about.st_size);
}

}  // namespace

CrashTable::CrashTable(const std::string& path, const std::vector<std::string>& names) {
  const std::size_t bytes = sizeof(Head) + names.size() * sizeof(Row);
  const int file = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  // Two processes may start at the same time: one makes it.
  EVC_ASSERT(file >= 0 && ::flock(file, LOCK_EX) == 0);
  const bool is_new = size_of(file) == 0;
  EVC_ASSERT(is_new || size_of(file) == bytes);
  EVC_ASSERT(::ftruncate(file, static_cast<off_t>(bytes)) == 0);
  auto* head = static_cast<Head*>(map(file, bytes));
  auto* rows = reinterpret_cast<Row*>(head + 1);
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (is_new) std::strncpy(rows[i].name.data(), names[i].c_str(), rows[i].name.size() - 1);
    EVC_ASSERT(names[i] == rows[i].name.data());
  }
  if (is_new) {
    head->rows = names.size();
    // Last: who sees it sees the rows.
    std::atomic_thread_fence(std::memory_order_release);
    head->magic = kMagic;
  }
  // The mapping keeps the lock's file open: closing it here would not let it go.
  EVC_ASSERT(::flock(file, LOCK_UN) == 0);
  ::close(file);
  index(head);
}

CrashTable::CrashTable(const std::string& path) {
  const int file = ::open(path.c_str(), O_RDWR | O_CLOEXEC);
  if (file < 0) return;
  const std::size_t bytes = size_of(file);
  if (bytes >= sizeof(Head)) {
    auto* head = static_cast<Head*>(map(file, bytes));
    if (head->magic == kMagic) index(head);
  }
  ::close(file);
}

void CrashTable::index(Head* head) {
  auto* rows = reinterpret_cast<Row*>(head + 1);
  // Two names of one hash would be one step.
  for (std::uint64_t i = 0; i < head->rows; ++i)
    EVC_ASSERT(rows_.emplace(crash_point_id(rows[i].name.data()), &rows[i]).second);
}

std::vector<std::string> CrashTable::names() const {
  std::vector<std::string> found;
  for (const auto& [id, row] : rows_) found.emplace_back(row->name.data());
  std::ranges::sort(found);
  return found;
}

CrashTable::Border& CrashTable::border(const std::string& name, CrashSide side) const {
  return rows_.at(crash_point_id(name.c_str()))->borders[static_cast<std::size_t>(side)];
}

void CrashTable::order(const std::string& name, CrashSide side) {
  std::atomic_ref(border(name, side).ordered).store(1);
}
std::uint64_t CrashTable::ordered(const std::string& name, CrashSide side) const {
  return std::atomic_ref(border(name, side).ordered).load();
}
std::uint64_t CrashTable::reached(const std::string& name, CrashSide side) const {
  return std::atomic_ref(border(name, side).reached).load();
}
std::uint64_t CrashTable::died(const std::string& name, CrashSide side) const {
  return std::atomic_ref(border(name, side).died).load();
}

void CrashTable::reach(std::uint64_t id, CrashSide side) {
  Border& here = rows_.at(id)->borders[static_cast<std::size_t>(side)];
  std::atomic_ref(here.reached).fetch_add(1);
  const std::atomic_ref ordered(here.ordered);
  auto left = ordered.load();
  while (left > 0) {
    if (!ordered.compare_exchange_weak(left, left - 1)) continue;
    std::atomic_ref(here.died).fetch_add(1);
    ::kill(::getpid(), SIGKILL);
    while (true) ::pause();
  }
}

}  // namespace evc::testing
