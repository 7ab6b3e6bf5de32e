// The calls that one side of a connection makes: at most one is outstanding, the others wait in order, and each ends in
// exactly one Settled: an answer, an error, a timeout (from the moment it was sent), or the loss of the connection. A
// machine without I/O: the owner sends what take() gives, feeds the answers back, and asks expire() when
// next_deadline() has passed. Lives as long as its connection.
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <optional>
#include <vector>

#include "kit/base/clock.hpp"
#include "kit/ocpp/frame.hpp"

namespace evc::ocpp {

struct Settled {
  enum class Outcome { kResult, kError, kTimeout, kLost };
  std::uint64_t token = 0;  // what the caller gave to push()
  Outcome outcome = Outcome::kLost;
  Call call;
  json::Object payload;  // kResult
  CallError error;       // kError
};

class CallQueue {
 public:
  struct Options {
    std::chrono::milliseconds timeout{30'000};
    std::size_t waiting_limit = 32;
  };
  CallQueue() : CallQueue(Options{}) {}
  explicit CallQueue(Options options) : options_(options) {}

  // `overloaded` when the limit is reached.
  Result<void> push(std::uint64_t token, Call call);
  // The next call to send, which is outstanding from now on; nothing while another one is.
  std::optional<Call> take(SteadyTime now);
  // Nothing when the answer belongs to no outstanding call: late, repeated or invented.
  std::optional<Settled> on_result(CallResult result);
  std::optional<Settled> on_error(CallError error);
  std::optional<Settled> expire(SteadyTime now);
  // The connection is gone: the outstanding one and all that wait, in order.
  std::vector<Settled> lose();

  std::optional<SteadyTime> next_deadline() const;
  bool outstanding() const { return outstanding_.has_value(); }
  std::size_t waiting() const { return waiting_.size(); }

 private:
  struct Entry {
    std::uint64_t token = 0;
    Call call;
    SteadyTime deadline{};
  };
  std::optional<Settled> settle(Settled::Outcome outcome);

  Options options_;
  std::optional<Entry> outstanding_;
  std::deque<Entry> waiting_;
};

}  // namespace evc::ocpp
