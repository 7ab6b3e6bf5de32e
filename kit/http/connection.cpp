#include "kit/http/connection.hpp"

#include <algorithm>
#include <array>

#include "kit/http/character_sets.hpp"
#include "kit/http/writer.hpp"
#include "kit/net/listener.hpp"
#include "kit/telemetry/log.hpp"

namespace evc::http {
namespace {

constexpr std::chrono::milliseconds kLinger{1'000};
constexpr std::size_t kLingerBytes = 256 * 1024;
constexpr std::size_t kDiscardBytes = 64 * 1024;
// How much later than the header's deadline the read gives up, so that the answer 408 has its moment.
constexpr std::chrono::milliseconds kFarewell{500};
// More than a gateway writes into a head: trace context, deadline, address, language, length.
constexpr std::size_t kAddedHeaderBytes = 4 * 1024;
constexpr std::size_t kAddedHeaders = 20;

SteadyTime after(std::chrono::milliseconds time) {
  return std::chrono::steady_clock::now() + time;
}

HeadLimits head_limits(ServerOptions::Trust trust) {
  HeadLimits limits;
  if (trust == ServerOptions::Trust::kInternal) {
    limits.header_bytes += kAddedHeaderBytes;
    limits.header_count += kAddedHeaders;
  }
  return limits;
}

}  // namespace

Connection::Connection(std::shared_ptr<ServerState> server, std::unique_ptr<net::Stream> stream)
    : server_(std::move(server)),
      stream_(std::move(stream)),
      parser_(head_limits(server_->options.trust)),
      buffer_(std::make_unique<char[]>(kBufferBytes)) {
  place_ = server_->connections.insert(server_->connections.end(), this);
  server_->metrics.connections.add(1);
}

Connection::~Connection() {
  server_->connections.erase(place_);
  server_->metrics.connections.add(-1);
}

void Connection::close() {
  if (stream_) stream_->close();
}

Task<> Connection::run(std::shared_ptr<Connection> self) {
  const bool shaken = co_await self->handshake();
  if (!shaken) co_return;
  After next = After::kKeepAlive;
  while (next == After::kKeepAlive) {
    const bool ready = co_await self->read_head();
    if (!ready) break;
    next = co_await self->serve();
  }
  if (next == After::kLinger) co_await self->linger();
  self->close();
}

Task<bool> Connection::handshake() {
  if (!server_->options.tls) co_return true;
  auto plain = std::move(stream_);
  tls_context_ = server_->options.tls->context();
  auto secured =
      co_await net::accept_tls(std::move(plain), server_->options.tls, after(server_->options.handshake_timeout));
  if (!secured) {
    EVC_LOG(kDebug, "TLS handshake failed", {{telemetry::key::kReason, secured.error().detail}});
    co_return false;
  }
  stream_ = std::move(*secured);
  co_return true;
}

Task<bool> Connection::read_more(SteadyTime deadline) {
  buffer_begin_ = buffer_end_ = 0;
  const auto count = co_await stream_->read_some({buffer_.get(), kBufferBytes}, deadline);
  if (!count) co_return false;
  buffer_end_ = *count;
  co_return true;
}

// Until the head is complete or refused; false when the connection is over.
Task<bool> Connection::read_head() {
  parser_.reset();
  sent_continue_ = false;
  const auto self = shared_from_this();
  DeadlineWheel::Handle late;
  while (parser_.state() == RequestParser::State::kHead) {
    if (buffer_begin_ == buffer_end_) {
      idle_ = !parser_.begun();
      if (idle_ && server_->draining) co_return false;
      const auto limit = idle_ ? server_->options.idle_timeout : server_->options.header_timeout + kFarewell;
      const bool more = co_await read_more(after(limit));
      if (!more) co_return false;
    }
    if (too_slow_) co_return false;
    idle_ = false;
    buffer_begin_ += parser_.feed({buffer_.get() + buffer_begin_, buffer_end_ - buffer_begin_});
    // From the first byte on, whatever the pace of the others.
    if (parser_.state() == RequestParser::State::kHead && !late.armed()) {
      late = server_->worker.wheel().arm(after(server_->options.header_timeout), [self] {
        self->too_slow_ = true;
        self->server_->tasks.spawn("http header timeout", refuse_slow(self));
      });
    }
  }
  co_return true;
}

// A head that does not arrive in time is answered 408 while the reader still waits, because a stream that timed out is
// closed.
Task<> Connection::refuse_slow(std::shared_ptr<Connection> self) {
  RequestContext context;
  context.trace = telemetry::TraceContext::root();
  const Response response = problem({.code = Code::kRequestTimeout}, context);
  const std::string head =
      response_head(response.status, response.headers,
                    {.kind = BodyLength::Kind::kLength, .bytes = response.body.size()}, Persistence::kClose) +
      response.body;
  const auto written = co_await self->stream_->write_all(head, after(kFarewell));
  (void)written;
  self->stream_->close();
}

Task<Connection::After> Connection::serve() {
  const bool refused = parser_.state() == RequestParser::State::kFailed;
  Request request = take_request();
  RequestContext context = make_context(request.headers);
  Result<Router::Match> match = fail(Code::kNotFound);
  if (!refused) match = server_->router->match(request);
  const telemetry::TraceContext parent = parent_trace(request.headers);
  if (server_->options.trust == ServerOptions::Trust::kPublic) drop_foreign_headers(request.headers);
  RequestRecord record(server_->metrics, context, request, parent);
  ++server_->in_flight;

  Response response;
  if (refused) {
    response = problem(parser_.error(), context);
  } else if (!match) {
    response = problem({.code = match.error().code}, context, request.path);
    if (match.error().code == Code::kMethodNotAllowed) response.headers.add("Allow", match.error().detail);
  } else {
    if (match->info->options.deadline.count() > 0) context = context.with_timeout(match->info->options.deadline);
    response = co_await answer(context, request, *match);
  }
  record.add_headers(context, response);
  add_security_headers(response);

  const bool upgrade = response.status == 101 && match && match->websocket != nullptr;
  const bool unread = !refused && parser_.state() != RequestParser::State::kDone;
  // A body that is not worth reading, or that the client holds back until we ask for it, ends the connection.
  const bool discardable = (!parser_.head().expects_continue || sent_continue_) &&
                           parser_.head().content_length.value_or(0) <= kDiscardBytes;
  const bool broken = parser_.state() == RequestParser::State::kFailed;
  // After a renewal of the certificate clients come again, and are seen with what they have now.
  const bool renewed = server_->options.tls && server_->options.tls->context() != tls_context_;
  const bool keep_alive = !broken && !renewed && !response.stream && !server_->draining && parser_.head().keep_alive &&
                          ++served_ < server_->options.requests_per_connection && (!unread || discardable);
  const StreamBody body = request.method == "HEAD" ? StreamBody() : response.stream;
  const bool written = upgrade || co_await write_answer(request, response, keep_alive);
  record.answered();
  if (written && body) co_await write_stream(context, body);
  if (upgrade) co_await run_websocket(context, request, *match);
  --server_->in_flight;
  record.finish(context, request, response);

  if (!written || body || upgrade) co_return After::kClose;
  if (keep_alive && unread) {
    const bool discarded = co_await discard_body();
    co_return discarded ? After::kKeepAlive : After::kLinger;
  }
  if (keep_alive) co_return After::kKeepAlive;
  co_return broken || unread ? After::kLinger : After::kClose;
}

Request Connection::take_request() {
  RequestHead& head = parser_.head();
  Request request{
      .method = head.method, .target = head.target, .path = head.path, .query = head.query, .headers = head.headers};
  request.remote_address = stream_->remote_address();
  request.peer_name = stream_->peer_name();
  return request;
}

void Connection::drop_foreign_headers(Headers& headers) const {
  const std::string connection(headers.get("Connection").value_or(""));
  std::vector<std::string> dropped;
  for (const auto& [name, value] : headers.all()) {
    const bool ours = starts_with_ignoring_case(name, "evc-") || starts_with_ignoring_case(name, "x-forwarded-") ||
                      equal_ignoring_case(name, "x-real-ip") || equal_ignoring_case(name, "forwarded");
    const bool hop = is_connection_header(name) && !equal_ignoring_case(name, "Content-Length");
    if (ours || hop || list_contains(connection, name)) dropped.push_back(name);
  }
  for (const std::string& name : dropped) headers.remove(name);
}

telemetry::TraceContext Connection::parent_trace(const Headers& headers) const {
  if (server_->options.traces == ServerOptions::Traces::kUnsampled) {
    telemetry::TraceContext unsampled = telemetry::TraceContext::root();
    unsampled.sampled = false;
    return unsampled;
  }
  const auto same = [](const auto& field) { return equal_ignoring_case(field.first, "traceparent"); };
  if (std::ranges::count_if(headers.all(), same) != 1) return {};
  auto parent = telemetry::TraceContext::parse(*headers.get("traceparent"), headers.get("tracestate").value_or(""));
  if (!parent) return {};
  // Whether a trace is kept is our decision, not that of whoever sends the flag.
  if (server_->options.trust == ServerOptions::Trust::kPublic) parent->sampled = true;
  return *parent;
}

RequestContext Connection::make_context(const Headers& headers) const {
  constexpr std::size_t kDigits = 9;
  RequestContext context;
  if (server_->options.trust == ServerOptions::Trust::kPublic) return context;
  const std::string_view text = headers.get("evc-deadline-ms").value_or("");
  if (text.empty() || text.size() > kDigits || !std::ranges::all_of(text, is_digit)) return context;
  return context.with_timeout(std::chrono::milliseconds(std::stol(std::string(text))));
}

void Connection::add_security_headers(Response& response) const {
  if (server_->options.trust != ServerOptions::Trust::kPublic) return;
  constexpr std::array<std::pair<std::string_view, std::string_view>, 6> kHeaders{{
      {"X-Content-Type-Options", "nosniff"},
      {"Strict-Transport-Security", "max-age=31536000; includeSubDomains"},
      {"Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'"},
      {"Cross-Origin-Opener-Policy", "same-origin"},
      {"Cross-Origin-Resource-Policy", "same-origin"},
      {"Referrer-Policy", "no-referrer"},
  }};
  for (const auto& [name, value] : kHeaders) {
    if (!response.headers.contains(name)) response.headers.add(name, value);
  }
}

// The middleware in its order, around the handler. An exception is a bug of ours: 500, and the process goes on.
Task<Response> Connection::answer(RequestContext& context, Request& request, const Router::Match& match) {
  const std::vector<Middleware>& middleware = server_->middleware;
  std::vector<Next> steps(middleware.size() + 1);
  steps.back() = [this, &match](RequestContext& c, Request& r) { return run_handler(c, r, match); };
  for (std::size_t i = middleware.size(); i-- > 0;) {
    steps[i] = [around = &middleware[i], next = &steps[i + 1], &match](RequestContext& c, Request& r) {
      return (*around)(c, r, *match.info, *next);
    };
  }
  std::string thrown;
  try {
    co_return co_await steps.front()(context, request);
  } catch (const std::exception& exception) {
    thrown = exception.what();
  }
  EVC_LOG(kError, context.trace, "a handler ended with an exception",
          {{telemetry::key::kHttpRoute, request.route}, {telemetry::key::kReason, thrown}});
  co_return problem({.code = Code::kInternal}, context, request.path);
}

Task<Response> Connection::run_handler(RequestContext& context, Request& request, const Router::Match& match) {
  if (context.expired()) co_return problem({.code = Code::kDeadlineExceeded}, context, request.path);
  const auto read = co_await read_body(match.info->options.body_limit_bytes);
  if (!read) co_return problem(read.error(), context, request.path);
  request.body = std::move(parser_.body());
  if (match.websocket != nullptr) co_return co_await prepare_upgrade(context, request, match);
  co_return co_await (*match.handler)(context, request);
}

Task<Result<void>> Connection::read_body(std::size_t limit_bytes) {
  if (parser_.state() == RequestParser::State::kHeadDone) parser_.begin_body(limit_bytes);
  const SteadyTime deadline = after(server_->options.body_timeout);
  if (parser_.state() == RequestParser::State::kBody && parser_.head().expects_continue && !sent_continue_) {
    sent_continue_ = true;
    EVC_CO_CHECK(co_await stream_->write_all("HTTP/1.1 100 Continue\r\n\r\n", deadline));
  }
  while (parser_.state() == RequestParser::State::kBody) {
    if (buffer_begin_ == buffer_end_) {
      const bool more = co_await read_more(deadline);
      if (!more) co_return fail(Code::kRequestTimeout);
    }
    buffer_begin_ += parser_.feed({buffer_.get() + buffer_begin_, buffer_end_ - buffer_begin_});
  }
  if (parser_.state() == RequestParser::State::kFailed) co_return std::unexpected(parser_.error());
  co_return Result<void>{};
}

// After an answer that did not need the body: a small one is read, so that the connection can go on.
Task<bool> Connection::discard_body() {
  const auto read = co_await read_body(kDiscardBytes);
  co_return read.has_value();
}

Task<bool> Connection::write_answer(const Request& request, Response& response, bool keep_alive) {
  const bool bodiless = response.status == 204 || response.status == 304;
  BodyLength length{.kind = BodyLength::Kind::kLength, .bytes = response.body.size()};
  if (response.stream) length.kind = BodyLength::Kind::kChunked;
  if (bodiless) length.kind = BodyLength::Kind::kNone;
  std::string bytes = response_head(response.status, response.headers, length,
                                    keep_alive ? Persistence::kKeepAlive : Persistence::kClose);
  if (!bodiless && !response.stream && request.method != "HEAD") bytes.append(response.body);
  const auto written = co_await stream_->write_all(bytes, after(server_->options.write_timeout));
  co_return written.has_value();
}

// Half-closed and drained, so that the client reads our last answer before its own unread bytes reset the connection.
Task<> Connection::linger() {
  stream_->shutdown_send();
  const SteadyTime deadline = after(kLinger);
  for (std::size_t total = 0; total < kLingerBytes; total += buffer_end_) {
    const bool more = co_await read_more(deadline);
    if (!more) break;
  }
}

}  // namespace evc::http
