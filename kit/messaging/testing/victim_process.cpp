#include "kit/messaging/testing/victim_process.hpp"

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <stdexcept>

extern char** environ;

namespace evc::messaging::testing {

VictimProcess::VictimProcess(std::vector<std::string> arguments) : arguments_(std::move(arguments)) {
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
  if (failed != 0) throw std::runtime_error(arguments_.front() + " cannot be started");
}

void VictimProcess::kill() {
  if (pid_ == 0) return;
  ::kill(pid_, SIGKILL);
  ::waitpid(pid_, nullptr, 0);
  pid_ = 0;
}

std::optional<int> VictimProcess::ended() {
  int status = 0;
  if (pid_ == 0 || ::waitpid(pid_, &status, WNOHANG) == 0) return std::nullopt;
  pid_ = 0;
  return status;
}

void VictimProcess::suspend() {
  ::kill(pid_, SIGSTOP);
}

void VictimProcess::wake() {
  ::kill(pid_, SIGCONT);
}

}  // namespace evc::messaging::testing
