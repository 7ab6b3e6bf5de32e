// A member of a consumer group: the shell around kit/messaging/inbox_rules, waiting_keys and partition_progress as
// kit/messaging/inbox.cpp and event_applier.cpp have it, against the simulated broker and database. Its memory begins
// anew with each run().
#pragma once

#include <deque>
#include <functional>

#include "kit/messaging/partition_progress.hpp"
#include "kit/messaging/waiting_keys.hpp"
#include "proofs/simulator/broker.hpp"
#include "proofs/simulator/database.hpp"

namespace evc::simulator {

// Inside the transaction. An error: it has written nothing.
using Handler = std::function<Result<void>(const Body&)>;
// False: the type concerns others.
using Wanted = std::function<bool(const Body&)>;

struct Consumption {
  std::vector<std::string> topics;
  Wanted wanted;
  Handler handler;
  Wanted fails_for_now = [](const Body&) { return false; };  // with a failure that may pass
};

class InboxMember {
 public:
  InboxMember(Database& database, Broker& broker, Consumption consumption, int member);
  Go<void> run();

  // Operators' decisions, by anybody: the database holds the locks.
  static Result<void> replay(Database& database, const Consumption& consumption, DeadLetter& letter);

 private:
  struct Verdict {
    bool again = false;
    Error error;
  };
  struct Memory {
    messaging::PartitionProgress progress;
    messaging::WaitingKeys waiting{{}};
    std::map<kafka::TopicPartition, int> generations;  // of what is assigned, as far as this member knows
    std::map<kafka::TopicPartition, std::int64_t> positions;
    Ms next_look{0};
  };
  void sync_assignment();
  std::deque<messaging::Incoming> poll();
  messaging::Incoming read(const kafka::Record& record) const;
  Go<void> process_key(std::deque<messaging::Incoming> batch);
  Go<bool> together(std::deque<messaging::Incoming>& batch);
  Go<void> alone(messaging::Incoming incoming);
  Go<void> commit_offsets();
  Go<void> look();
  Verdict apply(const messaging::Incoming& incoming, messaging::Attempt attempt);
  Verdict in_turn(const messaging::Incoming& incoming, messaging::Attempt attempt, std::int64_t sequence,
                  messaging::Origin origin);
  void close_gap(const StreamKey& key);
  static void bury(Database& database, const messaging::Incoming& incoming);

  Database& database_;
  Broker& broker_;
  Engine& engine_;
  Consumption consumption_;
  int member_;
  Memory memory_;
};

std::size_t body_of(const messaging::Incoming& incoming);

}  // namespace evc::simulator
