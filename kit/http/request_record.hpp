// What one served request leaves behind: its SERVER span, its latency in the histogram with an exemplar, its line in
// the access log. Series are looked up once per (route, method, status) and worker. Lives on the server's worker.
#pragma once

#include <chrono>
#include <map>
#include <string>
#include <string_view>
#include <tuple>

#include "kit/http/message.hpp"
#include "kit/telemetry/metrics.hpp"
#include "kit/telemetry/span.hpp"

namespace evc::http {

class ServerMetrics {
 public:
  explicit ServerMetrics(std::string service);
  telemetry::Histogram& duration(std::string_view route, std::string_view method, int status);

  telemetry::Gauge connections;
  telemetry::Gauge in_flight;
  telemetry::Counter refused_connections;
  const std::string& service() const { return service_; }

 private:
  std::string service_;
  std::map<std::tuple<std::string, std::string, int>, telemetry::Histogram, std::less<>> durations_;
};

// Methods we know; the others share one label, since the caller chooses them.
std::string_view method_label(std::string_view method);

class RequestRecord {
 public:
  // Starts the span and puts it into context.trace. `parent` invalid: a new trace.
  RequestRecord(ServerMetrics& metrics, RequestContext& context, const Request& request,
                const telemetry::TraceContext& parent);
  // The headers by which a client finds its trace: traceresponse, Server-Timing.
  void add_headers(const RequestContext& context, Response& response) const;
  // The answer's head is out: what follows (an event stream) is not latency.
  void answered() { took_ = std::chrono::steady_clock::now() - begun_; }
  void finish(const RequestContext& context, const Request& request, const Response& response);

 private:
  ServerMetrics& metrics_;
  SteadyTime begun_ = std::chrono::steady_clock::now();
  std::chrono::steady_clock::duration took_{};
  telemetry::Span span_;
};

}  // namespace evc::http
