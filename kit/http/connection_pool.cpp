#include "kit/http/connection_pool.hpp"

#include <algorithm>

#include <boost/asio/as_tuple.hpp>

namespace evc::http {

ConnectionPool::Lease::~Lease() {
  if (pool_) pool_->release(endpoint_);
}

void ConnectionPool::Lease::give_back() {
  if (pool_->closed_ || !stream_->is_open()) return;
  pool_->places_[endpoint_].idle.push_back({std::move(stream_), std::chrono::steady_clock::now()});
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

std::unique_ptr<net::Stream> ConnectionPool::kept(Place& place) {
  const SteadyTime now = std::chrono::steady_clock::now();
  std::erase_if(place.idle, [&](const Idle& idle) { return now - idle.since > options_.idle_timeout; });
  while (!place.idle.empty()) {
    auto stream = std::move(place.idle.back().stream);
    place.idle.pop_back();
    if (stream->idle_and_alive()) return stream;
  }
  return nullptr;
}

Task<Result<ConnectionPool::Lease>> ConnectionPool::take(std::size_t endpoint, Kind kind, SteadyTime deadline) {
  const auto self = shared_from_this();
  Place& place = places_[endpoint];
  const bool free = co_await wait_for_place(place, deadline);
  if (!free) co_return fail(Code::kOverloaded, "every connection to the service is in use");
  ++place.in_use;
  Lease lease(self, endpoint);
  if (kind == Kind::kAny) lease.stream_ = kept(place);
  lease.reused_ = lease.stream_ != nullptr;
  if (lease.reused_) co_return lease;
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
