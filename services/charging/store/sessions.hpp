// Charging sessions in PostgreSQL: the row, its timeline, its reconciliation cases. A change locks the row first, so
// facts about one session take effect one after another.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "kit/postgres/pool.hpp"
#include "services/charging/domain/session.hpp"

namespace evc::charging {

// connector-unavailable when another live session has the connector.
Task<Result<void>> insert_session(RequestContext& context, postgres::Transaction& transaction, Session session,
                                  json::Value payment_method);
// Deferred, as insert_timeline(): they go with the transaction's next round trip.
Result<void> update_session(postgres::Transaction& transaction, const Session& session);
Result<void> insert_timeline(postgres::Transaction& transaction, Uuid session_id, std::int64_t version,
                             const TimelineEntry& entry);
Task<Result<void>> insert_case(RequestContext& context, postgres::Transaction& transaction, Uuid session_id,
                               Contradiction contradiction);

Task<Result<std::optional<Session>>> lock_session(RequestContext& context, postgres::Transaction& transaction, Uuid id);
Task<Result<std::optional<Session>>> find_session(RequestContext& context, postgres::Pool& pool, Uuid id);
Task<Result<std::vector<TimelineEntry>>> read_timeline(RequestContext& context, postgres::Pool& pool, Uuid id);

struct SessionPage {
  std::string puid;
  std::optional<std::string> state;
  std::optional<WallTime> before;  // of the last row of the page before …
  std::optional<Uuid> before_id;   // … and its id
  std::int64_t limit = 50;
};
Task<Result<std::vector<Session>>> list_sessions(RequestContext& context, postgres::Pool& pool, SessionPage page);

// What an operator looks for among everybody's sessions; what is not given does not matter.
struct SessionSearch {
  std::optional<std::string> state, station_id, puid, trace_id;
  enum class Life { kAny, kLive, kOver } life = Life::kAny;
  std::optional<std::pair<WallTime, Uuid>> after;  // the last one of the page before
  std::int64_t limit = 50;
};
// Newest first; one more than `limit` when there are more.
Task<Result<std::vector<Session>>> search_sessions(RequestContext& context, postgres::Pool& pool, SessionSearch search);

// The session that has a connector, of each connector that has one.
struct ConnectorCharge {
  Uuid session_id;
  SessionState state = SessionState::kRequested;
  std::int64_t energy_wh = 0;
  std::optional<std::int64_t> power_w;
  std::optional<double> soc;
};
using ConnectorCharges = std::map<std::pair<std::string, std::int64_t>, ConnectorCharge>;  // by station and connector
Task<Result<ConnectorCharges>> charges_on_connectors(RequestContext& context, postgres::Pool& pool);

// The payment method as it was sent, of each of these sessions that is there.
Task<Result<std::map<Uuid, json::Value>>> payment_methods_of(RequestContext& context, postgres::Pool& pool,
                                                             std::vector<Uuid> ids);
// Of a driver, those that have not ended.
Task<Result<std::int64_t>> count_open_sessions(RequestContext& context, postgres::Pool& pool, std::string puid);

enum class Overdue { kAll, kNotWaitingForTheStation };
// Ids of sessions whose deadline has passed; they are locked one by one when worked on.
Task<Result<std::vector<Uuid>>> overdue_sessions(RequestContext& context, postgres::Pool& pool, WallTime now,
                                                 Overdue which, std::int64_t limit);
// nullopt when another worker has it or its deadline moved.
Task<Result<std::optional<Session>>> lock_overdue_session(RequestContext& context, postgres::Transaction& transaction,
                                                          Uuid id, WallTime now);

// Running charges whose increment is to be asked for (again). Each is claimed: nobody else gets it before `until`.
Task<Result<std::vector<Session>>> claim_increments(RequestContext& context, postgres::Pool& pool, WallTime now,
                                                    WallTime until, std::int64_t limit);

struct StateCount {
  std::string state;
  std::int64_t count = 0;
  std::int64_t oldest_s = 0;
};
Task<Result<std::vector<StateCount>>> count_live_sessions(RequestContext& context, postgres::Pool& pool, WallTime now);

}  // namespace evc::charging
