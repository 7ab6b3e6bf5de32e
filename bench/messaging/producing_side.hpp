// A producing service on a thread of its own: a database with the messaging tables and a business table, and writers
// whose transactions change a business row and append an event, as the services do.
#pragma once

#include <atomic>
#include <chrono>
#include <map>
#include <string>

#include "kit/messaging/outbox.hpp"
#include "kit/postgres/testing/test_database.hpp"
#include "kit/runtime/worker.hpp"

namespace evc::bench {

class ProducingSide {
 public:
  explicit ProducingSide(std::string topic, std::size_t writers = 8);
  ~ProducingSide();

  // An open loop: `rate` transactions a second for so long, each begun when it is due whatever became of the others.
  // Returns when all have ended. Keys are taken in turn out of `kKeys`.
  void offer(double rate, std::chrono::milliseconds during);
  // A closed loop: every writer begins the next transaction when one has ended. Committed transactions.
  std::int64_t saturate(std::chrono::milliseconds during);

  static constexpr int kKeys = 500;
  std::int64_t committed() const { return committed_; }
  // Event id → seconds since 1970 of the commit record, of rows after this position.
  std::map<std::string, double> commit_times(std::int64_t after_pos) const;
  std::int64_t last_pos() const;
  postgres::testing::TestDatabase& database() { return database_; }
  const std::string& topic() const { return topic_; }

 private:
  struct Round;
  Task<> write_when_due(Round& round);
  Task<> write_on(SteadyTime end);
  Task<> run_writers(Round* round, SteadyTime end);
  Task<Result<void>> transact(std::int64_t number);

  std::string topic_;
  std::size_t writers_;
  postgres::testing::TestDatabase database_;
  Worker worker_;
  std::unique_ptr<postgres::Pool> pool_;
  messaging::Outbox outbox_;
  std::atomic<std::int64_t> committed_ = 0;
  std::int64_t next_ = 0;
};

// Event id → commit time for a query that gives both columns as text.
std::map<std::string, double> times(const postgres::testing::TestDatabase& database, const std::string& query);

}  // namespace evc::bench
