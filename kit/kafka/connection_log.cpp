#include "kit/kafka/connection_log.hpp"

namespace evc::kafka {

void ConnectionLog::write(int, std::string_view line) {
  std::lock_guard lock(mutex_);
  last_ = line;
}

std::string ConnectionLog::reason() const {
  std::lock_guard lock(mutex_);
  return last_.empty() ? std::string() : " (" + last_ + ")";
}

}  // namespace evc::kafka
