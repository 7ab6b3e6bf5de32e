#include "kit/telemetry/log_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>
#include <memory>
#include <mutex>

namespace evc::telemetry {
namespace {

constexpr int kMode = 0640;

std::uint64_t size_of(int descriptor) {
  struct stat about{};
  return fstat(descriptor, &about) == 0 ? static_cast<std::uint64_t>(about.st_size) : 0;
}

std::mutex mutex;
std::unique_ptr<LogFile> current;

}  // namespace

LogFile::LogFile(LogFileOptions options) : options_(std::move(options)), size_(size_of(options_.descriptors.front())) {}

void LogFile::wrote(std::uint64_t bytes) {
  size_ += bytes;
  if (size_ >= options_.max_bytes) rotate();
}

void LogFile::rotate() {
  size_ = 0;
  const auto older = [this](int number) { return options_.path + "." + std::to_string(number); };
  for (int number = options_.kept; number > 1; --number)
    std::rename(older(number - 1).c_str(), older(number).c_str());  // what is not there yet need not be moved
  if (options_.kept > 0) std::rename(options_.path.c_str(), older(1).c_str());
  const int flags = O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | (options_.kept > 0 ? 0 : O_TRUNC);
  const int file = open(options_.path.c_str(), flags, kMode);
  if (file < 0) return;
  for (const int descriptor : options_.descriptors) dup2(file, descriptor);
  close(file);
}

void use_log_file(LogFileOptions options) {
  const std::scoped_lock lock(mutex);
  current = std::make_unique<LogFile>(std::move(options));
}

void log_file_wrote(std::uint64_t bytes) {
  const std::scoped_lock lock(mutex);
  if (current) current->wrote(bytes);
}

}  // namespace evc::telemetry
