// One service's PostgreSQL as the protocol sees it: the outbox in commit order, the replication slot, the tables of the
// inbox, the idempotency keys. A transaction is one indivisible call that either happens or does not (those that meet
// take the same row locks first, so any interleaving equals one order); what a crash or a lost connection leaves of it
// is decided at its commit. The tables of a service proper are in its own folder of the world.
#pragma once

#include <deque>
#include <map>
#include <set>

#include "kit/messaging/inbox_rules.hpp"
#include "kit/messaging/incoming.hpp"
#include "kit/messaging/relay_rules.hpp"
#include "proofs/simulator/engine.hpp"
#include "proofs/simulator/protocol_switches.hpp"

namespace evc::simulator {

// What an event says; records carry its number.
struct Body {
  Uuid id;
  std::string topic, key, subject, type;
  std::int64_t sequence = 0;
  json::Object data;
  std::string owner;  // the service whose outbox holds it
};
using Bodies = std::deque<Body>;

struct OutboxRow {
  std::int64_t pos = 0;  // drawn when it was inserted, which may be before another that commits first
  std::size_t body = 0;
  WallTime created_at{};
};

struct Stream {
  std::int64_t sequence = 0;
  std::int64_t pos = 0;  // of its last row
};

struct Slot {
  bool missing = false;
  bool reemission_due = false;
  int mark = 0;                 // of the note that it is due
  bool everything_due = false;  // not only what was created since the safe point
  std::string cluster;          // the brokers that hold what was delivered
  int holder = 0;               // 0: nobody; each connection is another holder
  int connections = 0;
  int emitting = 0;           // the connection that emits the past again
  std::size_t confirmed = 0;  // rows of the log
};

struct Parked {
  std::size_t body = 0;
  messaging::Incoming incoming;
  bool behind_dead_letter = false;
};
using StreamKey = messaging::StreamKey;

struct DeadLetter {
  messaging::Incoming incoming;
  bool open = true;
};

class Database {
 public:
  Database(Engine& engine, const Switches& switches, Bodies& bodies, std::string name);

  Engine& engine;
  const Switches& switches;
  Bodies& bodies;
  std::string name;

  // The producer's side.
  std::vector<OutboxRow> log;  // in commit order, which is what logical decoding shows
  std::map<StreamKey, Stream> streams;
  Slot slot;
  std::optional<WallTime> safe_point;
  messaging::ParkedKeys parked_streams;
  Bell committed;

  // The consumer's side; one group per service.
  std::map<Uuid, std::string> inbox;  // status
  std::map<StreamKey, std::int64_t> last;
  std::map<std::pair<StreamKey, std::int64_t>, Parked> parked;
  std::set<StreamKey> parked_subjects;  // topic, subject
  std::vector<DeadLetter> dead;
  std::vector<std::size_t> effects;  // bodies that were applied, in order

  // Within a transaction: the event goes into the outbox with the next sequence of its key.
  void append(std::string topic, std::string key, std::string subject, std::string type, json::Object data);

  enum class Commit { kDone, kRefused, kDoubtful };
  // The transaction `work` at a boundary where the process may die before or after it. kRefused: it did not happen;
  // kDoubtful: it did, and the caller is told that the connection was lost.
  template <class Work>
  Go<Commit> transact(Work work) {
    const Open open = begin();
    co_await engine.step();
    if (engine.random.one_in(engine.weather.refuse_in)) co_return Commit::kRefused;
    open_ = open;
    work();
    if (switches.event_outside_transaction) {
      auto rows = std::exchange(rows_, {});
      co_await engine.step();
      rows_ = std::move(rows);
    }
    publish();
    const bool doubtful = engine.random.one_in(engine.weather.doubt_in);
    co_await engine.step();
    co_return doubtful ? Commit::kDoubtful : Commit::kDone;
  }

  // Outside of every process: nothing can interrupt it.
  template <class Work>
  void transact_now(Work work) {
    open_ = begin();
    work();
    publish();
  }

 private:
  struct Open {
    std::int64_t pos = 0;
    WallTime at{};
  };
  Open begin() { return {next_pos_++, engine.wall()}; }
  void publish();

  std::int64_t next_pos_ = 1;
  Open open_;                    // of the transaction whose work runs
  std::vector<OutboxRow> rows_;  // that it has written so far
};

}  // namespace evc::simulator
