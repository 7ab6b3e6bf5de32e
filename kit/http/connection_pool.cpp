#include "kit/http/connection_pool.hpp"

#include <algorithm>

#include <boost/asio/as_tuple.hpp>

namespace evc::http {

ConnectionPool::Lease::~Lease() {
  if (pool_) pool_->release(endpoint_);
}

void ConnectionPool::Lease::give_back() {
  if (pool_->closed_ || !stream_->is_open() || context_ != pool_->current_context()) return;
  pool_->places_[endpoint_].idle.push_back({std::move(stream_), std::chrono::steady_clock::now(), std::move(context_)});
}

ConnectionPool::ConnectionPool(Worker& worker, ClientOptions options)
    : worker_(worker), options_(std::move(options)), places_(options_.endpoints.size()) {}

namespace {

// A place in the line that is left even when the coroutine is destroyed while it waits.
template <class Line>
struct InLine {
  Line& line;
  typename Line::iterator place;
  InLine(Line& in, typename Line::value_type who) : line(in), place(in.insert(in.end(), who)) {}
  InLine(const InLine&) = delete;
  InLine& operator=(const InLine&) = delete;
  ~InLine() { line.erase(place); }
};

}  // namespace

Task<bool> ConnectionPool::wait_for_place(Place& place, SteadyTime deadline) {
  const auto self = shared_from_this();
  while (place.in_use >= options_.connections) {
    if (std::chrono::steady_clock::now() >= deadline) co_return false;
    Timer timer(worker_.executor(), deadline);
    const InLine in_line(place.waiting, &timer);
    co_await timer.async_wait(boost::asio::as_tuple(use_task));
  }
  co_return true;
}

std::optional<ConnectionPool::Idle> ConnectionPool::kept(Place& place) {
  const SteadyTime now = std::chrono::steady_clock::now();
  const auto context = current_context();
  std::erase_if(place.idle,
                [&](const Idle& idle) { return now - idle.since > options_.idle_timeout || idle.context != context; });
  while (!place.idle.empty()) {
    Idle idle = std::move(place.idle.back());
    place.idle.pop_back();
    if (idle.stream->idle_and_alive()) return idle;
  }
  return std::nullopt;
}

Task<Result<ConnectionPool::Lease>> ConnectionPool::take(std::size_t endpoint, Kind kind, SteadyTime deadline) {
  const auto self = shared_from_this();
  Place& place = places_[endpoint];
  const bool free = co_await wait_for_place(place, deadline);
  if (!free) co_return fail(Code::kOverloaded, "every connection to the service is in use");
  ++place.in_use;
  Lease lease(self, endpoint);
  if (auto idle = kind == Kind::kAny ? kept(place) : std::nullopt) {
    lease.stream_ = std::move(idle->stream);
    lease.context_ = std::move(idle->context);
    lease.reused_ = true;
    co_return lease;
  }
  lease.context_ = current_context();
  const Endpoint& to = options_.endpoints[endpoint];
  net::DialOptions dial{.host = to.host, .port = to.port, .tls = options_.tls, .server_name = options_.server_name};
  const SteadyTime connected_by = std::min(deadline, std::chrono::steady_clock::now() + options_.connect_timeout);
  auto stream = co_await net::dial(worker_, std::move(dial), connected_by);
  if (!stream) co_return std::unexpected(std::move(stream).error());
  lease.stream_ = std::move(*stream);
  co_return lease;
}

void ConnectionPool::release(std::size_t endpoint) {
  Place& place = places_[endpoint];
  --place.in_use;
  if (!place.waiting.empty()) place.waiting.front()->cancel();
}

void ConnectionPool::close() {
  closed_ = true;
  for (Place& place : places_) place.idle.clear();
}

}  // namespace evc::http
