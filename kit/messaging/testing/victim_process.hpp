// A relay or an inbox as a process of its own (victim.cpp), for tests that kill it or make it stand still. Started by
// the constructor, killed by the destructor.
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

namespace evc::messaging::testing {

class VictimProcess {
 public:
  // `role` is relay or inbox; `name` the slot or the group. `program` is EVC_VICTIM, which CMake gives the tests.
  VictimProcess(std::string program, std::string role, std::string conninfo, std::string topic, std::string name);
  ~VictimProcess();
  VictimProcess(const VictimProcess&) = delete;
  VictimProcess& operator=(const VictimProcess&) = delete;

  void start();
  void kill();     // SIGKILL, and gone when it returns
  void suspend();  // SIGSTOP
  void wake();     // SIGCONT
  pid_t pid() const { return pid_; }

 private:
  std::vector<std::string> arguments_;
  pid_t pid_ = 0;
};

}  // namespace evc::messaging::testing
