#include "kit/messaging/relay_rules.hpp"

#include <algorithm>

namespace evc::messaging {
namespace {

constexpr std::chrono::milliseconds kFirstPause{200};

std::size_t size_of(const kafka::Record& record) {
  std::size_t size = record.key.size() + record.value.size();
  for (const auto& [name, value] : record.headers) size += name.size() + value.size() + 8;
  return size;
}

bool waits(const kafka::Record& record, std::int64_t sequence, const ParkedKeys& parked) {
  const auto from = parked.find({record.topic, record.key});
  return from != parked.end() && sequence >= from->second;
}

}  // namespace

RowFate fate_of(const kafka::Record& record, std::int64_t sequence, const ParkedKeys& parked, ParkedRows parked_rows,
                const RecordLimits& limits) {
  if (parked_rows == ParkedRows::kSkip && waits(record, sequence, parked)) return RowFate::kSkip;
  const bool dead_letter = record.topic.ends_with(".dlq");
  const auto largest = dead_letter ? limits.largest_dead_letter_bytes : limits.largest_record_bytes;
  return size_of(record) > largest ? RowFate::kReject : RowFate::kSend;
}

bool another_cluster(const std::string& known, const std::string& present) {
  return !known.empty() && known != present;
}

std::optional<std::uint64_t> RelayRound::confirmable() const {
  return empty() || open_ > 0 ? std::nullopt : std::optional(end_lsn_);
}

void Gathering::dealt_with(std::size_t rows, SteadyTime now) {
  const std::chrono::duration<double> passed = now - last_end_;
  constexpr std::chrono::duration<double> kMemory{0.1};
  const double weight = std::min(1.0, passed / kMemory);
  if (passed.count() > 0) per_second_ += weight * (static_cast<double>(rows) / passed.count() - per_second_);
  last_end_ = now;
  next_round_ = per_second_ > kHighRate && rows < kEnough ? now + kMoment : now;
}

std::optional<WallTime> SafePoint::confirmed(std::uint64_t confirmed_lsn) {
  if (!awaited_ || confirmed_lsn < awaited_->wal) return std::nullopt;
  const auto safe = awaited_->at - kLongestTransaction;
  awaited_.reset();
  return safe;
}

void SafePoint::heartbeat(WallTime at, std::uint64_t end_of_wal) {
  if (!awaited_) awaited_ = Awaited{at, end_of_wal};
}

RelayPause pause_after(Code ended_with, int failures_before, bool progressed, std::chrono::milliseconds standby,
                       std::chrono::milliseconds cap, std::uint64_t random) {
  if (ended_with == Code::kConflict) return {.why = RelayPause::Why::kStandby, .failures = 0, .pause = standby};
  const int failures = progressed ? 1 : failures_before + 1;
  // Full jitter: anything up to the exponential bound.
  const auto bound = std::min(cap, kFirstPause * (1 << std::min(failures, 10)));
  return {.why = RelayPause::Why::kFailure,
          .failures = failures,
          .pause = std::chrono::milliseconds(
              1 + static_cast<std::int64_t>(random % static_cast<std::uint64_t>(bound.count())))};
}

}  // namespace evc::messaging
