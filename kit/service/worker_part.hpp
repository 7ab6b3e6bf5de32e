// One worker's share of the process: what wire() sees as WorkerScope, and the steps of its life: made on the main
// thread, started with its worker, drained on it, destroyed on the main thread after the worker has stopped and before
// the Worker object goes. Internal to kit/service.
#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "kit/redis/hang_news.hpp"
#include "kit/service/service.hpp"

namespace evc::service {

// What all workers share; read-only while they run, except the board and the news, which are thread-safe.
struct ProcessParts {
  const Definition& definition;
  Settings settings;
  std::size_t workers = 1;
  std::shared_ptr<HealthBoard> board;
  std::shared_ptr<net::Identity> identity;
  std::shared_ptr<net::TlsClient> tls_client;
  std::shared_ptr<redis::HangNews> redis_news = std::make_shared<redis::HangNews>();
  std::map<std::string, std::shared_ptr<net::TlsServer>> tls_servers;  // by listener section
  std::map<std::string, std::uint16_t> ports;                          // bound so far, by listener section
};

class WorkerPart final : public WorkerScope {
 public:
  WorkerPart(ProcessParts& process, Worker& worker);
  ~WorkerPart() override;

  Worker& worker() override { return worker_; }
  bool first() const override { return worker_.index() == 0; }
  const std::string& service_name() const override { return common().service.name; }
  const std::string& instance() const override { return common().service.instance; }
  http::Router& router() override { return router(process_.definition.listener.section); }
  void use(http::Middleware middleware) override { use(process_.definition.listener.section, std::move(middleware)); }
  void use_before_authentication(http::Middleware middleware) override;
  http::Router& router(const std::string& listener) override;
  void use(const std::string& listener, http::Middleware middleware) override;
  postgres::Pool& postgres() override;
  postgres::Pool& postgres(const std::string& database) override;
  redis::Client& redis() override;
  redis::Options redis_options() const override;
  std::shared_ptr<http::Client> peer(const std::string& service) override;
  std::shared_ptr<auth::ServiceTokens> service_tokens() override;
  std::shared_ptr<auth::Verifier> verifier() override;
  kafka::ConnectOptions kafka() const override;
  std::shared_ptr<net::Identity> identity() const override { return process_.identity; }
  Secret<std::string> secret(const std::string& name) const override;
  std::string tls_dir() const override { return common().tls.dir; }
  const Settings& all_settings() const override { return process_.settings; }
  json::Object settings_tree(const std::string& section) const override { return process_.settings.section(section); }
  void readiness(std::string name, std::function<Task<Result<void>>(RequestContext&)> check,
                 Dependency dependency) override;
  void on_drain(std::function<Task<>()> step) override { drain_steps_.push_back(std::move(step)); }

  void on_reload(std::function<void(const Settings&)> step) override { reload_steps_.push_back(std::move(step)); }
  void show(std::string name, std::function<json::Value()> state) override;
  // On the worker: what changed in the settings. `settings` was checked.
  void reload(const Settings& settings);

  // After wire(): opens the listeners and spawns the checks. Throws StartError when a port is taken.
  void start();
  // On the worker. Sets drained() when nothing of it runs any more; false stays when `deadline` came first.
  void begin_drain(SteadyTime deadline);
  bool drained() const { return drained_.load(); }
  // On the worker: connections, requests in flight and tasks.
  json::Value activity() const;
  // On the worker: whom it calls, and how they are.
  json::Value clusters() const;
  std::vector<http::RouteInfo> routes() const;

 protected:
  void keep(std::shared_ptr<void> object) override { kept_.push_back(std::move(object)); }

 private:
  struct Check {
    std::string name;
    std::function<Task<Result<void>>(RequestContext&)> run;
  };
  struct Port {
    Listener listener;
    std::shared_ptr<http::Router> router = std::make_shared<http::Router>();
    std::vector<http::Middleware> before_authentication;
    std::vector<http::Middleware> middleware;
    std::unique_ptr<http::Server> server;
  };

  const CommonSettings& common() const { return process_.settings.common; }
  Port& port(const std::string& listener);
  const Port& port(const std::string& listener) const;
  void add_port(const Listener& listener);
  void add_standard_checks();
  Task<> check_loop();
  Task<> beat_loop();
  Task<> fetch_keys();
  Task<> drain(SteadyTime deadline);
  void close_dependencies();

  ProcessParts& process_;
  Worker& worker_;
  TaskGroup life_;  // outlives the worker's task group during a drain
  std::vector<Port> ports_;
  std::map<std::string, std::unique_ptr<postgres::Pool>> pools_;
  std::unique_ptr<redis::Client> redis_;
  std::map<std::string, std::shared_ptr<http::Client>> peers_;
  std::shared_ptr<auth::ServiceTokens> service_tokens_;
  std::shared_ptr<auth::Verifier> verifier_;
  std::vector<Check> checks_;
  std::vector<std::function<Task<>()>> drain_steps_;
  std::vector<std::function<void(const Settings&)>> reload_steps_;
  std::vector<std::pair<std::string, std::function<json::Value()>>> shown_;
  std::vector<std::shared_ptr<void>> kept_;
  std::atomic<bool> drained_{false};
};

}  // namespace evc::service
