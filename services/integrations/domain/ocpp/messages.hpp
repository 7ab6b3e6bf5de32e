// The messages of the core profile that a charge point sends (OCPP 1.6 §4 and §6), decoded and checked. Text limits are
// those of the specification's CiString types. Raw JSON that must survive byte for byte (signed meter data, vendor
// data) stays a JSON value.
#pragma once

#include <expected>
#include <optional>
#include <string>
#include <vector>

#include "services/integrations/domain/ocpp/payload_reader.hpp"

namespace evc::integrations::ocpp {

template <class T>
using Decoded = std::expected<T, Violation>;

struct BootNotification {
  std::string vendor;
  std::string model;
  std::optional<std::string> charge_point_serial;
  std::optional<std::string> charge_box_serial;
  std::optional<std::string> firmware_version;
  std::optional<std::string> iccid;
  std::optional<std::string> imsi;
  std::optional<std::string> meter_type;
  std::optional<std::string> meter_serial;
};

struct StatusNotification {
  std::int64_t connector_id = 0;
  std::string status;      // Available, Preparing, …
  std::string error_code;  // NoError, …
  std::optional<std::string> info;
  std::optional<WallTime> timestamp;
  std::optional<std::string> vendor_error_code;
};

struct Authorize {
  std::string id_tag;
};

struct StartTransaction {
  std::int64_t connector_id = 0;
  std::string id_tag;
  std::int64_t meter_start_wh = 0;
  WallTime timestamp{};
  std::optional<std::int64_t> reservation_id;
};

// One reading as it was sent; what is absent has the defaults of §7.43: Energy.Active.Import.Register in Wh,
// Sample.Periodic, Outlet, Raw.
struct SampledValue {
  std::string value;
  std::string context = "Sample.Periodic";
  std::string format = "Raw";
  std::string measurand = "Energy.Active.Import.Register";
  std::optional<std::string> phase;
  std::string location = "Outlet";
  std::string unit;  // the measurand's default unit when absent
};

struct MeterValue {
  WallTime timestamp{};
  std::vector<SampledValue> sampled;
  json::Value raw;  // as received
};

struct MeterValues {
  std::int64_t connector_id = 0;
  std::optional<std::int64_t> transaction_id;
  std::vector<MeterValue> values;
};

struct StopTransaction {
  std::int64_t transaction_id = 0;
  std::int64_t meter_stop_wh = 0;
  WallTime timestamp{};
  std::optional<std::string> id_tag;
  std::string reason = "Local";  // §6.49: absent means Local
  std::vector<MeterValue> transaction_data;
};

struct DataTransfer {
  std::string vendor_id;
  std::optional<std::string> message_id;
};

Decoded<BootNotification> decode_boot_notification(const json::Object& payload);
Decoded<StatusNotification> decode_status_notification(const json::Object& payload);
Decoded<Authorize> decode_authorize(const json::Object& payload);
Decoded<StartTransaction> decode_start_transaction(const json::Object& payload);
Decoded<MeterValues> decode_meter_values(const json::Object& payload);
Decoded<StopTransaction> decode_stop_transaction(const json::Object& payload);
Decoded<DataTransfer> decode_data_transfer(const json::Object& payload);
// Heartbeat carries nothing.
Decoded<bool> decode_heartbeat(const json::Object& payload);

}  // namespace evc::integrations::ocpp
