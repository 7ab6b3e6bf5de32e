// Logical decoding (pgoutput, publication with publish = 'insert') of one table over libpq's replication protocol. One
// slot, one reader: a second reader waits for the slot. Rows come in commit order; the confirmed position moves only by
// confirm(). Keep-alives are answered on time; wal_sender_timeout is 10 s.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "kit/base/result.hpp"
#include "kit/net/identity.hpp"
#include "kit/runtime/worker.hpp"

namespace evc::postgres {

using Lsn = std::uint64_t;
std::string format_lsn(Lsn lsn);

struct ReplicationOptions {
  std::string conninfo;                     // replication=database is added
  std::shared_ptr<net::Identity> identity;  // its files take the place of those in conninfo; null: as conninfo says
  std::string slot;
  std::string publication;
};

struct InsertedRow {
  std::string relation;                             // schema.table (the partition root)
  std::vector<std::optional<std::string>> columns;  // text format, in table order
};
struct CommittedBatch {
  Lsn commit_lsn = 0;  // confirm(end_lsn) when all rows of it are delivered
  Lsn end_lsn = 0;
  WallTime committed_at{};
  std::vector<InsertedRow> rows;
};

class ReplicationStream {
 public:
  ReplicationStream(Worker& worker, ReplicationOptions options);
  ~ReplicationStream();
  // Creates the slot if it is missing, then starts at the confirmed position. `conflict` while another process holds
  // the slot.
  Task<Result<void>> open(SteadyTime deadline);
  // The next committed transaction with rows; nullopt when none came within `wait` (feedback is sent in between). With
  // a wait of 0, one that has arrived already.
  Task<Result<std::optional<CommittedBatch>>> next(std::chrono::milliseconds wait);
  void confirm(Lsn end_lsn);
  Lsn confirmed() const;
  bool outdated() const;  // the certificate was renewed since it was opened
  void close();

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace evc::postgres
