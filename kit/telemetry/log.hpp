// Structured logs: one JSON object per line on stdout (timestamp, severityText, body, service.name,
// service.instance.id, traceId, spanId, then fields), written by one thread from a bounded queue (drops are counted),
// and exported as OTLP log records so that they are searchable by trace. Keys are an allow-list (log_keys.hpp): an
// unknown key is a compile error through LogKey. Values never carry personal data or secrets.
#pragma once

#include <concepts>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>

#include "kit/telemetry/log_keys.hpp"
#include "kit/telemetry/trace_context.hpp"

namespace evc::telemetry {

enum class Level { kDebug, kInfo, kWarn, kError };

struct LogField {
  LogField(LogKey k, std::string_view v) : key(k), text(v) {}
  LogField(LogKey k, const char* v) : key(k), text(v) {}
  LogField(LogKey k, const std::string& v) : key(k), text(v) {}
  LogField(LogKey k, std::integral auto v) : key(k), number(static_cast<std::int64_t>(v)), is_number(true) {}
  LogKey key;
  std::string text;
  std::int64_t number = 0;
  bool is_number = false;
};

bool log_enabled(Level level);
void set_log_level(Level level);
Level log_level();
// `body` is a constant sentence; what varies goes into fields.
void log(Level level, const TraceContext& trace, std::string_view body, std::initializer_list<LogField> fields = {});
void log(Level level, std::string_view body, std::initializer_list<LogField> fields = {});  // outside of any trace

struct LogOptions {
  std::string service_name;
  std::string instance_id;
  Level level = Level::kInfo;
  std::size_t queue_limit = 8192;
  std::string otlp_endpoint;  // empty: stdout only
};
void start_logging(const LogOptions& options);
// Writes what is queued, then stops; later lines go straight to stdout.
void stop_logging();
std::uint64_t log_lines_dropped();

}  // namespace evc::telemetry

// Arguments are not evaluated when the level is off.
#define EVC_LOG(level, ...)                                               \
  do {                                                                    \
    if (::evc::telemetry::log_enabled(::evc::telemetry::Level::level))    \
      ::evc::telemetry::log(::evc::telemetry::Level::level, __VA_ARGS__); \
  } while (false)
