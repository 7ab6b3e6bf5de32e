// A consuming service in miniature for component tests: a database of its own with a table of effects, an outbox for
// its dead letters and an inbox whose one handler (type "Tested") writes an effect, unless the test tells it to fail.
// `records` and `produce` play the producer without a relay.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "kit/kafka/producer.hpp"
#include "kit/kafka/testing/broker.hpp"
#include "kit/messaging/inbox.hpp"
#include "kit/postgres/testing/test_database.hpp"
#include "kit/testing/run_task.hpp"

namespace evc::messaging::testing {

// Writes event.data.n of the event's key into `effect`, which has no unique key: an effect that happens twice shows.
Task<Result<void>> write_effect(RequestContext& context, postgres::Transaction& transaction, const Event& event);
inline constexpr const char* kEffectTable =
    "CREATE TABLE effect (id bigint GENERATED ALWAYS AS IDENTITY, key text, n bigint, event_id uuid)";

// An event as a producer would write it.
Event sample_event(const std::string& topic, const std::string& key, std::int64_t sequence);
kafka::Record sample_record(const Event& event);

class ConsumerSide {
 public:
  ConsumerSide(Worker& worker, std::string topic);
  // The pool's and the inbox's connections are made with this certificate.
  ConsumerSide(Worker& worker, std::string topic, std::shared_ptr<net::Identity> identity);

  InboxOptions options() const;
  void start();
  void start(InboxOptions options);
  // Graceful: what close() does.
  void stop();
  // Asked before the effect of each event; an error is what the handler returns.
  std::function<std::optional<Error>(const Event&)> failing;
  // Asked before that: the handler waits for as long as it says so.
  std::function<bool(const Event&)> holding;
  // A handler of key "deaf" waits for as long as it says so, and cannot be told to stop.
  std::function<bool()> deaf_while;

  // Another member of the group, with the same handler and database. Runs when this returns.
  class Member {
   public:
    Member(ConsumerSide& side, InboxOptions options);
    ~Member() { stop(); }
    Inbox& inbox() { return *inbox_; }
    // Graceful: what close() does.
    void stop();

   private:
    ConsumerSide& side_;
    std::unique_ptr<Inbox> inbox_;
    std::unique_ptr<TaskGroup> tasks_;
  };
  std::unique_ptr<Member> another_member(InboxOptions options);
  // More effects of an event that does not fail, in the same transaction.
  EventHandler further;

  void produce(std::vector<kafka::Record> records);
  // Waits until the query gives this value.
  bool becomes(const std::string& sql, const std::string& expected,
               std::chrono::milliseconds limit = std::chrono::seconds(15));
  // "1,2,3" in the order of their effects.
  std::string effects(const std::string& key) const;
  bool effects_become(const std::string& key, const std::string& expected);

  Worker& worker() { return worker_; }
  Inbox& inbox() { return member_->inbox(); }
  postgres::Pool& pool() { return pool_; }
  Outbox& outbox() { return outbox_; }
  postgres::testing::TestDatabase& database() { return database_; }
  const std::string& topic() const { return topic_; }
  const std::string& group() const { return group_; }

 private:
  Worker& worker_;
  std::shared_ptr<net::Identity> identity_;  // null: that of the test's environment
  std::string topic_;
  std::string group_;
  postgres::testing::TestDatabase database_;
  postgres::Pool pool_;
  Outbox outbox_;
  kafka::Producer producer_;
  std::unique_ptr<Member> member_;
};

}  // namespace evc::messaging::testing
