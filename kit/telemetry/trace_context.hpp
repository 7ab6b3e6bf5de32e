// W3C Trace Context as a value that travels explicitly (OpenTelemetry's thread-local context does not survive
// co_await).
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace evc::telemetry {

struct TraceContext {
  std::array<std::uint8_t, 16> trace_id{};
  std::array<std::uint8_t, 8> span_id{};
  bool sampled = true;
  std::string trace_state;  // at most 512 bytes, else dropped

  bool valid() const;
  std::string trace_id_hex() const;
  std::string span_id_hex() const;
  std::string traceparent() const;  // "00-<trace>-<span>-01"

  // nullopt unless well-formed by https://www.w3.org/TR/trace-context/ (lower-case hex, version not ff, ids not zero).
  static std::optional<TraceContext> parse(std::string_view traceparent, std::string_view trace_state = {});
  // A new trace: random ids, sampled.
  static TraceContext root();
  // The same trace with a new span id.
  TraceContext child() const;
};

}  // namespace evc::telemetry
