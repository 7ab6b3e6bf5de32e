#include "kit/messaging/testing/victim_process.hpp"

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <stdexcept>

extern char** environ;

namespace evc::messaging::testing {

VictimProcess::VictimProcess(std::string program, std::string role, std::string conninfo, std::string topic,
                             std::string name)
    : arguments_{std::move(program), std::move(role), std::move(conninfo), std::move(topic), std::move(name)} {
  start();
}

VictimProcess::~VictimProcess() {
  kill();
}

void VictimProcess::start() {
  std::vector<char*> raw;
  for (auto& argument : arguments_) raw.push_back(argument.data());
  raw.push_back(nullptr);
  posix_spawn_file_actions_t quiet;
  posix_spawn_file_actions_init(&quiet);
  posix_spawn_file_actions_addopen(&quiet, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
  const int failed = ::posix_spawn(&pid_, raw[0], &quiet, nullptr, raw.data(), environ);
  posix_spawn_file_actions_destroy(&quiet);
  if (failed != 0) throw std::runtime_error("the victim cannot be started");
}

void VictimProcess::kill() {
  if (pid_ == 0) return;
  ::kill(pid_, SIGKILL);
  ::waitpid(pid_, nullptr, 0);
  pid_ = 0;
}

void VictimProcess::suspend() {
  ::kill(pid_, SIGSTOP);
}

void VictimProcess::wake() {
  ::kill(pid_, SIGCONT);
}

}  // namespace evc::messaging::testing
