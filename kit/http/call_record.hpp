// What one try of a call leaves behind: its CLIENT span and its latency; and the client's other series. Series are
// looked up once per label set and client.
#pragma once

#include <chrono>
#include <map>
#include <string>
#include <tuple>

#include "kit/http/client.hpp"
#include "kit/telemetry/metrics.hpp"
#include "kit/telemetry/span.hpp"

namespace evc::http {

class ClientMetrics {
 public:
  explicit ClientMetrics(std::string peer) : peer_(std::move(peer)) {}
  telemetry::Histogram& duration(std::string_view route, std::string_view method, std::string_view status);
  telemetry::Counter& retries(std::string_view route);
  // 0 closed, 1 half-open, 2 open.
  void breaker_state(std::string_view name, resilience::CircuitBreaker::State state);

 private:
  struct Breaker {
    telemetry::Gauge gauge;
    resilience::CircuitBreaker::State state = resilience::CircuitBreaker::State::kClosed;
  };
  std::string peer_;
  std::map<std::tuple<std::string, std::string, std::string>, telemetry::Histogram, std::less<>> durations_;
  std::map<std::string, telemetry::Counter, std::less<>> retries_;
  std::map<std::string, Breaker, std::less<>> breakers_;
};

class CallRecord {
 public:
  // `number` counts from 1 within one call.
  CallRecord(ClientMetrics& metrics, const telemetry::TraceContext& parent, const Call& call, const std::string& peer,
             int number);
  const telemetry::TraceContext& context() const { return span_.context(); }
  void finish(int status);
  void fail(Code code);

 private:
  void observe(std::string_view status);

  ClientMetrics& metrics_;
  const Call& call_;
  std::chrono::steady_clock::time_point begun_ = std::chrono::steady_clock::now();
  telemetry::Span span_;
};

}  // namespace evc::http
