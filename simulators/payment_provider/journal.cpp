#include "simulators/payment_provider/journal.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <sstream>
#include <stdexcept>

#include "kit/base/assert.hpp"

namespace evc::payment_provider {

Journal::Journal(const std::string& path, const std::function<void(const std::string&)>& replay) {
  const std::filesystem::path parent = std::filesystem::path(path).parent_path();
  if (!parent.empty()) std::filesystem::create_directories(parent);
  std::ostringstream content;
  content << std::ifstream(path, std::ios::binary).rdbuf();
  const std::string text = content.str();
  std::size_t begin = 0;
  for (std::size_t end = text.find('\n'); end != std::string::npos; begin = end + 1, end = text.find('\n', begin))
    replay(text.substr(begin, end - begin));
  fd_ = ::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  if (fd_ < 0 || ::ftruncate(fd_, static_cast<off_t>(begin)) != 0)
    throw std::runtime_error("journal " + path + " cannot be written");
}

Journal::~Journal() {
  if (fd_ >= 0) ::close(fd_);
}

void Journal::append(const std::string& line) {
  const std::string whole = line + "\n";
  const ssize_t written = ::write(fd_, whole.data(), whole.size());
  EVC_ASSERT(written == static_cast<ssize_t>(whole.size()));
}

}  // namespace evc::payment_provider
