// Metrics of the process itself, read at scrape time from /proc and getrusage, under the names that Prometheus client
// libraries use.
#pragma once

#include <string>

namespace evc::service {

void register_process_metrics(const std::string& service, const std::string& version);

}  // namespace evc::service
