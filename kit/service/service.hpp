// main() of every service: config → telemetry → migrations → workers → wire → listen → drain (architecture.md §4). A service's app.cpp gives run() a
// name, its settings type and one function that wires a worker; everything a worker needs comes from WorkerScope. Signals, health, metrics, admin and shutdown are done here.
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

namespace evc::service {

// The sections that every process may have; a service adds its own section(s), which it decodes by WorkerScope::settings<T>("section").
struct CommonSettings {
  struct Listen { std::string host; std::int64_t port; };
  std::string instance;
  // … decoded by run(); see config.cpp and each services/<name>/config.yaml for defaults and limits.
};

class WorkerScope {
 public:
  virtual ~WorkerScope() = default;
  virtual Worker& worker() = 0;
  virtual bool first() const = 0;  // consumers, relays and timers run on the first worker only
  virtual const std::string& service_name() const = 0;
  virtual const std::string& instance() const = 0;
  virtual http::Router& router() = 0;               // routes of the service's listener
  virtual void use(http::Middleware middleware) = 0;  // after authentication, in order
  virtual postgres::Pool& postgres() = 0;           // the service's own database
  virtual postgres::Pool& postgres(const std::string& database) = 0;  // one of Definition::further_databases, same role
  virtual redis::Client& redis() = 0;
  virtual redis::Options redis_options() const = 0;  // for a Subscriber
  virtual std::shared_ptr<http::Client> peer(const std::string& service) = 0;  // from peers.<service>
  virtual std::shared_ptr<auth::ServiceTokens> service_tokens() = 0;
  virtual std::shared_ptr<auth::Verifier> verifier() = 0;
  virtual kafka::ConnectOptions kafka() const = 0;
  virtual Secret<std::string> secret(const std::string& name) const = 0;  // file secrets/<name>, trimmed; throws when missing
  virtual std::string tls_dir() const = 0;
  virtual json::Object settings_tree(const std::string& section) const = 0;
  template <class T>
  T settings(const std::string& section) const {
    return settings_as<T>(settings_tree(section));
  }
  // Asked for /health/ready every second; an error's detail is the reason shown.
  virtual void readiness(std::string name, std::function<Task<Result<void>>(RequestContext&)> check) = 0;
  // Runs at drain, before the task group is cancelled, in reverse order (consumers commit and leave …).
  virtual void on_drain(std::function<Task<>()> step) = 0;
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

struct Definition {
  std::string name;               // also certificate, Kafka principal and Redis user
  std::vector<std::string> migrations;  // folders, in order (kit/messaging/migrations first), relative to the source root or the share dir; empty: no database
  struct Database {
    std::string name;
    std::vector<std::string> migrations;
  };
  std::vector<Database> further_databases;
  enum class Needs : unsigned { kNothing = 0, kPostgres = 1, kRedis = 2, kKafka = 4, kAuth = 8 };
  unsigned needs = 0;             // bitwise or of Needs
  std::vector<std::string> sections;  // names of the service's own settings sections
  std::function<void(WorkerScope&)> wire;
};

// Returns the process's exit code.
int run(int argc, char** argv, Definition definition);

}  // namespace evc::service
