// An idempotent producer on one worker (librdkafka by events on an eventfd). What is outstanding never exceeds one
// batch: librdkafka may time out messages 2 and 3 while 1, 4, 5 are written, which would break the order per key. 10 s
// per delivery. After any error the caller starts again from its own position: the instance is purged, destroyed and
// rebuilt at the next send(). One send() at a time.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "kit/base/result.hpp"
#include "kit/kafka/connection.hpp"
#include "kit/kafka/record.hpp"
#include "kit/runtime/worker.hpp"

namespace evc::kafka {

struct ProducerOptions {
  ConnectOptions connect;
  std::chrono::milliseconds delivery_timeout{10'000};
  std::chrono::milliseconds linger{0};
  std::size_t batch_bytes = 256 * 1024;  // below the topic's max.message.bytes, which applies to the batch
  std::vector<std::string> topics;       // metadata is fetched at start, else the first message waits a second
};

// One entry per record, in order.
struct Delivery {
  enum class Outcome {
    kDelivered,
    kRefused,
    kUnknown
  } outcome = Outcome::kUnknown;  // kRefused: this record never will be (its size, its form)
  std::string reason;
  std::int32_t partition = -1;
  std::int64_t offset = -1;
};

class Producer {
 public:
  // Throws std::runtime_error for unusable certificates or settings.
  Producer(Worker& worker, ProducerOptions options);
  ~Producer();
  // Delivers `records` (they may belong to several partitions; order per partition is kept) and resumes when every
  // report is there. broker-unavailable when any outcome is unknown: the same records must be sent again, some of them
  // may be in the log twice then. `cancelled` when the calling task was cancelled or close() was called; as unknown.
  Task<Result<std::vector<Delivery>>> send(std::vector<Record> records);
  // Takes over a renewed certificate now, unless a send() is under way, which does so itself when it begins: in its
  // place comes a new instance, and the old one goes when it has nothing outstanding any more.
  void renew();
  std::int64_t rebuilds() const;
  // The id of the cluster that the brokers belong to. A cluster that was made anew, at the same addresses too, has
  // another id. broker-unavailable when none of them has told it by the deadline.
  Task<Result<std::string>> cluster(SteadyTime deadline);
  // As last told; empty while nothing was. Every new connection asks.
  std::string known_cluster() const;
  // The next send() begins with a new instance.
  void begin_anew();
  void close();

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace evc::kafka
