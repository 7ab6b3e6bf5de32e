// Owning handles for librdkafka's objects and the one place where a client instance is made: TLS, timeouts and
// reconnect settings that producer, consumer and admin share. librdkafka's own header stays in .cpp files, hence the
// forward declarations. Destroying a client joins its threads and may block for a second: a worker hands it to
// destroy_in_background().
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "kit/kafka/connection.hpp"
#include "kit/kafka/connection_log.hpp"

struct rd_kafka_s;
struct rd_kafka_queue_s;
struct rd_kafka_op_s;
struct rd_kafka_topic_partition_list_s;

namespace evc::kafka {

struct DestroyClient {
  void operator()(rd_kafka_s* client) const;
  std::shared_ptr<ConnectionLog> log;                  // the client writes into it until it is gone
  std::shared_ptr<const net::IdentityState> identity;  // what it was made with
};
struct DestroyQueue {
  void operator()(rd_kafka_queue_s* queue) const;
};
struct DestroyEvent {
  void operator()(rd_kafka_op_s* event) const;
};
struct DestroyPartitions {
  void operator()(rd_kafka_topic_partition_list_s* partitions) const;
};
using ClientHandle = std::unique_ptr<rd_kafka_s, DestroyClient>;
using QueueHandle = std::unique_ptr<rd_kafka_queue_s, DestroyQueue>;
using EventHandle = std::unique_ptr<rd_kafka_op_s, DestroyEvent>;
using PartitionsHandle = std::unique_ptr<rd_kafka_topic_partition_list_s, DestroyPartitions>;

enum class ClientKind { kProducer, kConsumer };
using ClientSettings = std::vector<std::pair<std::string, std::string>>;

// Throws std::runtime_error with the setting and the reason: a wrong setting or an unreadable certificate ends the
// start. Fetches, deliveries, errors and rebalances come as events, never as callbacks.
ClientHandle make_client(ClientKind kind, const ConnectOptions& connect, const ClientSettings& settings,
                         std::shared_ptr<ConnectionLog> log);

// The certificate was renewed since the client was made; false without a client.
bool outdated(const ClientHandle& client, const ConnectOptions& connect);

void destroy_in_background(ClientHandle client);

}  // namespace evc::kafka
