// An idempotent producer on one worker (librdkafka by events on an eventfd). A batch per partition is outstanding (stop-and-wait): librdkafka may time out message 2 and 3 while 1, 4, 5
// are written, which would break per-key order. 10 s per delivery. After any error the caller starts again from its own position: the instance is destroyed and rebuilt.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "kit/base/result.hpp"
#include "kit/kafka/record.hpp"
#include "kit/net/tls.hpp"
#include "kit/runtime/worker.hpp"

namespace evc::kafka {

struct ConnectOptions {
  std::string bootstrap;
  net::TlsFiles tls;
  std::string client_id;
};

struct ProducerOptions {
  ConnectOptions connect;
  std::chrono::milliseconds delivery_timeout{10'000};
  std::chrono::milliseconds linger{0};
  std::size_t batch_bytes = 512 * 1024;  // below the topic's max.message.bytes, which applies to the batch
  std::vector<std::string> topics;       // metadata is fetched at start, else the first message waits a second
};

// One entry per record, in order.
struct Delivery {
  enum class Outcome { kDelivered, kRefused, kUnknown } outcome = Outcome::kUnknown;  // kRefused: never will be (size, authorisation)
  std::string reason;
  std::int32_t partition = -1;
  std::int64_t offset = -1;
};

class Producer {
 public:
  Producer(Worker& worker, ProducerOptions options);
  ~Producer();
  // Delivers `records` (they may belong to several partitions; order per partition is kept) and resumes when every report is there. broker-unavailable when any outcome is
  // unknown: the instance has been rebuilt, and the same records must be sent again.
  Task<Result<std::vector<Delivery>>> send(std::vector<Record> records);
  void close();

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace evc::kafka
