// The settings that every process may have, as sections of its config.yaml (the defaults stand in settings.cpp), and
// the process's whole tree with the service's own sections beside them. Loaded once at start; read-only afterwards, so
// that all workers share it.
#pragma once

#include <cstdint>
#include <map>
#include <stdexcept>
#include <string>
#include <vector>

#include "kit/base/config.hpp"
#include "kit/telemetry/log.hpp"

namespace evc::service {

enum class LogLevel { kDebug, kInfo, kWarn, kError };
BOOST_DESCRIBE_ENUM(LogLevel, kDebug, kInfo, kWarn, kError)
inline telemetry::Level telemetry_level(LogLevel level) {
  return static_cast<telemetry::Level>(level);
}

struct ServiceSection {
  std::string name;      // certificate, database role, Redis user and Kafka principal; empty: the program's own
  std::string instance;  // stable over restarts (Kafka's static membership); empty: <name>-1
};
BOOST_DESCRIBE_STRUCT(ServiceSection, (), (name, instance))

struct AddressSection {
  std::string host = "127.0.0.1";
  std::int64_t port = 0;  // 0: a free one
  void check(SettingLimits& limits) const;
};
BOOST_DESCRIBE_STRUCT(AddressSection, (), (host, port))

struct TlsSection {
  std::string dir;  // ca.pem, <name>.crt, <name>.key
};
BOOST_DESCRIBE_STRUCT(TlsSection, (), (dir))

struct LogSection {
  LogLevel level = LogLevel::kInfo;
  std::string file;  // that stdout is already; empty: stdout is somebody else's matter
  std::int64_t file_max_mb = 20;
  std::int64_t files_kept = 3;
};
BOOST_DESCRIBE_STRUCT(LogSection, (), (level, file, file_max_mb, files_kept))

struct PostgresSection {
  std::string host;  // a folder (beginning with /) is that of a Unix socket: no TLS then
  std::int64_t port = 0;
  std::string database;        // empty: the service's name
  std::string user;            // empty: the service's name
  std::int64_t pool_size = 0;  // connections of the whole process, shared out among the workers
  void check(SettingLimits& limits) const;
};
BOOST_DESCRIBE_STRUCT(PostgresSection, (), (host, port, database, user, pool_size))

struct RedisSection {
  std::string host;
  std::int64_t port = 0;
  std::string user;  // empty: the service's name; its password is the secret redis-<user>
  void check(SettingLimits& limits) const;
};
BOOST_DESCRIBE_STRUCT(RedisSection, (), (host, port, user))

struct KafkaSection {
  std::string bootstrap;
};
BOOST_DESCRIBE_STRUCT(KafkaSection, (), (bootstrap))

struct OtlpSection {
  std::string endpoint;  // empty: nothing is exported
};
BOOST_DESCRIBE_STRUCT(OtlpSection, (), (endpoint))

struct SecretsSection {
  std::string dir;
};
BOOST_DESCRIBE_STRUCT(SecretsSection, (), (dir))

struct DrainSection {
  std::int64_t ready_ms = 0;  // between "not ready" and the end of accepting, for load balancers to notice
  std::int64_t max_ms = 0;    // the whole drain; then the process ends whatever is left
  void check(SettingLimits& limits) const;
};
BOOST_DESCRIBE_STRUCT(DrainSection, (), (ready_ms, max_ms))

struct IdentitySection {
  std::string issuer;  // of access tokens
  std::string audience;
};
BOOST_DESCRIBE_STRUCT(IdentitySection, (), (issuer, audience))

struct RegistrySection {              // of schemas; its address is peers.registry
  std::int64_t start_ms = 0;          // how long a start waits for its answer
  std::int64_t longest_pause_ms = 0;  // between two questions while it is away
  void check(SettingLimits& limits) const;
};
BOOST_DESCRIBE_STRUCT(RegistrySection, (), (start_ms, longest_pause_ms))

struct CommonSettings {
  ServiceSection service;
  AddressSection listen;
  AddressSection admin;
  TlsSection tls;
  LogSection log;
  std::int64_t workers = 0;  // 0: one per core
  PostgresSection postgres;
  RedisSection redis;
  KafkaSection kafka;
  OtlpSection otlp;
  std::map<std::string, std::string> peers;  // service → "host:port[,host:port…]"
  SecretsSection secrets;
  DrainSection drain;
  IdentitySection identity;
  RegistrySection registry;
  std::string live_file;  // settings that may change while the process runs;
                          // empty: there are none
  void check(SettingLimits& limits) const;
};
BOOST_DESCRIBE_STRUCT(CommonSettings, (),
                      (service, listen, admin, tls, log, workers, postgres, redis, kafka, otlp, peers, secrets, drain,
                       identity, registry, live_file))

struct Settings {
  CommonSettings common;
  json::Object tree;  // everything, as merged

  // An empty object when the file has no such section.
  json::Object section(const std::string& name) const;
  // The tree with whatever looks like a secret hidden.
  json::Object redacted() const;
};

// The file, the environment over it, and over both the live file, if there is one: a file like the first that may hold
// `peers` and the service's own sections, and is read again on SIGHUP. Throws std::runtime_error with the file, the key
// and the reason. `own_sections` are the service's; any other unknown key is refused.
Settings read_settings(const std::string& file, const std::map<std::string, std::string>& environment,
                       const std::string& default_name, const std::vector<std::string>& own_sections);

struct PeerAddress {
  std::string host;
  std::uint16_t port = 0;
};
// "host:port[,host:port…]"; throws std::runtime_error naming `setting`.
std::vector<PeerAddress> parse_addresses(const std::string& setting, const std::string& text);

}  // namespace evc::service
