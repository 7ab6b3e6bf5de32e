// One pipelined connection to Redis: commands go out as they come, replies are matched by order. A reply that is
// missing for longer than the timeout ends the connection and every command on it. Made by open_link() (dial, TLS,
// HELLO with the ACL user). Lives on one worker; held by shared_ptr, since its reader and writer are coroutines.
// Private to kit/redis.
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "kit/net/stream.hpp"
#include "kit/redis/client.hpp"
#include "kit/redis/resp.hpp"
#include "kit/runtime/one_shot.hpp"

namespace evc::redis {

class Link : public std::enable_shared_from_this<Link> {
 public:
  using Pending = OneShot<Result<Reply>>;
  enum class End { kClosed, kTimedOut };

  Link(Worker& worker, std::unique_ptr<net::Stream> stream, RespReader reader, std::chrono::milliseconds timeout);

  // Queues one command; its reply, or the reason why there will be none, is delivered to the Pending. Null when the
  // limit of commands in flight is reached.
  std::shared_ptr<Pending> send(const std::vector<std::string>& arguments);
  // Reads replies until the connection ends, and says how it ended.
  static Task<End> serve(std::shared_ptr<Link> self);
  void close(End how = End::kClosed);
  // Takes no more commands, and ends when those on their way are answered.
  void retire();
  bool open() const { return stream_->is_open() && !ended_ && !retired_; }

 private:
  struct Sent {
    std::shared_ptr<Pending> pending;
    SteadyTime at;
  };
  static Task<> write_out(std::shared_ptr<Link> self);
  Result<void> deliver_replies();
  void watch(SteadyTime when);

  Worker& worker_;
  std::unique_ptr<net::Stream> stream_;
  RespReader reader_;
  std::chrono::milliseconds timeout_;
  std::deque<Sent> sent_;
  std::string out_;
  bool writing_ = false;
  bool ended_ = false;
  bool retired_ = false;
  End how_ = End::kClosed;
  DeadlineWheel::Handle alarm_;
};

struct OpenedStream {
  std::unique_ptr<net::Stream> stream;
  RespReader reader;
};
// cache-unavailable with the reason; a refused password is one as well.
Task<Result<OpenedStream>> open_stream(Worker& worker, const Options& options, SteadyTime deadline);

// One reply from a stream that nobody else reads.
Task<Result<Reply>> read_reply(net::Stream& stream, RespReader& reader, SteadyTime deadline);

// How long to wait before the n-th attempt to connect again: at once, then 50 ms doubling to 1 s, half of it random.
std::chrono::milliseconds reconnect_pause(int failures);

}  // namespace evc::redis
