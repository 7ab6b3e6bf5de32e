// main() of every service: config → telemetry → migrations → workers → wire → listen → drain. A service's app.cpp gives
// run() a name, its needs and one function that wires a worker; everything a worker needs comes from WorkerScope.
// Signals, health, metrics, admin and shutdown are done here. wire() runs on the main thread before the worker's loop
// does: it makes objects and spawns tasks, it cannot wait for anything.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "kit/auth/service_token.hpp"
#include "kit/auth/verifier.hpp"
#include "kit/base/config.hpp"
#include "kit/base/secret.hpp"
#include "kit/http/client.hpp"
#include "kit/http/server.hpp"
#include "kit/kafka/producer.hpp"
#include "kit/postgres/pool.hpp"
#include "kit/redis/client.hpp"
#include "kit/runtime/worker.hpp"
#include "kit/service/health.hpp"
#include "kit/service/settings.hpp"
#include "kit/service/start_error.hpp"

namespace evc::service {

class WorkerScope {
 public:
  virtual ~WorkerScope() = default;
  virtual Worker& worker() = 0;
  virtual bool first() const = 0;  // consumers, relays and timers run on the first worker only
  virtual const std::string& service_name() const = 0;
  virtual const std::string& instance() const = 0;
  virtual http::Router& router() = 0;                 // routes of the service's listener
  virtual void use(http::Middleware middleware) = 0;  // after authentication, in order
  // Before authentication, in order: for what makes the credentials that it looks at.
  virtual void use_before_authentication(http::Middleware middleware) = 0;
  virtual http::Router& router(const std::string& listener) = 0;  // of one of Definition::further_listeners
  virtual void use(const std::string& listener, http::Middleware middleware) = 0;
  virtual postgres::Pool& postgres() = 0;                             // the service's own database
  virtual postgres::Pool& postgres(const std::string& database) = 0;  // one of Definition::further_databases, same role
  virtual redis::Client& redis() = 0;
  virtual redis::Options redis_options() const = 0;                            // for a Subscriber
  virtual std::shared_ptr<http::Client> peer(const std::string& service) = 0;  // from peers.<service>
  virtual std::shared_ptr<auth::ServiceTokens> service_tokens() = 0;
  virtual std::shared_ptr<auth::Verifier> verifier() = 0;
  virtual kafka::ConnectOptions kafka() const = 0;
  virtual std::shared_ptr<net::Identity> identity() const = 0;  // for pools of the service's own
  virtual Secret<std::string> secret(
      const std::string& name) const = 0;  // file secrets/<name>, trimmed; throws when missing
  virtual std::string tls_dir() const = 0;
  virtual const Settings& all_settings() const = 0;
  virtual json::Object settings_tree(const std::string& section) const = 0;
  template <class T>
  T settings(const std::string& section) const {
    try {
      return settings_as<T>(settings_tree(section), section);
    } catch (const std::runtime_error& error) {
      throw StartError(ExitCode::kSettings, error.what(), "Every setting is described in the service's config.yaml.");
    }
  }
  // Asked every second with a deadline of one second; an error's detail is the reason that /health/ready shows. The
  // service's PostgreSQL, Redis (optional: it only holds copies) and token keys are asked without being named here.
  // `check` must not outlive what it refers to: own() keeps objects long enough.
  virtual void readiness(std::string name, std::function<Task<Result<void>>(RequestContext&)> check,
                         Dependency dependency = Dependency::kRequired) = 0;
  // Runs at drain, before the task group is cancelled, in reverse order (consumers commit and leave …).
  virtual void on_drain(std::function<Task<>()> step) = 0;
  // On the worker, after SIGHUP and good settings: peers are the new ones already. What it throws is logged, and what
  // was stays.
  virtual void on_reload(std::function<void(const Settings&)> step) = 0;
  // What GET /clusters of the admin listener shows of this worker beside its peers.
  virtual void show(std::string name, std::function<json::Value()> state) = 0;
  // Keeps an object for the worker's life (destroyed after its task group is empty, in reverse order).
  template <class T, class... Arguments>
  T& own(Arguments&&... arguments) {
    auto object = std::make_shared<T>(std::forward<Arguments>(arguments)...);
    T& reference = *object;
    keep(std::move(object));
    return reference;
  }

 protected:
  virtual void keep(std::shared_ptr<void> object) = 0;
};

enum Needs : unsigned {
  kNothing = 0,
  kPostgres = 1,  // migrations, a pool, a readiness check
  kRedis = 2,
  kKafka = 4,
  kSchemas = 16,  // the schema registry is asked at start about the events that the service writes and reads
  kAuth = 8,      // every route of the main listener asks authenticate(); token keys are part of readiness
};

struct Listener {
  std::string section = "listen";  // settings with host and port; empty: this program serves no requests
  http::ServerOptions::Trust trust = http::ServerOptions::Trust::kInternal;
  net::ClientCertificate client_certificate = net::ClientCertificate::kRequired;
};

struct Database {
  std::string name;
  std::vector<std::string> migrations;
};

struct Definition {
  std::string name;  // also certificate, Kafka principal and Redis user, unless the setting service.name says otherwise
  std::vector<std::string> migrations;  // folders, in order (kit/messaging/migrations first), relative to the source
                                        // root or the share dir; empty: no database
  std::vector<Database> further_databases;
  unsigned needs = kNothing;          // bitwise or of Needs
  std::vector<std::string> sections;  // names of the service's own settings sections
  std::function<void(WorkerScope&)>
      wire;  // called once per worker, before any of them runs; may throw (StartError to say what helps)
  Listener listener;
  std::vector<Listener> further_listeners;  // each with a section of its own, e.g. "charge_points"
};

// `--config FILE`, `--version`, `--help`. Returns the process's exit code (start_error.hpp).
int run(int argc, char** argv, Definition definition);

}  // namespace evc::service
