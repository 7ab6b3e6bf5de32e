#include "kit/redis/link.hpp"
#include "kit/telemetry/log.hpp"

namespace evc::redis {
namespace {

// A silent channel is asked for a sign of life, so that a dead connection is noticed within 15 s.
constexpr std::chrono::milliseconds kPingInterval{5'000};
constexpr std::chrono::milliseconds kSilenceLimit{15'000};

}  // namespace

struct Subscriber::Impl : std::enable_shared_from_this<Subscriber::Impl> {
  Impl(Worker& w, Options o, std::vector<std::string> c, OnMessage m, OnReconnect r)
      : worker(w),
        options(std::move(o)),
        channels(std::move(c)),
        on_message(std::move(m)),
        on_reconnect(std::move(r)) {}

  Worker& worker;
  Options options;
  std::vector<std::string> channels;
  OnMessage on_message;
  OnReconnect on_reconnect;
  std::shared_ptr<net::Stream> stream;
  bool closed = false;

  bool stopping() const { return closed || worker.tasks().cancelled(); }
  static Task<> run(std::shared_ptr<Impl> self);
  static Task<> ping(std::shared_ptr<Impl> self, std::shared_ptr<net::Stream> through);
  Task<Result<void>> listen(std::shared_ptr<net::Stream> through, RespReader reader);
  void take(const Reply& reply, std::size_t& confirmed);
};

Task<> Subscriber::Impl::ping(std::shared_ptr<Impl> self, std::shared_ptr<net::Stream> through) {
  const auto context = self->options.tls ? self->options.tls->context() : nullptr;
  std::string bytes;
  append_command(bytes, {"PING"});
  while (!self->stopping() && through->is_open()) {
    co_await sleep_for(self->worker, kPingInterval);
    if (!through->is_open()) co_return;
    // The certificate was renewed: it subscribes again.
    if (context && self->options.tls->context() != context) co_return through->close();
    auto written = co_await through->write_all(bytes, std::chrono::steady_clock::now() + self->options.timeout);
    if (!written) co_return;
  }
}

void Subscriber::Impl::take(const Reply& reply, std::size_t& confirmed) {
  if (reply.kind != Reply::Kind::kArray || reply.elements.size() < 2) return;
  const std::string& kind = reply.elements[0].text;
  if (kind == "message" && reply.elements.size() == 3)
    return on_message(reply.elements[1].text, reply.elements[2].text);
  if (kind == "subscribe" && ++confirmed == channels.size()) on_reconnect();
}

Task<Result<void>> Subscriber::Impl::listen(std::shared_ptr<net::Stream> through, RespReader reader) {
  std::string bytes;
  std::vector<std::string> command{"SUBSCRIBE"};
  command.insert(command.end(), channels.begin(), channels.end());
  append_command(bytes, command);
  auto written = co_await through->write_all(bytes, std::chrono::steady_clock::now() + options.timeout);
  if (!written) co_return written;
  std::size_t confirmed = 0;
  while (!stopping()) {
    auto reply = co_await read_reply(*through, reader, std::chrono::steady_clock::now() + kSilenceLimit);
    if (!reply) co_return std::unexpected(std::move(reply).error());
    if (reply->kind == Reply::Kind::kError) co_return fail(Code::kCacheUnavailable, reply->text);
    if (!stopping()) take(*reply, confirmed);
  }
  co_return Result<void>{};
}

Task<> Subscriber::Impl::run(std::shared_ptr<Impl> self) {
  int failures = 0;
  while (!self->stopping()) {
    const auto pause = reconnect_pause(failures++);
    if (pause.count() > 0) co_await sleep_for(self->worker, pause);
    if (self->stopping()) break;
    auto opened =
        co_await open_stream(self->worker, self->options, std::chrono::steady_clock::now() + self->options.timeout);
    if (!opened || self->stopping()) continue;
    failures = 1;  // a connection that breaks at once must not become a busy loop
    self->stream = std::move(opened->stream);
    self->worker.tasks().spawn("redis ping", ping(self, self->stream));
    auto ended = co_await self->listen(self->stream, std::move(opened->reader));
    self->stream->close();
    if (!ended && !self->stopping())
      EVC_LOG(kWarn, "the subscription at Redis is lost", {{telemetry::key::kErrorDetail, ended.error().detail}});
  }
}

Subscriber::Subscriber(Worker& worker, Options options, std::vector<std::string> channels, OnMessage on_message,
                       OnReconnect on_reconnect)
    : impl_(std::make_shared<Impl>(worker, std::move(options), std::move(channels), std::move(on_message),
                                   std::move(on_reconnect))) {
  worker.tasks().spawn("redis subscriber", Impl::run(impl_));
}

Subscriber::~Subscriber() {
  close();
}

void Subscriber::close() {
  impl_->closed = true;
  if (impl_->stream) impl_->stream->close();
}

}  // namespace evc::redis
