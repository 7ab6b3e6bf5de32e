#include "kit/redis/link.hpp"

#include <algorithm>

#include "kit/base/bytes.hpp"

namespace evc::redis {
namespace {

constexpr std::size_t kInFlightLimit = 4'096;

std::unexpected<Error> unavailable(std::string reason) {
  return fail(Code::kCacheUnavailable, std::move(reason));
}

}  // namespace

std::chrono::milliseconds reconnect_pause(int failures) {
  if (failures == 0) return std::chrono::milliseconds{0};
  const auto whole = std::min<std::int64_t>(50LL << std::min(failures - 1, 5), 1'000);
  return std::chrono::milliseconds{whole / 2 +
                                   static_cast<std::int64_t>(random_u64() % static_cast<std::uint64_t>(whole / 2 + 1))};
}

Task<Result<Reply>> read_reply(net::Stream& stream, RespReader& reader, SteadyTime deadline) {
  std::vector<char> buffer(16 * 1024);
  while (true) {
    auto reply = reader.next();
    if (!reply) co_return std::unexpected(std::move(reply).error());
    if (*reply) co_return std::move(**reply);
    auto count = co_await stream.read_some(buffer, deadline);
    if (!count) co_return std::unexpected(std::move(count).error());
    EVC_CO_CHECK(reader.feed({buffer.data(), *count}));
  }
}

Task<Result<OpenedStream>> open_stream(Worker& worker, const Options& options, SteadyTime deadline) {
  net::DialOptions target{
      .host = options.host, .port = options.port, .tls = options.tls, .server_name = options.server_name};
  auto stream = co_await net::dial(worker, std::move(target), deadline);
  if (!stream) co_return unavailable(stream.error().detail);
  std::string hello;
  append_command(hello, {"HELLO", "2", "AUTH", options.user, options.password.reveal(), "SETNAME", "evcosta"});
  auto written = co_await (*stream)->write_all(hello, deadline);
  if (!written) co_return unavailable(written.error().detail);
  RespReader reader;
  auto reply = co_await read_reply(**stream, reader, deadline);
  if (!reply) co_return unavailable(reply.error().detail);
  if (reply->kind == Reply::Kind::kError) co_return unavailable(reply->text);
  co_return OpenedStream{std::move(*stream), std::move(reader)};
}

Link::Link(Worker& worker, std::unique_ptr<net::Stream> stream, RespReader reader, std::chrono::milliseconds timeout)
    : worker_(worker), stream_(std::move(stream)), reader_(std::move(reader)), timeout_(timeout) {}

std::shared_ptr<Link::Pending> Link::send(const std::vector<std::string>& arguments) {
  if (sent_.size() >= kInFlightLimit) return nullptr;
  auto pending = std::make_shared<Pending>(worker_.executor());
  const SteadyTime now = std::chrono::steady_clock::now();
  if (sent_.empty()) watch(now + timeout_);
  sent_.push_back({pending, now});
  append_command(out_, arguments);
  if (!writing_) {
    writing_ = true;
    worker_.tasks().spawn("redis write", write_out(shared_from_this()));
  }
  return pending;
}

Task<> Link::write_out(std::shared_ptr<Link> self) {
  while (!self->out_.empty() && !self->ended_ && self->stream_->is_open()) {
    const std::string bytes = std::exchange(self->out_, {});
    auto written = co_await self->stream_->write_all(bytes, std::chrono::steady_clock::now() + self->timeout_);
    if (!written) self->close(written.error().code == Code::kUpstreamTimeout ? End::kTimedOut : End::kClosed);
  }
  self->writing_ = false;
}

// One alarm a connection: it looks at the oldest command and moves on with it.
void Link::watch(SteadyTime when) {
  alarm_ = worker_.wheel().arm(when, [weak = weak_from_this()] {
    const auto self = weak.lock();
    if (!self || self->sent_.empty()) return;
    const SteadyTime due = self->sent_.front().at + self->timeout_;
    if (due > std::chrono::steady_clock::now()) return self->watch(due);
    self->close(End::kTimedOut);
  });
}

void Link::retire() {
  retired_ = true;
  if (sent_.empty()) close();
}

void Link::close(End how) {
  if (ended_) return;
  ended_ = true;
  how_ = how;
  alarm_.disarm();
  stream_->close();
  for (Sent& sent : std::exchange(sent_, {})) {
    sent.pending->deliver(
        unavailable(how == End::kTimedOut ? "Redis did not answer in time" : "the connection to Redis is lost"));
  }
}

Result<void> Link::deliver_replies() {
  while (true) {
    EVC_TRY(reply, reader_.next());
    if (!reply) return {};
    if (sent_.empty()) return fail(Code::kProtocolError, "a reply to nothing");
    const Sent sent = std::move(sent_.front());
    sent_.pop_front();
    if (sent_.empty()) alarm_.disarm();
    sent.pending->deliver(std::move(*reply));
    if (retired_ && sent_.empty()) close();
  }
}

Task<Link::End> Link::serve(std::shared_ptr<Link> self) {
  std::vector<char> buffer(16 * 1024);
  while (!self->ended_ && self->stream_->is_open()) {
    auto count = co_await self->stream_->read_some(buffer, SteadyTime::max());
    if (!count) break;
    if (!self->reader_.feed({buffer.data(), *count}) || !self->deliver_replies()) break;
  }
  self->close();
  co_return self->how_;
}

}  // namespace evc::redis
