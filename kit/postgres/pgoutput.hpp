// The messages of the pgoutput plugin, protocol version 1, as a state machine without I/O: feed() takes one message at
// a time and gives a batch at each commit that has rows. Only inserts matter here (publications of ours say publish =
// 'insert'); other changes are passed over. https://www.postgresql.org/docs/15/protocol-logicalrep-message-formats.html
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "kit/postgres/replication.hpp"

namespace evc::postgres {

class PgoutputDecoder {
 public:
  struct Step {
    std::optional<CommittedBatch> batch;  // at a commit, with or without rows
  };
  // protocol-error when the message is cut short, out of order, or of an unknown relation. The stream must then be
  // reopened.
  Result<Step> feed(std::string_view message);
  // Between Begin and Commit: what was sent so far is not yet a whole transaction.
  bool in_transaction() const { return in_transaction_; }

 private:
  Result<void> relation(std::string_view body);
  Result<void> insert(std::string_view body);
  Result<Step> commit(std::string_view body);

  std::map<std::uint32_t, std::string> relations_;
  CommittedBatch current_;
  bool in_transaction_ = false;
};

// Microseconds since 2000-01-01, as the protocol counts time. It can say times (infinity among them) that lie beyond
// what a WallTime holds: those are kProtocolError.
Result<WallTime> from_postgres_time(std::int64_t microseconds);
std::int64_t to_postgres_time(WallTime time);

}  // namespace evc::postgres
