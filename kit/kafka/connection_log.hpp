// What librdkafka says about a connection, on threads of its own: the last line becomes the reason in an error, so that
// "broker-unavailable" says "certificate verify failed" and not only that nobody answered. Outlives the client that
// writes into it. Thread-safe.
#pragma once

#include <mutex>
#include <string>
#include <string_view>
#include <utility>

namespace evc::kafka {

class ConnectionLog {
 public:
  enum class Forward { kToLog, kNowhere };
  // A command-line tool keeps its output to itself.
  ConnectionLog(std::string client_id, Forward forward) : client_id_(std::move(client_id)), forward_(forward) {}

  void write(int syslog_severity, std::string_view line);
  // " (<last line>)", or empty.
  std::string reason() const;

 private:
  const std::string client_id_;
  const Forward forward_;
  mutable std::mutex mutex_;
  std::string last_;
};

}  // namespace evc::kafka
