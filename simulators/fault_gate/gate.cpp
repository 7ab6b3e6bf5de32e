#include "simulators/fault_gate/gate.hpp"

#include <algorithm>
#include <array>
#include <boost/asio/basic_socket_acceptor.hpp>
#include <boost/asio/basic_stream_socket.hpp>
#include <boost/asio/basic_waitable_timer.hpp>
#include <boost/asio/ip/basic_resolver.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/write.hpp>
#include <deque>
#include <set>

namespace evc::fault_gate {

namespace {

namespace asio = boost::asio;
using Tcp = asio::ip::tcp;
using Socket = asio::basic_stream_socket<Tcp, Executor>;
using Acceptor = asio::basic_socket_acceptor<Tcp, Executor>;
using Timer =
    asio::basic_waitable_timer<std::chrono::steady_clock, asio::wait_traits<std::chrono::steady_clock>, Executor>;
using Resolver = asio::ip::basic_resolver<Tcp, Executor>;

// How often a direction that is held looks whether it may go on; also the grain of a trickle.
constexpr std::chrono::milliseconds kGrain{10};
constexpr std::size_t kHeldLimit = 256 * 1024;

void reset(Socket& socket) {
  boost::system::error_code ignored;
  socket.set_option(asio::socket_base::linger(true, 0), ignored);
  socket.close(ignored);
}

struct Chunk {
  SteadyTime read_at{};
  std::string bytes;  // empty: the end of the stream
};

// One direction of a connection: a reader fills it, a writer empties it as the gate's fault allows.
struct Pipe {
  Pipe(Worker& worker, Socket& from_socket, Socket& to_socket, std::uint64_t& total)
      : from(from_socket), to(to_socket), forwarded(total), filled(worker.executor(), SteadyTime::max()) {}
  void close() {
    closed = true;
    filled.cancel();
  }
  Socket& from;
  Socket& to;
  std::uint64_t& forwarded;
  Timer filled;  // cancelled when there is something for the writer
  std::deque<Chunk> held;
  std::size_t held_bytes = 0;
  bool closed = false;
};

}  // namespace

struct Gate::Impl : std::enable_shared_from_this<Gate::Impl> {
  struct Connection {
    Connection(Worker& worker, Socket accepted, GateCounts& counts)
        : client(std::move(accepted)),
          target(worker.executor()),
          up(worker, client, target, counts.bytes_up),
          down(worker, target, client, counts.bytes_down) {}
    void end() {
      boost::system::error_code ignored;
      client.close(ignored);
      target.close(ignored);
      up.close();
      down.close();
    }
    Socket client, target;
    Pipe up, down;
    bool half_open = false;
  };

  Impl(Worker& its_worker, GateOptions its_options)
      : worker(its_worker),
        options(std::move(its_options)),
        acceptor(worker.executor(), Tcp::endpoint(asio::ip::make_address(options.listen_host), options.listen_port)) {}

  static Task<> accept(std::shared_ptr<Impl> impl);
  static Task<> serve(std::shared_ptr<Impl> impl, std::shared_ptr<Connection> connection);
  static Task<> read(std::shared_ptr<Impl> impl, std::shared_ptr<Connection> connection, Pipe& pipe);
  static Task<> write(std::shared_ptr<Impl> impl, std::shared_ptr<Connection> connection, Pipe& pipe);
  Task<bool> connect(Connection& connection);
  Task<bool> forward(Connection& connection, Pipe& pipe, const std::string& bytes);
  bool holds() const { return fault.mode == Mode::kDrop || fault.mode == Mode::kHalfOpen; }
  void apply(Connection& connection);

