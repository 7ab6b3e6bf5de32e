// One client's connection: requests one after the other, as they arrive, on the server's worker. Shared by its
// coroutine and by the server, which closes idle ones when it drains. Holds one 8 KiB read buffer and at most one body.
#pragma once

#include <array>
#include <list>
#include <memory>
#include <string>

#include "kit/http/request_parser.hpp"
#include "kit/http/request_record.hpp"
#include "kit/http/server.hpp"
#include "kit/net/stream.hpp"
#include "kit/runtime/task_group.hpp"

namespace evc::http {

class Connection;

// What all connections of a server share.
struct ServerState {
  ServerState(Worker& on, std::shared_ptr<const Router> routes, std::vector<Middleware> around, ServerOptions with)
      : worker(on),
        router(std::move(routes)),
        middleware(std::move(around)),
        options(std::move(with)),
        metrics(options.server_name),
        tasks(on.io()) {}

  Worker& worker;
  std::shared_ptr<const Router> router;
  std::vector<Middleware> middleware;
  ServerOptions options;
  ServerMetrics metrics;
  std::list<Connection*> connections;
  std::size_t in_flight = 0;
  bool draining = false;
  TaskGroup tasks;  // the accept loop, connections, stream watchers
};

class Connection : public std::enable_shared_from_this<Connection> {
 public:
  Connection(std::shared_ptr<ServerState> server, std::unique_ptr<net::Stream> stream);
  ~Connection();

  // Serves until the connection ends. `self` keeps the object alive.
  static Task<> run(std::shared_ptr<Connection> self);
  // The server drains: an idle connection is closed now, an event stream is ended, a WebSocket says goodbye, the others
  // close after their answer.
  void drain();
  void close();

 private:
  enum class After { kKeepAlive, kClose, kLinger };

  Task<bool> handshake();
  Task<bool> read_head();
  Task<After> serve();
  Task<Response> answer(RequestContext& context, Request& request, const Router::Match& match);
  Task<Response> run_handler(RequestContext& context, Request& request, const Router::Match& match);
  Task<Response> prepare_upgrade(RequestContext& context, Request& request, const Router::Match& match);
  Task<Result<void>> read_body(std::size_t limit_bytes);
  Task<bool> discard_body();
  Task<bool> write_answer(const Request& request, Response& response, bool keep_alive);
  Task<> write_stream(RequestContext& context, StreamBody body);
  Task<> run_websocket(RequestContext& context, Request& request, const Router::Match& match);
  Task<bool> read_more(SteadyTime deadline);
  Task<> linger();
  static Task<> watch(std::shared_ptr<Connection> self);
  static Task<> refuse_slow(std::shared_ptr<Connection> self);

  Request take_request();
  void drop_foreign_headers(Headers& headers) const;
  telemetry::TraceContext parent_trace(const Headers& headers) const;
  RequestContext make_context(const Headers& headers) const;
  void add_security_headers(Response& response) const;

  struct Streaming;
  std::shared_ptr<ServerState> server_;
  std::list<Connection*>::iterator place_;
  std::unique_ptr<net::Stream> stream_;
  std::shared_ptr<ssl_ctx_st> tls_context_;  // with which it began; null: plain
  RequestParser parser_;
  static constexpr std::size_t kBufferBytes = 8 * 1024;
  std::unique_ptr<char[]> buffer_;
  std::size_t buffer_begin_ = 0;
  std::size_t buffer_end_ = 0;
  std::size_t served_ = 0;
  bool idle_ = true;
  bool too_slow_ = false;
  bool sent_continue_ = false;
  std::string subprotocol_;
  WebSocket* websocket_ = nullptr;
  std::shared_ptr<Streaming> streaming_;
};

}  // namespace evc::http
