// One run of a service, from its settings to its exit code. The main thread is the admin worker's: signals, the admin
// listener and the drain live there, so that they answer also while every worker is busy. Internal to kit/service.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "kit/runtime/signals.hpp"
#include "kit/service/schema_check.hpp"
#include "kit/service/start_error.hpp"
#include "kit/service/worker_part.hpp"

namespace evc::service {

class Process {
 public:
  Process(const Definition& definition, const std::string& config_file);
  ~Process();
  // Blocks until a signal and its drain are done.
  ExitCode run();

 private:
  void start_telemetry();
  void load_certificates();
  void ask_schema_registry();
  void migrate();
  void wire();
  void listen();
  void open_admin();
  void on_signal(int number);
  void on_refusal(std::string reason);
  void begin_drain();
  void reload();
  Task<> drain();
  Task<bool> wait_until_drained(SteadyTime deadline);
  Task<> watch_certificates();
  using Look = json::Value (WorkerPart::*)() const;
  Task<json::Array> ask_workers(Look look);
  Task<json::Value> activity();
  Task<json::Value> clusters();

  ProcessParts parts_;
  std::string config_file_;
  Worker admin_;
  std::vector<std::unique_ptr<Worker>> workers_;
  std::vector<std::unique_ptr<WorkerPart>> worker_parts_;
  std::shared_ptr<net::TlsServer> admin_tls_;
  std::unique_ptr<http::Server> admin_server_;
  std::unique_ptr<StopSignals> signals_;
  std::unique_ptr<ReloadSignal> reload_signal_;
  std::unique_ptr<SchemaCheck> schemas_;  // null: this process has none
  std::string refusal_;                   // of the schema registry, after the start
  bool stopping_ = false;
  bool hurry_ = false;  // a second signal: no waiting for load balancers
  ExitCode exit_code_ = ExitCode::kClean;
};

std::string program_version();

}  // namespace evc::service
