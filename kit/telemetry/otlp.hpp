// Spans and log records as OTLP over HTTP (protobuf). The one door to opentelemetry-cpp: its headers stay in otlp.cpp.
// Blocking calls, made by the sender threads of the queues; one takes at most two seconds. Internal to kit/telemetry.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "kit/base/clock.hpp"
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

struct OtlpResource {
  std::string service_name;
  std::string instance_id;
  std::string service_version;
};

class OtlpClient {
 public:
  // `endpoint` like "http://127.0.0.1:4318".
  OtlpClient(const OtlpResource& resource, std::string endpoint);
  ~OtlpClient();
  // False when the Collector did not take it; then the same records may be sent again.
  bool send(const std::vector<SpanRecord>& spans);
  bool send(const std::vector<LogRecord>& records);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace evc::telemetry
