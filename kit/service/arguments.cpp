#include "kit/service/arguments.hpp"

#include "kit/service/start_error.hpp"

namespace evc::service {

Arguments parse_arguments(const std::vector<std::string>& arguments) {
  const auto wrong = [](const std::string& reason) { return StartError(ExitCode::kUsage, reason, "Try --help."); };
  Arguments parsed;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const std::string& argument = arguments[i];
    if (argument == "--version") {
      parsed.action = Arguments::Action::kVersion;
    } else if (argument == "--help") {
      parsed.action = Arguments::Action::kHelp;
    } else if (argument == "--config") {
      if (i + 1 == arguments.size()) throw wrong("--config needs a file");
      parsed.config_file = arguments[++i];
    } else if (argument.starts_with("--config=")) {
      parsed.config_file = argument.substr(9);
    } else {
      throw wrong("unknown argument " + argument);
    }
  }
  if (parsed.action == Arguments::Action::kRun && parsed.config_file.empty()) throw wrong("--config FILE is missing");
  return parsed;
}

std::string usage(const std::string& program) {
  return "usage: " + program +
         " --config FILE\n"
         "  --config FILE   settings (YAML); the environment overrides a.b_c by EVC_A_B_C\n"
         "  --version       print the version and end\n"
         "  --help          print this and end\n";
}

}  // namespace evc::service
