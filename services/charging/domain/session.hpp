// One charging session and what happens to it. Every function is pure: it takes the session, a fact and the time, and
// says how the session looks afterwards and which events that means. The caller stores both in one transaction. Energy
// in Wh, power in W, money in minor units.
#pragma once

#include <boost/describe.hpp>
#include <optional>
#include <string>
#include <vector>

#include "kit/base/clock.hpp"
#include "kit/base/json.hpp"
#include "kit/base/money.hpp"
#include "kit/base/uuid.hpp"
#include "kit/tariff/tariff.hpp"
#include "services/charging/domain/hold_growth.hpp"
#include "services/charging/domain/saga.hpp"

namespace evc::charging {

struct Session {
  Uuid id;
  std::string puid;
  Uuid correlation_id;
  std::string trace_id;  // of the start: the driver's support code
  std::string span_id;   // in it, below which later work of the session hangs
  std::string station_id, station_name;
  std::int64_t connector_id = 0;
  std::string connector_type;
  std::int64_t connector_max_power_w = 0;
  std::optional<Uuid> vehicle_id;
  std::optional<double> target_soc;
  std::int64_t energy_limit_wh = 0;
  tariff::Tariff tariff;
  std::int64_t hold_minor = 0;        // grows by increments
  std::int64_t hold_limit_minor = 0;  // … up to this: what the driver agreed to
  std::int64_t increment_minor = 0;   // by how much at a time
  std::int64_t increment_percent = 0;
  HoldIncrement increment;
  std::string reference;  // of the pre-authorisation, chosen by us
  SessionState state = SessionState::kRequested;
  std::int64_t version = 1;
  std::optional<std::string> transaction_id;
  std::int64_t meter_start_wh = 0;
  std::int64_t energy_wh = 0;
  std::int64_t last_step_wh = 0;  // between the last two readings
  std::optional<std::int64_t> power_w;
  std::optional<double> soc;
  std::int64_t cost_minor = 0;
  std::optional<std::int64_t> captured_minor, receivable_minor;
  std::optional<std::string> failure;      // reason of ChargingSessionFailed
  std::optional<std::string> stop_reason;  // of the first stop request
  bool hold_gone = false;                  // the hold was let go while the session lives on (a late start)
  WallTime created_at{};
  std::optional<WallTime> started_at, ended_at;
  WallTime updated_at{};
  std::optional<WallTime> deadline_at;  // none in a terminal state
};

struct Emission {
  std::string type;  // of contracts/events
  json::Object data;
};
struct TimelineEntry {
  SessionState state;
  WallTime at{};
  std::optional<std::string> reason;
};
// What a person has to look at, by kind; docs/runbooks/reconciliation.md says of each what to do.
enum class CaseKind {
  kUnexpectedFact,     // the saga has no row for it
  kSecondTransaction,  // one session, two transactions
  kAmountsDiffer,      // captured and receivable are not the price
  kIncrementDiffers,   // payment holds another amount than the increment makes it
  kStepFailed,         // payment could not take a step, for good
};
BOOST_DESCRIBE_ENUM(CaseKind, kUnexpectedFact, kSecondTransaction, kAmountsDiffer, kIncrementDiffers, kStepFailed)
struct Contradiction {
  CaseKind kind = CaseKind::kUnexpectedFact;
  std::string text;
};

struct Outcome {
  Session session;
  bool changed = false;
  std::vector<TimelineEntry> timeline;         // new entries
  std::vector<Emission> emissions;             // in order
  std::optional<Contradiction> contradiction;  // open a reconciliation case
};

struct StationFacts {
  std::string id, name;
  std::int64_t connector_id = 0;
  std::string connector_type;
  std::int64_t connector_max_power_w = 0;
  tariff::Tariff tariff;
};
struct StartOrder {
  std::string puid;
  std::optional<Uuid> vehicle_id;
  std::optional<double> target_soc;
  std::optional<std::int64_t> energy_limit_wh;  // absent: 60 kWh
};
// The span of the start request.
struct Origin {
  std::string trace_id, span_id;
};
// The hold is the price of min(limit, 60 kWh); it may grow to the price of the limit.
Result<Outcome> request_session(const StartOrder& order, const StationFacts& station, Uuid id, Origin origin,
                                WallTime now, const HoldRules& rules = {});

struct MeterReading {
  std::int64_t meter_wh = 0;
  std::optional<std::int64_t> power_w;
  std::optional<double> soc;
  WallTime at{};
};

Outcome hold_outcome(Session session, Input input,
                     WallTime now);  // kHoldAuthorised, kHoldDeclined, kHoldFailed, kHoldUnknown, kNeverHeld
// reason: stationRejected, stationTimeout, stationOffline.
Outcome start_refused(Session session, std::string reason, WallTime now);
Outcome transaction_started(Session session, std::string transaction_id, const MeterReading& reading, WallTime now);
Outcome energy_measured(Session session, const MeterReading& reading, WallTime now);
// reason: driver, operator.
Outcome stop_requested(Session session, std::string reason, WallTime now);
// reason: as in ChargingSessionEnded, used when nobody asked for a stop.
Outcome transaction_ended(Session session, const MeterReading& reading, std::optional<std::int64_t> meter_start_wh,
                          std::string reason, WallTime now);
// What became of an increment: kIncrementAuthorised with all that is held now, kIncrementRefused, kIncrementUnknown.
struct IncrementAnswer {
  std::int64_t number = 0;
  Input input = Input::kIncrementUnknown;
  std::int64_t held_minor = 0;
};
Outcome increment_answered(Session session, const IncrementAnswer& answer, WallTime now);
Outcome capture_unknown(Session session, WallTime now);
Outcome captured(Session session, std::int64_t captured_minor, std::int64_t receivable_minor, WallTime now);
Outcome capture_failed(Session session, WallTime now);
Outcome released(Session session, Input input, WallTime now);  // kReleased, kHoldExpired
Outcome deadline_passed(Session session, WallTime now);
// The same, after payment was asked by reference: its answer ends a session whose hold is to be let go, when it is one.
Outcome hold_asked(Session session, Input answer, WallTime now);

// The moment after which the station is not asked to start any more.
WallTime start_by(const Session& session);
// What the session would cost with this energy.
std::int64_t price_of(const Session& session, std::int64_t energy_wh);
// What flows until a station that is asked now has stopped.
std::int64_t stop_lead_wh(const Session& session);

}  // namespace evc::charging
