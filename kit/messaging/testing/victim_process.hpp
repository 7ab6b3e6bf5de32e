// A program of this folder (victim.cpp, crash_subject.cpp) as a process of its own, for tests that kill it or make it
// stand still. Started by the constructor, killed by the destructor. What it writes to standard output is dropped.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <vector>

namespace evc::messaging::testing {

class VictimProcess {
 public:
  // The program's file, which CMake names to the tests (EVC_VICTIM, EVC_CRASH_SUBJECT), and its arguments.
  explicit VictimProcess(std::vector<std::string> arguments);
  ~VictimProcess();
  VictimProcess(const VictimProcess&) = delete;
  VictimProcess& operator=(const VictimProcess&) = delete;

  void start();
  void kill();     // SIGKILL, and gone when it returns
  void suspend();  // SIGSTOP
  void wake();     // SIGCONT
  // The status that waitpid() gives, once after it has ended by itself; until then and afterwards nothing.
  std::optional<int> ended();
  pid_t pid() const { return pid_; }

 private:
  std::vector<std::string> arguments_;
  pid_t pid_ = 0;  // 0: there is no such process
};

}  // namespace evc::messaging::testing
