// The admin listener's routes: what the process is, how it is, what it does; and the log level. Nothing here changes
// data. Plain HTTP on loopback, mTLS elsewhere.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "kit/http/router.hpp"
#include "kit/service/health.hpp"

namespace evc::service {

struct AdminSources {
  std::string service;
  std::string instance;
  std::string version;
  json::Object config;  // redacted
  std::shared_ptr<const HealthBoard> board;
  std::vector<http::RouteInfo> routes;
  std::function<Task<json::Value>()> activity;  // what the workers do now
  std::function<Task<json::Value>()> clusters;  // whom they call, and how those are
  std::function<void()> drain;                  // as SIGTERM
};

// GET /health/live, /health/ready, /metrics, /config, /requests, /clusters, /routes, /version; PUT /log-level
// {"level": "debug"}; POST /drain.
std::shared_ptr<http::Router> admin_router(AdminSources sources);

}  // namespace evc::service
