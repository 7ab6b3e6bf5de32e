#include "kit/service/process.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <optional>
#include <thread>

#include "kit/postgres/migrations.hpp"
#include "kit/service/admin.hpp"
#include "kit/service/dependencies.hpp"
#include "kit/service/process_metrics.hpp"
#include "kit/telemetry/log.hpp"
#include "kit/telemetry/log_file.hpp"
#include "kit/telemetry/metrics.hpp"
#include "kit/telemetry/span.hpp"

namespace evc::service {
namespace {

using namespace std::chrono_literals;
namespace key = telemetry::key;

constexpr auto kCertificateInterval = 1000ms;
constexpr auto kActivityLimit = 1000ms;
constexpr auto kPoll = 10ms;
// How much of drain.max_ms the requests in flight may use; the rest is for consumers, tasks and connections.
constexpr double kRequestShare = 0.7;

SteadyTime now() {
  return std::chrono::steady_clock::now();
}

Settings settings_or_start_error(const Definition& definition, const std::string& file) {
  std::vector<std::string> sections = definition.sections;
  for (const Listener& listener : definition.further_listeners) sections.push_back(listener.section);
  try {
    return read_settings(file, environment_variables(), definition.name, sections);
  } catch (const std::runtime_error& error) {
    throw StartError(ExitCode::kSettings, error.what(),
                     "Every setting is described in the service's config.yaml; EVC_… variables override it.");
  }
}

std::size_t worker_count(const Settings& settings) {
  if (settings.common.workers > 0) return static_cast<std::size_t>(settings.common.workers);
  return std::max(1U, std::thread::hardware_concurrency());
}

bool is_loopback(const std::string& host) {
  return host == "localhost" || host == "::1" || host.starts_with("127.");
}

// When the pair last changed; nothing while one of the files is missing or being replaced.
std::optional<std::filesystem::file_time_type> changed_at(const net::TlsFiles& files) {
  std::error_code failure;
  const auto certificate = std::filesystem::last_write_time(files.certificate, failure);
  if (failure) return std::nullopt;
  const auto private_key = std::filesystem::last_write_time(files.key, failure);
  if (failure) return std::nullopt;
  return std::max(certificate, private_key);
}

}  // namespace

std::string program_version() {
  return EVC_VERSION;
}

Process::Process(const Definition& definition, const std::string& config_file)
    : parts_{.definition = definition, .settings = settings_or_start_error(definition, config_file)},
      config_file_(config_file) {
  parts_.workers = worker_count(parts_.settings);
  parts_.board = std::make_shared<HealthBoard>(parts_.workers);
  ignore_broken_pipes();
  start_telemetry();
  load_certificates();
  ask_schema_registry();
  migrate();
  wire();
  listen();
  open_admin();
}

Process::~Process() {
  for (const auto& worker : workers_) worker->stop();
  for (const auto& worker : workers_) worker->join();
  worker_parts_.clear();
  workers_.clear();
}

void Process::start_telemetry() {
  const CommonSettings& common = parts_.settings.common;
  if (!common.log.file.empty())
    telemetry::use_log_file({.path = common.log.file,
                             .max_bytes = static_cast<std::uint64_t>(common.log.file_max_mb) * 1'000'000,
                             .kept = static_cast<int>(common.log.files_kept)});
  telemetry::start_logging({.service_name = common.service.name,
                            .instance_id = common.service.instance,
                            .level = telemetry_level(common.log.level),
                            .otlp_endpoint = common.otlp.endpoint});
  telemetry::start_export({.service_name = common.service.name,
                           .instance_id = common.service.instance,
                           .service_version = program_version(),
                           .otlp_endpoint = common.otlp.endpoint});
  register_process_metrics(common.service.name, program_version());
  telemetry::metrics().gauge_callback("evc_ready", "1 while the service is ready", {},
                                      [board = parts_.board] { return board->ready().good ? 1.0 : 0.0; });
  EVC_LOG(kInfo, "starting");
}

void Process::load_certificates() {
  const CommonSettings& common = parts_.settings.common;
  const net::TlsFiles files = service_tls_files(common);
  try {
    parts_.identity = std::make_shared<net::Identity>(files);
    telemetry::metrics().gauge_callback(
        "evc_certificate_not_after_seconds", "When the certificate in use ends, in seconds since 1970", {},
        [identity = parts_.identity] { return static_cast<double>(identity->current()->not_after); });
    parts_.tls_client = std::make_shared<net::TlsClient>(files);
    std::vector<Listener> listeners = parts_.definition.further_listeners;
    if (!parts_.definition.listener.section.empty()) listeners.push_back(parts_.definition.listener);
    for (const Listener& listener : listeners) {
      parts_.tls_servers[listener.section] = std::make_shared<net::TlsServer>(files, listener.client_certificate);
    }
    if (!is_loopback(common.admin.host))
      admin_tls_ = std::make_shared<net::TlsServer>(files, net::ClientCertificate::kRequired);
  } catch (const std::runtime_error& error) {
    throw StartError(ExitCode::kSettings, error.what(),
                     "Certificates are made at the first start of the platform; tls.dir (EVC_TLS_DIR) is where they "
                     "are looked for.");
  }
}

// Before anything is touched: a process whose events would be refused changes nothing.
void Process::ask_schema_registry() {
  if ((parts_.definition.needs & kSchemas) == 0) return;
  schemas_ = std::make_unique<SchemaCheck>(parts_);
  schemas_->at_start();
}

void Process::migrate() {
  const CommonSettings& common = parts_.settings.common;
  std::vector<Database> databases = parts_.definition.further_databases;
  if (!parts_.definition.migrations.empty())
    databases.insert(databases.begin(), {common.postgres.database, parts_.definition.migrations});
  for (const Database& database : databases) {
    for (const std::string& folder : database.migrations) {
      const std::string found = find_shared_folder(folder);
      try {
        const int applied = postgres::migrate(postgres_conninfo(common, database.name), found);
        if (applied > 0) EVC_LOG(kInfo, "migrations were applied", {{key::kCount, applied}, {key::kSetting, folder}});
      } catch (const std::runtime_error& error) {
        throw StartError(ExitCode::kUnavailable, fmt::format("database {}: {}", database.name, error.what()),
                         "Is PostgreSQL running, and are postgres.host, postgres.port and the certificate right?");
      }
    }
  }
}

void Process::wire() {
  for (std::size_t i = 0; i < parts_.workers; ++i) {
    workers_.push_back(std::make_unique<Worker>(i));
    worker_parts_.push_back(std::make_unique<WorkerPart>(parts_, *workers_.back()));
    if (parts_.definition.wire) parts_.definition.wire(*worker_parts_.back());
  }
}

void Process::listen() {
  for (const auto& part : worker_parts_) part->start();
  for (const auto& [section, port] : parts_.ports)
    EVC_LOG(kInfo, "listening", {{key::kSetting, section}, {key::kPort, port}});
}

void Process::open_admin() {
  const CommonSettings& common = parts_.settings.common;
  auto router = admin_router({.service = common.service.name,
                              .instance = common.service.instance,
                              .version = program_version(),
                              .config = parts_.settings.redacted(),
                              .board = parts_.board,
                              .routes = worker_parts_.front()->routes(),
                              .activity = [this] { return activity(); },
                              .clusters = [this] { return clusters(); },
                              .drain = [this] { begin_drain(); }});
  admin_server_ =
      std::make_unique<http::Server>(admin_, std::move(router), std::vector<http::Middleware>{},
                                     http::ServerOptions{.host = common.admin.host,
                                                         .port = static_cast<std::uint16_t>(common.admin.port),
                                                         .tls = admin_tls_,
                                                         .server_name = common.service.name,
                                                         .traces = http::ServerOptions::Traces::kUnsampled});
  try {
    admin_server_->start();
  } catch (const std::system_error& error) {
    throw StartError(
        ExitCode::kSystem,
        fmt::format("cannot listen on {}:{}: {}", common.admin.host, common.admin.port, error.code().message()),
        "Another process may use the port; admin.port (EVC_ADMIN_PORT) chooses another one.");
  }
  EVC_LOG(kInfo, "listening", {{key::kSetting, "admin"}, {key::kPort, admin_server_->port()}});
}

ExitCode Process::run() {
  signals_ = std::make_unique<StopSignals>(admin_, [this](int number) { on_signal(number); });
  reload_signal_ = std::make_unique<ReloadSignal>(admin_, [this] { reload(); });
  for (const auto& worker : workers_) worker->start();
  parts_.board->listening();
  admin_.tasks().spawn("watch certificates", watch_certificates());
  EVC_LOG(kInfo, "started");
  if (schemas_ && !schemas_->agreed())
    schemas_->keep_asking(admin_, [this](std::string reason) { on_refusal(std::move(reason)); });
  admin_.run();
  // The start ends now as it would have ended with the answer in time.
  if (!refusal_.empty() && exit_code_ == ExitCode::kClean)
    throw StartError(ExitCode::kContract, refusal_, schema_hint());
  return exit_code_;
}

void Process::on_signal(int number) {
  EVC_LOG(kInfo, "told to stop", {{key::kReason, number == SIGTERM ? "SIGTERM" : "SIGINT"}});
  begin_drain();
}

// Read as at the start; what is wrong changes nothing.
void Process::reload() {
  try {
    const auto fresh = std::make_shared<const Settings>(settings_or_start_error(parts_.definition, config_file_));
    for (const auto& [service, addresses] : fresh->common.peers) parse_addresses("peers." + service, addresses);
    for (const auto& part : worker_parts_) part->worker().post([part = part.get(), fresh] { part->reload(*fresh); });
    EVC_LOG(kInfo, "the settings were read again");
  } catch (const std::exception& error) {
    EVC_LOG(kError, "new settings cannot be used; what was stays", {{key::kReason, error.what()}});
  }
}

void Process::on_refusal(std::string reason) {
  refusal_ = std::move(reason);
  if (!stopping_) begin_drain();
}

void Process::begin_drain() {
  if (std::exchange(stopping_, true)) {
    hurry_ = true;
    return;
  }
  admin_.tasks().spawn("drain", drain());
}

Task<> Process::drain() {
  const DrainSection& settings = parts_.settings.common.drain;
  parts_.board->draining();
  const SteadyTime ready_until = now() + std::chrono::milliseconds(settings.ready_ms);
  while (now() < ready_until && !hurry_) co_await sleep_for(admin_, kPoll);
  const auto limit = std::chrono::milliseconds(settings.max_ms);
  const SteadyTime requests_until =
      now() + std::chrono::milliseconds(static_cast<std::int64_t>(static_cast<double>(limit.count()) * kRequestShare));
  const SteadyTime deadline = now() + limit;
  for (const auto& part : worker_parts_)
    part->worker().post([part = part.get(), requests_until] { part->begin_drain(requests_until); });
  const bool drained = co_await wait_until_drained(deadline);
  if (schemas_) co_await schemas_->stop(deadline);
  exit_code_ = drained ? ExitCode::kClean : ExitCode::kDrainTimeout;
  EVC_LOG(kInfo, "drained", {{key::kState, drained ? "clean" : "out of time"}});
  signals_.reset();
  reload_signal_.reset();
  admin_server_->close_all();
  admin_.stop();
}

Task<bool> Process::wait_until_drained(SteadyTime deadline) {
  const auto done = [this] {
    return std::ranges::all_of(worker_parts_, [](const auto& part) { return part->drained(); });
  };
  while (!done() && now() < deadline) co_await sleep_for(admin_, kPoll);
  co_return done();
}

Task<> Process::watch_certificates() {
  const net::TlsFiles files = service_tls_files(parts_.settings.common);
  auto seen = changed_at(files);
  while (!admin_.tasks().cancelled()) {
    co_await sleep_for(admin_, kCertificateInterval);
    const auto changed = changed_at(files);
    if (!changed || changed == seen) continue;
    Result<void> reloaded = parts_.tls_client->reload();
    for (auto& [section, server] : parts_.tls_servers) {
      if (reloaded) reloaded = server->reload();
    }
    if (reloaded && admin_tls_) reloaded = admin_tls_->reload();
    // A pair caught half written is tried again; only a good one counts as seen.
    if (!reloaded) {
      EVC_LOG(kWarn, "the new certificate cannot be used yet", {{key::kReason, reloaded.error().detail}});
      continue;
    }
    seen = changed;
    EVC_LOG(kInfo, "the certificate was reloaded");
  }
}

// Asks every worker at once; one that does not answer in time is listed as such, which is what somebody who looks here
// wants to know.
Task<json::Array> Process::ask_workers(Look look) {
  struct Answers {
    std::vector<std::optional<json::Value>> values;
    std::size_t missing = 0;
  };
  const auto answers = std::make_shared<Answers>();
  answers->values.resize(worker_parts_.size());
  answers->missing = worker_parts_.size();
  for (std::size_t i = 0; i < worker_parts_.size(); ++i) {
    WorkerPart* part = worker_parts_[i].get();
    part->worker().post([this, part, answers, look, i] {
      admin_.post([answers, i, value = (part->*look)()]() mutable {
        answers->values[i] = std::move(value);
        --answers->missing;
      });
    });
  }
  const SteadyTime deadline = now() + kActivityLimit;
  while (answers->missing > 0 && now() < deadline) co_await sleep_for(admin_, kPoll);
  json::Array workers;
  for (std::size_t i = 0; i < answers->values.size(); ++i) {
    workers.push_back(answers->values[i].value_or(json::Object{{"worker", i}, {"answers", false}}));
  }
  co_return workers;
}

Task<json::Value> Process::activity() {
  json::Array workers = co_await ask_workers(&WorkerPart::activity);
  co_return json::Object{{"workers", std::move(workers)}};
}

Task<json::Value> Process::clusters() {
  const auto left =
      std::chrono::seconds(parts_.identity->current()->not_after) - system_clock().wall().time_since_epoch();
  json::Array workers = co_await ask_workers(&WorkerPart::clusters);
  co_return json::Object{
      {"certificate", json::Object{{"daysLeft", std::chrono::duration<double, std::ratio<86'400>>(left).count()}}},
      {"logLevel", json::encode(static_cast<LogLevel>(telemetry::log_level()))},
      {"draining", stopping_},
      {"workers", std::move(workers)}};
}

}  // namespace evc::service
