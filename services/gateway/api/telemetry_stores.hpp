// What operators read from the telemetry stores through the gateway: traces (Jaeger), log lines and domain events
// (VictoriaLogs), metrics (Prometheus). Reading only, by fixed paths; what is asked is checked first, what is answered
// is bounded. The stores are on loopback or behind a proxy of the operator's own and speak plain HTTP. One per worker;
// a store that is away costs its own routes only.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "kit/http/client.hpp"
#include "kit/http/router.hpp"

namespace evc::gateway {

struct StoreAddresses {
  http::Endpoint traces, logs, metrics;
};

class TelemetryStores {
 public:
  TelemetryStores(Worker& worker, const StoreAddresses& addresses);
  ~TelemetryStores();
  TelemetryStores(const TelemetryStores&) = delete;
  TelemetryStores& operator=(const TelemetryStores&) = delete;

  // By operationId. They refer to this object.
  std::map<std::string, http::Handler, std::less<>> handlers();

 private:
  using Operation = Task<Result<json::Object>> (TelemetryStores::*)(RequestContext&, http::Request&);
  http::Handler handler(Operation operation);
  Task<http::Response> answer(Operation operation, RequestContext& context, http::Request& request);
  Task<Result<json::Object>> trace(RequestContext& context, http::Request& request);
  Task<Result<json::Object>> records(RequestContext& context, http::Request& request);
  Task<Result<json::Object>> service_map(RequestContext& context, http::Request& request);
  Task<Result<json::Object>> metrics(RequestContext& context, http::Request& request);
  Task<Result<json::Object>> metrics_range(RequestContext& context, http::Request& request);
  Task<Result<json::Value>> vector(RequestContext& context, std::string expression);

  std::unique_ptr<http::Client> traces_, logs_, metrics_;
};

}  // namespace evc::gateway
