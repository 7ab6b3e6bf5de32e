// The process's agreement with the schema registry. Asked once before anything else is touched, for registry.start_ms
// at most: a refusal ends the start. Without an answer the process starts and is asked about in the background until
// there is one; a refusal then is what it would have been at the start, and the process stops. After an agreement the
// registry is never asked again. Lives on the admin worker. Internal to kit/service.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "kit/registry/agreement.hpp"
#include "kit/service/worker_part.hpp"
#include "kit/telemetry/metrics.hpp"

namespace evc::service {

// What helps whoever meets a refusal.
const char* schema_hint();

class SchemaCheck {
 public:
  explicit SchemaCheck(const ProcessParts& process);
  ~SchemaCheck();

  // On the calling thread. Throws StartError when the registry refuses.
  void at_start();
  bool agreed() const { return agreed_; }
  // Until there is an answer; `refused` is called on the worker with the reason.
  void keep_asking(Worker& worker, std::function<void(std::string)> refused);
  Task<> stop(SteadyTime deadline);

 private:
  Task<> ask_once(Worker& worker, std::chrono::milliseconds limit, registry::Agreement& answer);
  Task<> first_question(Worker& worker, registry::Agreement& answer);
  Task<> ask_again(Worker& worker, std::function<void(std::string)> refused);
  void note(const registry::Agreement& answer);

  const ProcessParts& process_;
  std::unique_ptr<TaskGroup> questions_;
  bool agreed_ = false;
  telemetry::Gauge agreed_gauge_, notes_gauge_;
};

}  // namespace evc::service
