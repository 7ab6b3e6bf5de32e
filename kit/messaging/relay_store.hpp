// The relay's own state in the producing service's database: where it stands, what was rejected, which keys wait. One
// relay at a time writes it: the replication slot is the fence. Statements run under a context that is not traced, for
// they belong to no request.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "kit/kafka/record.hpp"
#include "kit/messaging/relay_rules.hpp"
#include "kit/postgres/pool.hpp"
#include "kit/postgres/replication.hpp"

namespace evc::messaging {

struct OutboxRow {
  std::int64_t pos = 0;
  Uuid event_id;
  std::int64_t sequence = 0;
  kafka::Record record;  // its timestamp is created_at, the moment of the state change
};

// What is left of a row whose record is on its way.
struct SentRow {
  StreamKey key;
  std::int64_t sequence = 0;
  Uuid event_id;
};

// A row as the replication stream gives it: the columns of `outbox` in table order, as text.
Result<OutboxRow> outbox_row(const postgres::InsertedRow& row);

struct SlotStatus {
  bool missing = false;  // or invalidated, because it kept more WAL than it may
  bool lost = false;     // missing, and yet this outbox was followed before
  bool active = false;   // some process streams from it
  bool reemission_due = false;
  std::int64_t mark = 0;            // of the note that it is due
  std::string cluster;              // the id of the brokers that hold what was delivered; empty: none yet
  std::int64_t retained_bytes = 0;  // as in Heartbeat
  std::optional<std::int64_t> safe_bytes;
};

struct Heartbeat {
  WallTime at{};
  postgres::Lsn wal = 0;                   // the end of the WAL then
  std::int64_t retained_bytes = 0;         // WAL that the slot keeps
  std::optional<std::int64_t> safe_bytes;  // how much more it may keep; absent: no limit is set
};

struct ReleasedKey {
  StreamKey key;
  std::int64_t from_sequence = 0;
};

class RelayStore {
 public:
  RelayStore(postgres::Pool& pool, std::string slot) : pool_(&pool), slot_(std::move(slot)) {}

  Task<Result<SlotStatus>> slot_status();
  // Notes that everything since the safe point must be sent again, then removes the useless slot.
  Task<Result<void>> begin_reemission();
  // The brokers that from now on hold what is delivered. begin_rebuild() notes as well that everything that the outbox
  // has must be sent again. conflict when the known ones are no longer those that were read: another relay was
  // here. begin_rebuild() gives the note's mark.
  Task<Result<void>> know_cluster(std::string cluster);
  Task<Result<std::int64_t>> begin_rebuild(std::string known, std::string cluster);
  // One view of the outbox for all pages. Under a view per page, a transaction that commits between two pages would
  // show its later event without the earlier one, whose position lies in a page that is already sent. What an operator
  // has discarded is left out.
  Task<Result<postgres::Transaction>> reemission_view();
  Task<Result<std::vector<OutboxRow>>> reemission_page(postgres::Transaction& view, std::int64_t after_pos,
                                                       std::int64_t limit);
  // conflict when it was noted anew since this mark: a slot was lost meanwhile, and its rows are not among those sent.
  Task<Result<void>> end_reemission(std::int64_t mark);

  Task<Result<Heartbeat>> heartbeat();
  Task<Result<void>> store_safe_point(WallTime everything_before_is_delivered);
  Task<Result<int>> maintain(std::chrono::hours retention);

  Task<Result<ParkedKeys>> parked_keys();
  Task<Result<void>> reject(SentRow row, std::string reason);
  Task<Result<std::vector<ReleasedKey>>> released_keys();
  Task<Result<std::vector<OutboxRow>>> key_page(StreamKey key, std::int64_t from_sequence, std::int64_t limit);
  Task<Result<void>> unpark(StreamKey key);
  Task<Result<void>> refuse_release(StreamKey key);

 private:
  postgres::Pool* pool_;
  std::string slot_;
};

}  // namespace evc::messaging
