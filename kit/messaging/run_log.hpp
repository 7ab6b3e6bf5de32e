// The run log: one row of event_run for each thing that an operator did about an event that stands still. Written in
// the transaction of what it tells, or by itself where nothing changed; never changed. Stateless but for the group.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "kit/messaging/decision.hpp"
#include "kit/postgres/pool.hpp"

namespace evc::messaging {

// What a run is about. consumer: absent where the outbox is meant.
struct RunSubject {
  std::optional<std::string> consumer;
  std::optional<Uuid> event_id;
  std::optional<std::string> topic;
  std::optional<std::string> key;
  std::optional<std::int64_t> sequence;
};

struct Run {
  Uuid id;
  WallTime at{};
  Action action = Action::kReplay;
  RunSubject subject;
  std::string by;
  std::optional<std::string> requested_by;
  std::optional<std::string> reason;
  std::string result;
  std::optional<std::string> error_code;
  std::string trace_id;
};

struct RunFilter {
  std::optional<Uuid> event_id;
  std::optional<std::string> key;
  std::optional<std::string> action;
  std::optional<WallTime> since, until;
  std::optional<std::pair<WallTime, Uuid>> before;  // the last one of the page before
  std::int64_t limit = 50;
};

// The pseudonym of the person who asks, or the name of the service.
const std::string& who_asks(const RequestContext& context);

// Deferred: goes with the transaction's next round trip, the commit at the latest.
Result<void> record_run(const RequestContext& context, postgres::Transaction& transaction, const RunSubject& subject,
                        const Decision& decision, const Decided& decided);
// By itself, where nothing else changed.
Task<Result<void>> record_run(RequestContext& context, postgres::Pool& pool, RunSubject subject, Decision decision,
                              Decided decided);
// Newest first; one more than the limit, when there is one.
Task<Result<std::vector<Run>>> list_runs(RequestContext& context, postgres::Pool& pool, RunFilter filter);
// How long to wait before `wanted` more runs, by RunLimit.
Task<Result<std::optional<std::chrono::milliseconds>>> wait_for_runs(RequestContext& context, postgres::Pool& pool,
                                                                     std::int64_t wanted);

}  // namespace evc::messaging