  Worker& worker;
  GateOptions options;
  Acceptor acceptor;
  Fault fault;
  GateCounts counts;
  std::set<std::shared_ptr<Connection>> connections;
};

Task<> Gate::Impl::accept(std::shared_ptr<Impl> impl) {
  while (impl->acceptor.is_open() && !impl->worker.tasks().cancelled()) {
    Socket socket(impl->worker.executor());
    boost::system::error_code error;
    co_await impl->acceptor.async_accept(socket, asio::redirect_error(use_task, error));
    if (error) {
      co_await sleep_for(impl->worker, kGrain);
      continue;
    }
    ++impl->counts.accepted;
    if (impl->fault.mode == Mode::kReset) {
      reset(socket);
      continue;
    }
    socket.set_option(Tcp::no_delay(true), error);
    auto connection = std::make_shared<Connection>(impl->worker, std::move(socket), impl->counts);
    impl->connections.insert(connection);
    ++impl->counts.open;
    impl->worker.tasks().spawn("gate connection", serve(impl, std::move(connection)));
  }
}

Task<bool> Gate::Impl::connect(Connection& connection) {
  boost::system::error_code error;
  Resolver resolver(worker.executor());
  const auto found =
      co_await resolver.async_resolve(options.target_host == "localhost" ? "127.0.0.1" : options.target_host,
                                      std::to_string(options.target_port), asio::redirect_error(use_task, error));
  if (error) co_return false;
  for (const auto& entry : found) {
    co_await connection.target.async_connect(entry.endpoint(), asio::redirect_error(use_task, error));
    if (!error) break;
    boost::system::error_code ignored;
    connection.target.close(ignored);
  }
  if (error) co_return false;
  connection.target.set_option(Tcp::no_delay(true), error);
  co_return true;
}

Task<> Gate::Impl::serve(std::shared_ptr<Impl> impl, std::shared_ptr<Connection> connection) {
  // Where nothing passes, not even the handshake with the target does; the client's own was answered by the gate's
  // listener.
  while (impl->holds() && connection->client.is_open() && !impl->worker.tasks().cancelled()) {
    if (impl->fault.mode == Mode::kHalfOpen) connection->half_open = true;
    co_await sleep_for(impl->worker, kGrain);
  }
  const bool connected = connection->client.is_open() && co_await impl->connect(*connection);
  if (!connected) {
    reset(connection->client);
  } else {
    auto& tasks = impl->worker.tasks();
    tasks.spawn("gate reader", read(impl, connection, connection->up));
    tasks.spawn("gate reader", read(impl, connection, connection->down));
    tasks.spawn("gate writer", write(impl, connection, connection->up));
    tasks.spawn("gate writer", write(impl, connection, connection->down));
    while (!(connection->up.closed && connection->down.closed) && !tasks.cancelled())
      co_await sleep_for(impl->worker, kGrain);
  }
  connection->end();
  impl->connections.erase(connection);
  --impl->counts.open;
}

Task<> Gate::Impl::read(std::shared_ptr<Impl> impl, std::shared_ptr<Connection> connection, Pipe& pipe) {
  std::array<char, 16 * 1024> buffer;
  while (!pipe.closed && !impl->worker.tasks().cancelled()) {
    if (pipe.held_bytes >= kHeldLimit) {
      co_await sleep_for(impl->worker, kGrain);
      continue;
    }
    boost::system::error_code error;
    const std::size_t size =
        co_await pipe.from.async_read_some(asio::buffer(buffer), asio::redirect_error(use_task, error));
    if (connection->half_open) {
      // The client's bytes vanish. Its end is the connection's; the target's is what half-open means.
      if (error && &pipe == &connection->up) connection->end();
      if (error) co_return;
      continue;
    }
    pipe.held.push_back({std::chrono::steady_clock::now(), std::string(buffer.data(), error ? 0 : size)});
    pipe.held_bytes += size;
    pipe.filled.cancel();
    if (error) co_return;
  }
}

Task<bool> Gate::Impl::forward(Connection& connection, Pipe& pipe, const std::string& bytes) {
  std::size_t sent = 0;
  while (sent < bytes.size()) {
    while (holds() && !pipe.closed && !connection.half_open) co_await sleep_for(worker, kGrain);
    if (pipe.closed || connection.half_open) co_return false;
    std::size_t piece = bytes.size() - sent;
    if (fault.mode == Mode::kTrickle) {
      const auto per_grain = fault.bytes_per_s * kGrain.count() / 1000;
      piece = std::min<std::size_t>(piece, static_cast<std::size_t>(std::max<std::int64_t>(per_grain, 1)));
      // Below one byte a grain the pause is longer instead.
      const auto pause = per_grain > 0 ? kGrain : std::chrono::milliseconds(1000 / fault.bytes_per_s);
      co_await sleep_for(worker, pause);
    }
    boost::system::error_code error;
    const std::size_t size = co_await asio::async_write(pipe.to, asio::buffer(bytes.data() + sent, piece),
                                                        asio::redirect_error(use_task, error));
    sent += size;
    pipe.forwarded += size;
    if (error) co_return false;
  }
  co_return true;
}

Task<> Gate::Impl::write(std::shared_ptr<Impl> impl, std::shared_ptr<Connection> connection, Pipe& pipe) {
  while (!pipe.closed && !impl->worker.tasks().cancelled()) {
    if (connection->half_open || impl->holds()) {
      co_await sleep_for(impl->worker, kGrain);
      continue;
    }
    if (pipe.held.empty()) {
      boost::system::error_code ignored;
      co_await pipe.filled.async_wait(asio::redirect_error(use_task, ignored));
      continue;
    }
    auto chunk = std::move(pipe.held.front());
    pipe.held.pop_front();
    pipe.held_bytes -= chunk.bytes.size();
    if (impl->fault.mode == Mode::kDelay) {
      const auto due = chunk.read_at + std::chrono::milliseconds(impl->fault.ms);
      while (std::chrono::steady_clock::now() < due && impl->fault.mode == Mode::kDelay && !pipe.closed) {
        const auto left = std::chrono::ceil<std::chrono::milliseconds>(due - std::chrono::steady_clock::now());
        co_await sleep_for(impl->worker, std::min(left, kGrain));
      }
    }
    if (chunk.bytes.empty()) {
      boost::system::error_code ignored;
      pipe.to.shutdown(Socket::shutdown_send, ignored);
      pipe.close();
      co_return;
    }
    const bool forwarded = co_await impl->forward(*connection, pipe, chunk.bytes);
    if (!forwarded && !connection->half_open) {
      connection->end();
      co_return;
    }
  }
}

// What a change of the fault means for a connection that is open.
void Gate::Impl::apply(Connection& connection) {
  if (fault.mode == Mode::kReset || (connection.half_open && fault.mode != Mode::kHalfOpen)) {
    reset(connection.client);
    reset(connection.target);
    connection.end();
  } else if (fault.mode == Mode::kHalfOpen) {
    connection.half_open = true;
    reset(connection.target);
  }
}

Gate::Gate(Worker& worker, GateOptions options) : impl_(std::make_shared<Impl>(worker, std::move(options))) {}

Gate::~Gate() {
  boost::system::error_code ignored;
  impl_->acceptor.close(ignored);
}

Task<> Gate::run() {
  return Impl::accept(impl_);
}

void Gate::set(Fault fault) {
  impl_->fault = fault;
  const auto open = impl_->connections;
  for (const auto& connection : open) impl_->apply(*connection);
}

const Fault& Gate::fault() const {
  return impl_->fault;
}
GateCounts Gate::counts() const {
  return impl_->counts;
}
std::uint16_t Gate::port() const {
  return impl_->acceptor.local_endpoint().port();
}
const GateOptions& Gate::options() const {
  return impl_->options;
}

}  // namespace evc::fault_gate
