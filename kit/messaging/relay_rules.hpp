// What the relay decides, without its stream, its tables and the broker: which rows go, when the position may move, how
// far the past is surely delivered, how long to pause. Pure; Relay obeys it, and proofs/simulator drives it through
// crashes.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>

#include "kit/base/clock.hpp"
#include "kit/base/result.hpp"
#include "kit/kafka/record.hpp"

namespace evc::messaging {

using StreamKey = std::pair<std::string, std::string>;  // topic, key
using ParkedKeys = std::map<StreamKey, std::int64_t>;   // and the sequence of the record that was rejected

struct RecordLimits {
  std::size_t largest_record_bytes = 1'000'000;       // on an event topic; more is rejected without asking the broker
  std::size_t largest_dead_letter_bytes = 1'065'536;  // on a dead-letter topic: 64 KiB more
};

// Rows of a parked key wait in the outbox from the rejected one on, unless their key is just being released. Those
// before it go: when the outbox is emitted again, they come again.
enum class ParkedRows { kSkip, kInclude };
enum class RowFate { kSend, kSkip, kReject };
RowFate fate_of(const kafka::Record& record, std::int64_t sequence, const ParkedKeys& parked, ParkedRows parked_rows,
                const RecordLimits& limits);

// Whether the brokers are others than those that hold what was delivered: then everything has to be emitted again.
// Nothing is known before the first start.
bool another_cluster(const std::string& known, const std::string& present);

// The rows of some commits from the stream until all of them are dealt with: delivered, kept back, or rejected for
// good. Only then may the position move past them.
class RelayRound {
 public:
  void take(std::uint64_t end_lsn, std::size_t rows) {
    end_lsn_ = end_lsn;
    open_ += rows;
  }
  void dealt_with(std::size_t rows) { open_ -= rows; }
  bool empty() const { return end_lsn_ == 0; }
  std::optional<std::uint64_t> confirmable() const;

 private:
  std::uint64_t end_lsn_ = 0;
  std::size_t open_ = 0;
};

// When the next round may begin. Few events go at once. At a high rate they gather for a moment, so that a request to
// the broker carries several: one each costs the broker, the server's decoding and the relay more than the writers'
// commits (bench/events). A backlog gathers by itself.
class Gathering {
 public:
  static constexpr std::chrono::milliseconds kMoment{16};
  static constexpr double kHighRate = 1'000;  // events a second, over the last tenth of one
  static constexpr std::size_t kEnough = 200;
  // A round of so many rows has ended.
  void dealt_with(std::size_t rows, SteadyTime now);
  SteadyTime next_round() const { return next_round_; }

 private:
  SteadyTime last_end_{};
  SteadyTime next_round_{};
  double per_second_ = 0;
};

// Everything committed before a heartbeat is delivered once the confirmed position has passed the end of the WAL as it
// was then; what was created a longest transaction earlier was committed before it.
class SafePoint {
 public:
  // No transaction of ours lives longer: statements end after 4 s, an idle transaction after 60 s.
  static constexpr std::chrono::minutes kLongestTransaction{5};
  // A new safe point to store, if the awaited heartbeat is confirmed by now.
  std::optional<WallTime> confirmed(std::uint64_t confirmed_lsn);
  void heartbeat(WallTime at, std::uint64_t end_of_wal);
  void reset() { awaited_.reset(); }

 private:
  struct Awaited {
    WallTime at{};
    std::uint64_t wal = 0;
  };
  std::optional<Awaited> awaited_;
};

// What follows when a session of the relay has ended with an error.
struct RelayPause {
  enum class Why { kStandby, kFailure } why = Why::kFailure;
  int failures = 0;  // in a row
  std::chrono::milliseconds pause{0};
};
// conflict: another relay holds the slot, or a connection of ours that the server has not missed yet. `random` is any
// 64 random bits.
RelayPause pause_after(Code ended_with, int failures_before, bool progressed, std::chrono::milliseconds standby,
                       std::chrono::milliseconds cap, std::uint64_t random);

}  // namespace evc::messaging
