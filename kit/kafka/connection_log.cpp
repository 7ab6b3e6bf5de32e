#include "kit/kafka/connection_log.hpp"

#include "kit/telemetry/log.hpp"

namespace evc::kafka {

void ConnectionLog::write(int syslog_severity, std::string_view line) {
  constexpr int kWarning = 4;
  if (forward_ == Forward::kToLog && syslog_severity <= kWarning)
    EVC_LOG(kWarn, "kafka client", {{telemetry::key::kTask, client_id_}, {telemetry::key::kReason, line}});
  std::lock_guard lock(mutex_);
  last_ = line;
}

std::string ConnectionLog::reason() const {
  std::lock_guard lock(mutex_);
  return last_.empty() ? std::string() : " (" + last_ + ")";
}

}  // namespace evc::kafka
