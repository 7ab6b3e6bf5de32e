#include <vector>

#include <boost/asio/ip/basic_resolver.hpp>
#include <boost/asio/redirect_error.hpp>

#include "kit/net/socket_core.hpp"
#include "kit/net/stream.hpp"
#include "kit/net/tls_stream.hpp"

namespace evc::net {
namespace {

namespace asio = boost::asio;
using Resolver = asio::ip::basic_resolver<Tcp, Executor>;

// Addresses and `localhost` need no resolver, which costs a thread and may hang on a broken name server.
Task<Result<std::vector<Tcp::endpoint>>> resolve(Worker& worker, std::string host, std::uint16_t port,
                                                 SteadyTime deadline) {
  std::vector<Tcp::endpoint> endpoints;
  boost::system::error_code error;
  const auto address = asio::ip::make_address(host == "localhost" ? "127.0.0.1" : host, error);
  if (!error) {
    endpoints.emplace_back(address, port);
    co_return endpoints;
  }
  Resolver resolver(worker.executor());
  const auto limit = worker.wheel().arm(deadline, [&resolver] { resolver.cancel(); });
  const auto found = co_await resolver.async_resolve(host, std::to_string(port), asio::redirect_error(use_task, error));
  if (error) co_return fail(Code::kConnectionFailed, "the name of the host could not be resolved");
  for (const auto& entry : found) endpoints.push_back(entry.endpoint());
  co_return endpoints;
}

Task<Result<std::shared_ptr<SocketCore>>> connect(Worker& worker, Tcp::endpoint endpoint, SteadyTime deadline) {
  auto core = std::make_shared<SocketCore>(worker, Socket(worker.executor()));
  boost::system::error_code error;
  core->socket().open(endpoint.protocol(), error);
  if (error) co_return core->failed("opening a socket");
  core->begin(SocketCore::kWrite, deadline);
  co_await core->socket().async_connect(endpoint, asio::redirect_error(use_task, error));
  core->end(SocketCore::kWrite);
  if (error) co_return core->failed("connecting");
  core->established();
  co_return core;
}

}  // namespace

Task<Result<std::unique_ptr<Stream>>> dial(Worker& worker, DialOptions options, SteadyTime deadline) {
  EVC_CO_TRY(endpoints, co_await resolve(worker, options.host, options.port, deadline));
  Result<std::shared_ptr<SocketCore>> core = fail(Code::kConnectionFailed, "the host has no address");
  for (const Tcp::endpoint& endpoint : endpoints) {
    core = co_await connect(worker, endpoint, deadline);
    if (core) break;
  }
  if (!core) co_return std::unexpected(std::move(core).error());
  if (!options.tls) co_return std::make_unique<TcpStream>(std::move(*core));
  const std::string name = options.server_name.empty() ? options.host : options.server_name;
  auto secured = co_await client_handshake(std::move(*core), options.tls, name, deadline);
  co_return secured;
}

}  // namespace evc::net
