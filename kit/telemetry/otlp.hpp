// Spans and log records as OTLP over HTTP (protobuf; opentelemetry-proto 1.x, whose field numbers stand in otlp.cpp).
// An entry is encoded once, when it ends, so that nothing but its bytes waits for the sender. Internal to
// kit/telemetry.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "kit/base/clock.hpp"
#include "kit/telemetry/batch_queue.hpp"
#include "kit/telemetry/log.hpp"
#include "kit/telemetry/span.hpp"

namespace evc::telemetry {

struct SpanRecord {
  EndedSpan span;
  std::int64_t start_ns = 0;  // since 1970
  std::int64_t end_ns = 0;
};

struct LogRecord {
  Level level = Level::kInfo;
  WallTime at;
  std::array<std::uint8_t, 16> trace_id{};  // zero: outside of any trace
  std::array<std::uint8_t, 8> span_id{};
  std::string body;
  std::vector<LogField> fields;
};

// DEBUG, INFO, WARN, ERROR: the severity text of the log's data model.
std::string_view severity_text(Level level);

// Each appends one entry to those that OtlpClient::send takes.
void append_otlp(std::string& entries, const SpanRecord& record);
void append_otlp(std::string& entries, const LogRecord& record);

struct OtlpResource {
  std::string service_name;
  std::string instance_id;
  std::string service_version;
};

enum class OtlpSignal { kTraces, kLogs };

// For one thread: its calls block, at most two seconds each.
class OtlpClient {
 public:
  // `endpoint` like "http://127.0.0.1:4318".
  OtlpClient(const OtlpResource& resource, std::string endpoint, OtlpSignal signal);
  ~OtlpClient();
  // Entries of the client's signal, one after another. kAgain: the Collector is not there or is too busy. kRefused: it
  // wants none of them, today or tomorrow.
  Delivery send(std::string_view entries);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace evc::telemetry
