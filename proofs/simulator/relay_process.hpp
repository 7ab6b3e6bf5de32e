// A relay: the shell around kit/messaging/relay_rules as kit/messaging/relay.cpp has it, against the simulated slot and
// broker. Several may run for one outbox.
#pragma once

#include "proofs/simulator/broker.hpp"
#include "proofs/simulator/database.hpp"

namespace evc::simulator {

class RelayProcess {
 public:
  RelayProcess(Database& database, Broker& broker, int number);
  Process& process() { return process_; }
  bool rough = false;  // writes the records of a chunk in any order
  // The broker takes no record of this body: it is too large. Tests of parked keys.
  static constexpr std::size_t kLargest = 1'000;

 private:
  Go<void> run();
  Go<Code> session();
  Go<bool> open();
  Go<bool> enter_cluster();
  Go<bool> reemit();
  std::vector<OutboxRow> past_since(WallTime safe, std::int64_t after_pos) const;
  Go<bool> follow_once();
  Go<bool> heartbeat();
  Go<bool> release_parked();
  Go<bool> deliver(std::vector<OutboxRow> rows, messaging::ParkedRows parked_rows);
  Go<bool> send(std::vector<OutboxRow> rows);
  void shuffle(std::vector<OutboxRow>& rows, std::size_t first, std::size_t end);
  std::vector<OutboxRow> next_rows();
  kafka::Record record_of(const OutboxRow& row) const;
  bool holds_slot() const;
  void confirm(std::size_t end);

  Database& database_;
  Broker& broker_;
  Engine& engine_;
  Process& process_;
  int connection_ = 0;  // each opening of the slot is another holder
  std::size_t read_ = 0;
  std::int64_t polled_ = 0;  // mutant poll_by_position
  int mark_ = 0;             // of the note that rows are due again
  std::string cluster_;      // of the brokers that the session began with
  Ms next_beat_{0};
  bool progressed_ = false;
  messaging::SafePoint safe_point_;
};

}  // namespace evc::simulator
