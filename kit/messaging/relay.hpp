// Carries the outbox of one service to Kafka: follows it by logical decoding, delivers in commit order, confirms a
// position only after every delivery report of it is good. On the first failure it starts again from the confirmed
// position after a jittered pause; meanwhile REST goes on, the outbox absorbs. The replication slot is the fence: a
// second relay stands by. One per worker; the pool's role is <service>_relay. What it may do twice: send a record again
// after a failure, a crash, a lost slot or a broker's lost disk (then all that the outbox has). What it never does:
// skip one, or send two of a key in another order.
#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <string>

#include "kit/kafka/producer.hpp"
#include "kit/messaging/relay_rules.hpp"
#include "kit/postgres/pool.hpp"
#include "kit/runtime/worker.hpp"

namespace evc::messaging {

struct RelayOptions {
  std::string conninfo;  // of the replication connection, as the pool's
  std::shared_ptr<net::Identity> identity;
  std::string slot;  // "<service>_outbox": slots are known to the whole server
  std::string publication = "outbox";
  kafka::ProducerOptions producer;
  std::size_t batch_records = 1'000;  // gathered from commits that are there already
  RecordLimits limits;
  std::chrono::hours retention{91 * 24};  // of outbox partitions; never less than the topics'
  std::chrono::milliseconds heartbeat{10'000};
  std::chrono::milliseconds standby{2'000};     // between looks at a slot that another relay holds
  std::chrono::milliseconds pause_cap{10'000};  // longest pause after a failure
};

class Relay {
 public:
  // Throws std::runtime_error for unusable certificates.
  Relay(Worker& worker, postgres::Pool& pool, RelayOptions options);
  ~Relay();
  // Until cancelled. Spawn it in the worker's task group.
  Task<> run();
  // Following, or standing by for a relay that does: good. Else why events do not flow.
  Result<void> health() const;

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace evc::messaging
