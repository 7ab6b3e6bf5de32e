// Redis over TLS on one worker: commands are pipelined over a few connections, 2 s per command and no retry. A command
// that times out means that Redis hangs: every connection of every client with the same HangNews is closed, and all
// commands are answered cache-unavailable at once until Redis has greeted a new connection. Redis only ever holds
// copies: every caller has a defined answer for cache-unavailable.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "kit/base/result.hpp"
#include "kit/base/secret.hpp"
#include "kit/net/tls.hpp"
#include "kit/runtime/worker.hpp"
#include "kit/telemetry/request_context.hpp"

namespace evc::redis {

class HangNews;

struct Options {
  std::string host;
  std::uint16_t port = 0;
  std::shared_ptr<net::TlsClient> tls;
  std::string server_name = "redis.evcosta.internal";
  std::string user;
  Secret<std::string> password;
  std::size_t connections = 2;
  std::chrono::milliseconds timeout{2'000};
  std::shared_ptr<HangNews> news;  // shared by the clients of a process; null: this client is alone
};

struct Reply {
  enum class Kind { kNil, kStatus, kString, kInteger, kArray, kError } kind = Kind::kNil;
  std::string text;
  std::int64_t integer = 0;
  std::vector<Reply> elements;
};

class Client {
 public:
  Client(Worker& worker, Options options);
  ~Client();
  // An error reply of Redis is `protocol-error` with its text.
  Task<Result<Reply>> command(RequestContext& context, std::vector<std::string> arguments);
  Task<Result<std::optional<std::string>>> get(RequestContext& context, std::string key);
  Task<Result<void>> set(RequestContext& context, std::string key, std::string value, std::chrono::milliseconds ttl);
  Task<Result<void>> publish(RequestContext& context, std::string channel, std::string message);
  // EVALSHA with EVAL as the fallback. `script` is a constant: it outlives the client.
  Task<Result<Reply>> eval(RequestContext& context, std::string_view script, std::vector<std::string> keys,
                           std::vector<std::string> arguments);
  void close();

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;
};

// Pub/Sub on a connection of its own that reconnects for ever with back-off. Messages are hints: whoever listens also
// polls.
class Subscriber {
 public:
  using OnMessage = std::function<void(std::string_view channel, std::string_view message)>;
  // After every subscription, the first included: what was said before is lost, so the state is pulled anew.
  using OnReconnect = std::function<void()>;
  Subscriber(Worker& worker, Options options, std::vector<std::string> channels, OnMessage on_message,
             OnReconnect on_reconnect);
  ~Subscriber();
  void close();

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace evc::redis
