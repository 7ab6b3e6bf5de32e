// What the telemetry stores answer, as contracts/http/operations.yaml tells it: a trace of Jaeger, lines of
// VictoriaLogs, series of Prometheus. Pure; what the stores hold is foreign, so every member may be missing and every
// text is bounded.
#pragma once

#include <string_view>

#include "kit/base/json.hpp"
#include "kit/base/result.hpp"

namespace evc::gateway {

inline constexpr std::size_t kSpanLimit = 2'000;
inline constexpr std::size_t kRecordLimit = 1'000;
inline constexpr std::size_t kEdgeLimit = 500;

// Of the answer of GET /api/traces/{id}; not-found when it holds no span, protocol-error when it is no such answer.
Result<json::Object> trace_view(std::string_view trace_id, const json::Value& answer);

// Of JSON lines, each a record; protocol-error for one that is not JSON.
Result<json::Object> records_view(std::string_view lines);

// Of three instant vectors with the labels client and server: calls per second, failed ones per second, and the 95th
// percentile in seconds.
struct EdgeVectors {
  json::Value calls, failures, p95;
};
Result<json::Object> service_map_view(const EdgeVectors& vectors);

// Of an answer of Prometheus' query or query_range; validation-failed at ?query for an expression that it refuses.
Result<json::Object> metrics_view(int status, const json::Value& answer);

}  // namespace evc::gateway
