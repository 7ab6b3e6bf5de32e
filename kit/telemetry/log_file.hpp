// The log as a file that this process appends to itself: stdout and stderr are the file already (whoever starts the
// process says so), here it is kept from growing without end. A full file is renamed to FILE.1, FILE.1 to FILE.2 …, and
// the descriptors go on in a new one. A pipe through the supervisor would cost as much CPU a line as the line itself.
// Owned by the log's writer; not thread-safe.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace evc::telemetry {

struct LogFileOptions {
  std::string path;
  std::uint64_t max_bytes = 20'000'000;
  int kept = 3;  // older files beside the current one
  std::vector<int> descriptors{1, 2};
};

class LogFile {
 public:
  explicit LogFile(LogFileOptions options);
  // After each write to the first descriptor. When the new file cannot be made, the old one goes on.
  void wrote(std::uint64_t bytes);

 private:
  void rotate();

  LogFileOptions options_;
  std::uint64_t size_ = 0;
};

// The log of this process is this file from now on. Before start_logging().
void use_log_file(LogFileOptions options);
void log_file_wrote(std::uint64_t bytes);

}  // namespace evc::telemetry
