// A consuming service on a thread of its own: a database with the messaging tables, an inbox, and a handler that writes
// one row.
#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "kit/messaging/inbox.hpp"
#include "kit/postgres/testing/test_database.hpp"
#include "kit/runtime/worker.hpp"

namespace evc::bench {

struct ConsumingOptions {
  std::vector<std::string> topics;
  std::string principal = "platform-admin";
  std::string group;
};

class ConsumingSide {
 public:
  explicit ConsumingSide(const ConsumingOptions& options);
  ~ConsumingSide();

  std::int64_t effects() const;
  // Throws when they do not come.
  void await_effects(std::int64_t count, std::chrono::seconds limit) const;
  // Event id → seconds since 1970 of the commit record of its effect.
  std::map<std::string, double> effect_times(std::int64_t after_id) const;
  std::int64_t last_id() const;

 private:
  postgres::testing::TestDatabase database_;
  Worker worker_;
  std::unique_ptr<postgres::Pool> pool_;
  messaging::Outbox outbox_;
  std::unique_ptr<messaging::Inbox> inbox_;
};

// Milliseconds from commit to commit of every event that is in both.
std::vector<double> delays_ms(const std::map<std::string, double>& committed,
                              const std::map<std::string, double>& effects);

}  // namespace evc::bench
