// The `data` of an ExternalUpdate, one function per kind (contracts/events/ExternalUpdate.schema.json). Values are
// clamped to what the schema allows, because a station's nonsense must not turn into a record that nobody can read. The
// OCPP words become the contract's words here.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "kit/base/clock.hpp"
#include "kit/base/json.hpp"
#include "kit/base/uuid.hpp"
#include "services/integrations/domain/ocpp/commands.hpp"
#include "services/integrations/domain/ocpp/messages.hpp"
#include "services/integrations/domain/ocpp/meter_reading.hpp"

namespace evc::integrations {

inline constexpr std::string_view kOcppProvider = "ocpp";
inline constexpr std::string_view kTopic = "integration.events";
inline constexpr std::string_view kEventType = "ExternalUpdate";

// ce_subject: the connector, or the station itself for 0.
std::string subject_of(std::string_view station_id, std::int64_t connector_id);

// A Connector's status in the contract's words: "suspendedEv" for "SuspendedEV". Unknown text gives "unknown".
std::string_view status_word(std::string_view ocpp_status);

// Which session and transaction an update is about.
struct TransactionRef {
  std::string_view station_id;
  std::int64_t connector_id = 0;
  std::int64_t transaction_id = 0;
  std::optional<Uuid> session_id;
};

struct SiteConnector {
  std::int64_t id = 0;
  std::string type;  // CCS2, Type2, CHAdeMO, GBT, other
  std::int64_t max_power_w = 0;
};

json::Object station_registered(std::string_view station_id, WallTime at, const ocpp::BootNotification& boot,
                                const std::vector<SiteConnector>& connectors);
// `error_code` empty or NoError: left out.
json::Object connector_status(std::string_view station_id, std::int64_t connector_id, WallTime at,
                              std::string_view status, std::string_view error_code,
                              const std::optional<Uuid>& session_id);
// Whether the station told it when it happened or later, from its queue.
enum class Reported { kLive, kLater };
json::Object transaction_started(const TransactionRef& transaction, WallTime at, std::int64_t meter_wh,
                                 Reported reported);
// Only for a reading that has an energy register.
json::Object meter_values(const TransactionRef& transaction, const ocpp::MeterReading& reading);
struct TransactionEnd {
  WallTime at{};
  std::int64_t meter_start_wh = 0;
  std::int64_t meter_wh = 0;
  std::optional<double> soc;
  std::string_view reason;  // OCPP's word
  Reported reported = Reported::kLive;
};
json::Object transaction_ended(const TransactionRef& transaction, const TransactionEnd& end);
struct CommandOutcome {
  Uuid command_id;
  std::string_view station_id;
  std::int64_t connector_id = 0;
  std::optional<Uuid> session_id;
  std::string_view command;
  std::string_view result;
  std::string detail;
};
json::Object command_result(const CommandOutcome& outcome, WallTime at);

}  // namespace evc::integrations
