#include <unistd.h>

#include <cstdio>
#include <cstdlib>

#include "kit/service/arguments.hpp"
#include "kit/service/process.hpp"
#include "kit/telemetry/log.hpp"
#include "kit/telemetry/span.hpp"

namespace evc::service {
namespace {

constexpr auto kFlushLimit = std::chrono::milliseconds(2000);

// The line for machines goes to the log, the sentence for people to stderr.
ExitCode report(const Definition& definition, ExitCode code, const char* reason, const std::string& hint) {
  EVC_LOG(kError, "the start failed", {{telemetry::key::kReason, reason}});
  telemetry::stop_logging();
  std::fprintf(stderr, "evcosta-%s did not start: %s\n%s\n", definition.name.c_str(), reason, hint.c_str());
  return code;
}

ExitCode run_process(const Definition& definition, const std::string& config_file) {
  Process process(definition, config_file);
  const ExitCode code = process.run();
  telemetry::shutdown_export(kFlushLimit);
  telemetry::stop_logging();
  // Something still runs and may touch what the destructors would take away.
  if (code == ExitCode::kDrainTimeout) _exit(static_cast<int>(code));
  return code;
}

ExitCode run_or_report(const Definition& definition, const std::vector<std::string>& arguments) {
  try {
    const Arguments parsed = parse_arguments(arguments);
    if (parsed.action == Arguments::Action::kHelp) {
      std::printf("%s", usage("evcosta-" + definition.name).c_str());
      return ExitCode::kClean;
    }
    if (parsed.action == Arguments::Action::kVersion) {
      std::printf("evcosta-%s %s\n", definition.name.c_str(), program_version().c_str());
      return ExitCode::kClean;
    }
    return run_process(definition, parsed.config_file);
  } catch (const StartError& error) {
    return report(definition, error.code(), error.what(), error.hint());
  } catch (const std::exception& error) {
    return report(definition, ExitCode::kInternal, error.what(),
                  "This was not expected; the log above says how far the start came.");
  }
}

}  // namespace

int run(int argc, char** argv, Definition definition) {
  const ExitCode code = run_or_report(definition, std::vector<std::string>(argv + std::min(argc, 1), argv + argc));
  telemetry::shutdown_export(kFlushLimit);
  telemetry::stop_logging();
  return static_cast<int>(code);
}

}  // namespace evc::service
