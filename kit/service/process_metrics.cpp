#include "kit/service/process_metrics.hpp"

#include <sys/resource.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <fstream>

#include "kit/base/assert.hpp"
#include "kit/telemetry/log.hpp"
#include "kit/telemetry/metrics.hpp"
#include "kit/telemetry/span.hpp"

namespace evc::service {
namespace {

double resident_bytes() {
  std::ifstream statm("/proc/self/statm");
  double total = 0;
  double resident = 0;
  statm >> total >> resident;
  return resident * static_cast<double>(sysconf(_SC_PAGESIZE));
}

double cpu_seconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

// Against Prometheus' own time this shows a clock that runs wrong.
double wall_clock_seconds() {
  return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
}

double open_descriptors() {
  std::error_code failure;
  double count = 0;
  for (std::filesystem::directory_iterator entry("/proc/self/fd", failure), end; !failure && entry != end;
       entry.increment(failure))
    ++count;
  return count;
}

}  // namespace

void register_process_metrics(const std::string& service, const std::string& version) {
  telemetry::Registry& registry = telemetry::metrics();
  registry.gauge("evc_build_info", "Always 1; the labels say what runs", {{"service", service}, {"version", version}})
      .set(1);
  registry.gauge("process_start_time_seconds", "When the process started, since 1970", {}).set(wall_clock_seconds());
  registry.gauge_callback("evc_clock_seconds", "The process's wall clock, in seconds since 1970", {},
                          wall_clock_seconds);
  registry.gauge_callback("process_resident_memory_bytes", "Resident memory", {}, resident_bytes);
  registry.gauge_callback("process_open_fds", "Open file descriptors", {}, open_descriptors);
  registry.counter_callback("process_cpu_seconds_total", "User and system time", {}, cpu_seconds);
  registry.counter_callback("evc_bugs_total", "States that should not occur and were survived", {},
                            [] { return static_cast<double>(bugs_reported()); });
  registry.counter_callback("evc_log_lines_dropped_total",
                            "Log lines that did not fit into the queue or could not be sent", {},
                            [] { return static_cast<double>(telemetry::log_lines_dropped()); });
  registry.counter_callback("evc_spans_dropped_total", "Spans that did not fit into the queue or could not be sent", {},
                            [] { return static_cast<double>(telemetry::spans_dropped()); });
}

}  // namespace evc::service
