// Kept connections to the endpoints of one service: at most so many per endpoint, last used first, each looked at
// before it is used again; one that began with an earlier certificate is not. Who finds none free waits in line within
// its own deadline. Lives on one worker; leases may outlive the pool's owner.
#pragma once

#include <list>
#include <memory>
#include <optional>
#include <vector>

#include <boost/asio/basic_waitable_timer.hpp>

#include "kit/http/client.hpp"
#include "kit/net/stream.hpp"

namespace evc::http {

class ConnectionPool : public std::enable_shared_from_this<ConnectionPool> {
 public:
  // The use of one connection. Destroyed without give_back(): the connection is closed.
  class Lease {
   public:
    Lease(std::shared_ptr<ConnectionPool> pool, std::size_t endpoint) : pool_(std::move(pool)), endpoint_(endpoint) {}
    Lease(Lease&&) noexcept = default;
    Lease& operator=(Lease&&) = delete;
    ~Lease();
    net::Stream& stream() { return *stream_; }
    bool reused() const { return reused_; }
    void give_back();

   private:
    friend class ConnectionPool;
    std::shared_ptr<ConnectionPool> pool_;
    std::size_t endpoint_;
    std::unique_ptr<net::Stream> stream_;
    std::shared_ptr<ssl_ctx_st> context_;  // with which it began; null: plain
    bool reused_ = false;
  };

  ConnectionPool(Worker& worker, ClientOptions options);

  enum class Kind { kAny, kFresh };
  // connection-failed, upstream-timeout, or overloaded when no place became free in time.
  Task<Result<Lease>> take(std::size_t endpoint, Kind kind, SteadyTime deadline);
  std::size_t endpoints() const { return places_.size(); }
  const Endpoint& endpoint(std::size_t index) const { return options_.endpoints[index]; }
  void close();

 private:
  using Timer = boost::asio::basic_waitable_timer<std::chrono::steady_clock,
                                                  boost::asio::wait_traits<std::chrono::steady_clock>, Executor>;
  struct Idle {
    std::unique_ptr<net::Stream> stream;
    SteadyTime since;
    std::shared_ptr<ssl_ctx_st> context;
  };
  struct Place {
    std::size_t in_use = 0;
    std::vector<Idle> idle;
    std::list<Timer*> waiting;
  };
  Task<bool> wait_for_place(Place& place, SteadyTime deadline);
  std::optional<Idle> kept(Place& place);
  std::shared_ptr<ssl_ctx_st> current_context() const { return options_.tls ? options_.tls->context() : nullptr; }
  void release(std::size_t endpoint);

  Worker& worker_;
  ClientOptions options_;
  std::vector<Place> places_;
  bool closed_ = false;
};

}  // namespace evc::http
