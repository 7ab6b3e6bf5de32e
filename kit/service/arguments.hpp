// The command line of every service: --config FILE, --version, --help.
#pragma once

#include <string>
#include <vector>

namespace evc::service {

struct Arguments {
  enum class Action { kRun, kVersion, kHelp } action = Action::kRun;
  std::string config_file;
};

// Throws StartError(kUsage) with what is wrong.
Arguments parse_arguments(const std::vector<std::string>& arguments);
std::string usage(const std::string& program);

}  // namespace evc::service
