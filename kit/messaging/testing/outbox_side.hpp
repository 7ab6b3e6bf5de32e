// A producing service in miniature for component tests: a database of its own with the messaging tables, an outbox, a
// relay, and the means to write events and read what arrived on the topic. Made per test; runs on the test's worker.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "kit/kafka/testing/broker.hpp"
#include "kit/messaging/outbox.hpp"
#include "kit/messaging/relay.hpp"
#include "kit/postgres/testing/test_database.hpp"
#include "kit/testing/run_task.hpp"

namespace evc::messaging::testing {

// Any type on any topic.
SchemaNames any_schema();
RequestContext test_context();

class OutboxSide {
 public:
  explicit OutboxSide(Worker& worker, std::string topic);
  // All its connections, the relay's too, are made with this certificate.
  OutboxSide(Worker& worker, std::string topic, std::shared_ptr<net::Identity> identity);

  // One transaction with these events, whose data is {"n": n}; their ids.
  std::vector<Uuid> append(const std::string& key, int from, int to, const std::string& type = "Tested");
  RelayOptions relay_options() const;
  // A relay in a task group of its own, following the outbox when this returns; stop_relay() cancels it and waits.
  void start_relay();
  void start_relay(RelayOptions options);
  void stop_relay();
  Relay& relay() { return *relay_; }
  // The topic's records from the beginning until `count` different ones are there, or what came within the limit.
  std::vector<kafka::Record> read(const std::string& topic, std::size_t count,
                                  std::chrono::milliseconds limit = std::chrono::seconds(15));

  postgres::testing::TestDatabase& database() { return database_; }
  postgres::Pool& pool() { return pool_; }
  Outbox& outbox() { return outbox_; }
  const std::string& topic() const { return topic_; }

 private:
  Worker& worker_;
  std::shared_ptr<net::Identity> identity_;  // null: that of the test's environment
  std::string topic_;
  postgres::testing::TestDatabase database_;
  postgres::Pool pool_;
  Outbox outbox_;
  std::unique_ptr<Relay> relay_;
  std::unique_ptr<TaskGroup> tasks_;
};

}  // namespace evc::messaging::testing
