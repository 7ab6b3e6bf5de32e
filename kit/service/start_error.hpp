// Why a process did not start: an exit code for the supervisor, the reason for the log, a hint for people. Thrown
// before the listener opens, caught in run() alone.
#pragma once

#include <stdexcept>
#include <string>

namespace evc::service {

// After sysexits.h where it has a word for it.
enum class ExitCode {
  kClean = 0,
  kUsage = 64,        // the command line
  kUnavailable = 69,  // the database or a migration
  kInternal = 70,     // an exception nobody expected
  kSystem = 71,       // a port that is taken
  kDrainTimeout = 75,
  kContract = 76,  // the schema registry refuses an event schema
  kSettings = 78,  // config.yaml, environment, certificates, secrets
};

class StartError : public std::runtime_error {
 public:
  StartError(ExitCode code, const std::string& reason, std::string hint)
      : std::runtime_error(reason), code_(code), hint_(std::move(hint)) {}
  ExitCode code() const { return code_; }
  const std::string& hint() const { return hint_; }

 private:
  ExitCode code_;
  std::string hint_;
};

}  // namespace evc::service
