#include "kit/http/server.hpp"

#include <sys/resource.h>

#include <algorithm>
#include <vector>

#include "kit/http/connection.hpp"
#include "kit/net/listener.hpp"
#include "kit/telemetry/log.hpp"

namespace evc::http {

struct Server::Impl {
  std::shared_ptr<ServerState> state;
  std::shared_ptr<net::Listener> listener;
};

namespace {

std::size_t half_of_the_descriptors() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY) return SIZE_MAX;
  return limit.rlim_cur / 2;
}

Task<> accept_loop(std::shared_ptr<ServerState> state, std::shared_ptr<net::Listener> listener) {
  constexpr std::chrono::milliseconds kBreath{100};
  for (;;) {
    auto stream = co_await listener->accept();
    if (!stream && stream.error().code == Code::kCancelled) co_return;
    if (!stream) {
      EVC_LOG(kWarn, "a connection could not be accepted", {{telemetry::key::kReason, stream.error().detail}});
      if (stream.error().code == Code::kOverloaded) co_await sleep_for(state->worker, kBreath);
      continue;
    }
    if (state->connections.size() >= state->options.connection_limit) {
      state->metrics.refused_connections.add();
      continue;
    }
    state->tasks.spawn("http connection", Connection::run(std::make_shared<Connection>(state, std::move(*stream))));
  }
}

// Copies: closing a connection may take it off the list.
std::vector<std::shared_ptr<Connection>> all_of(const ServerState& state) {
  std::vector<std::shared_ptr<Connection>> all;
  for (Connection* connection : state.connections) all.push_back(connection->shared_from_this());
  return all;
}

}  // namespace

Server::Server(Worker& worker, std::shared_ptr<const Router> router, std::vector<Middleware> middleware,
               ServerOptions options)
    : impl_(std::make_shared<Impl>()) {
  options.connection_limit = std::min(options.connection_limit, half_of_the_descriptors());
  impl_->state = std::make_shared<ServerState>(worker, std::move(router), std::move(middleware), std::move(options));
}

Server::~Server() {
  stop_accepting();
  close_all();
}

void Server::start() {
  ServerState& state = *impl_->state;
  const auto share = state.worker.index() == 0 ? net::Listener::Share::kClaim : net::Listener::Share::kJoin;
  impl_->listener = std::make_shared<net::Listener>(
      state.worker, net::Listener::Options{.host = state.options.host, .port = state.options.port, .share = share});
  state.tasks.spawn("http accept", accept_loop(impl_->state, impl_->listener));
}

std::uint16_t Server::port() const {
  return impl_->listener->port();
}

void Server::stop_accepting() {
  if (impl_->listener) impl_->listener->close();
}

Task<bool> Server::drain(SteadyTime deadline) {
  const auto state = impl_->state;
  stop_accepting();
  state->draining = true;
  for (const auto& connection : all_of(*state)) connection->drain();
  const bool done = co_await state->tasks.drain(deadline);
  co_return done;
}

void Server::close_all() {
  for (const auto& connection : all_of(*impl_->state)) connection->close();
}

std::size_t Server::connections() const {
  return impl_->state->connections.size();
}
std::size_t Server::in_flight() const {
  return impl_->state->in_flight;
}

}  // namespace evc::http
