#include "services/integrations/domain/ocpp/messages.hpp"

#include <array>
#include <utility>

namespace evc::integrations::ocpp {
namespace {

constexpr std::size_t kIdTagLimit = 20;
constexpr std::size_t kSignedDataLimit = 32'768;

constexpr std::array<std::string_view, 9> kStatuses{"Available",     "Preparing",   "Charging",
                                                    "SuspendedEVSE", "SuspendedEV", "Finishing",
                                                    "Reserved",      "Unavailable", "Faulted"};
constexpr std::array<std::string_view, 16> kErrorCodes{"ConnectorLockFailure",
                                                       "EVCommunicationError",
                                                       "GroundFailure",
                                                       "HighTemperature",
                                                       "InternalError",
                                                       "LocalListConflict",
                                                       "NoError",
                                                       "OtherError",
                                                       "OverCurrentFailure",
                                                       "PowerMeterFailure",
                                                       "PowerSwitchFailure",
                                                       "ReaderFailure",
                                                       "ResetFailure",
                                                       "UnderVoltage",
                                                       "OverVoltage",
                                                       "WeakSignal"};
constexpr std::array<std::string_view, 11> kReasons{"EmergencyStop", "EVDisconnected", "HardReset",   "Local",
                                                    "Other",         "PowerLoss",      "Reboot",      "Remote",
                                                    "SoftReset",     "UnlockCommand",  "DeAuthorized"};
constexpr std::array<std::string_view, 8> kContexts{
    "Interruption.Begin", "Interruption.End", "Sample.Clock", "Sample.Periodic",
    "Transaction.Begin",  "Transaction.End",  "Trigger",      "Other"};
constexpr std::array<std::string_view, 2> kFormats{"Raw", "SignedData"};
constexpr std::array<std::string_view, 22> kMeasurands{"Energy.Active.Export.Register",
                                                       "Energy.Active.Import.Register",
                                                       "Energy.Reactive.Export.Register",
                                                       "Energy.Reactive.Import.Register",
                                                       "Energy.Active.Export.Interval",
                                                       "Energy.Active.Import.Interval",
                                                       "Energy.Reactive.Export.Interval",
                                                       "Energy.Reactive.Import.Interval",
                                                       "Power.Active.Export",
                                                       "Power.Active.Import",
                                                       "Power.Offered",
                                                       "Power.Reactive.Export",
                                                       "Power.Reactive.Import",
                                                       "Power.Factor",
                                                       "Current.Import",
                                                       "Current.Export",
                                                       "Current.Offered",
                                                       "Voltage",
                                                       "Frequency",
                                                       "Temperature",
                                                       "SoC",
                                                       "RPM"};
constexpr std::array<std::string_view, 10> kPhases{"L1",   "L2",   "L3",    "N",     "L1-N",
                                                   "L2-N", "L3-N", "L1-L2", "L2-L3", "L3-L1"};
constexpr std::array<std::string_view, 5> kLocations{"Cable", "EV", "Inlet", "Outlet", "Body"};
// `Celcius` is the spelling of the first 1.6 edition and still in use.
constexpr std::array<std::string_view, 17> kUnits{"Wh", "kWh",     "varh",    "kvarh",      "W",      "kW",
                                                  "VA", "kVA",     "var",     "kvar",       "A",      "V",
                                                  "K",  "Celcius", "Celsius", "Fahrenheit", "Percent"};

std::string_view default_unit(std::string_view measurand) {
  if (measurand.starts_with("Energy.Active")) return "Wh";
  if (measurand.starts_with("Energy.Reactive")) return "varh";
  if (measurand.starts_with("Power.Reactive")) return "var";
  if (measurand == "Power.Factor") return "";
  if (measurand.starts_with("Power")) return "W";
  if (measurand.starts_with("Current")) return "A";
  if (measurand == "Voltage") return "V";
  if (measurand == "SoC") return "Percent";
  if (measurand == "Temperature") return "Celsius";
  return "";
}

SampledValue read_sampled_value(PayloadReader& parent, const json::Object& object, const std::string& path) {
  PayloadReader reader(object, path);
  SampledValue sampled;
  sampled.value = reader.text("value", kSignedDataLimit);
  if (auto context = reader.optional_choice("context", kContexts)) sampled.context = std::move(*context);
  if (auto format = reader.optional_choice("format", kFormats)) sampled.format = std::move(*format);
  if (auto measurand = reader.optional_choice("measurand", kMeasurands)) sampled.measurand = std::move(*measurand);
  sampled.phase = reader.optional_choice("phase", kPhases);
  if (auto location = reader.optional_choice("location", kLocations)) sampled.location = std::move(*location);
  sampled.unit = reader.optional_choice("unit", kUnits).value_or(std::string(default_unit(sampled.measurand)));
  parent.take(reader.finish(UnknownMembers::kIgnore));
  return sampled;
}

std::vector<MeterValue> read_meter_values(PayloadReader& parent, std::string_view name, std::size_t least) {
  std::vector<MeterValue> values;
  for (const auto* object : parent.objects(name, least)) {
    const auto path = parent.path_of(name) + "/" + std::to_string(values.size());
    PayloadReader reader(*object, path);
    MeterValue value{.timestamp = reader.time("timestamp"), .raw = *object};
    for (const auto* sampled : reader.objects("sampledValue", 1)) {
      value.sampled.push_back(
          read_sampled_value(reader, *sampled, path + "/sampledValue/" + std::to_string(value.sampled.size())));
    }
    parent.take(reader.finish(UnknownMembers::kIgnore));
    values.push_back(std::move(value));
  }
  return values;
}

template <class T>
Decoded<T> finish(PayloadReader& reader, T message, UnknownMembers unknown) {
  if (auto violation = reader.finish(unknown)) return std::unexpected(std::move(*violation));
  return message;
}

}  // namespace

Decoded<BootNotification> decode_boot_notification(const json::Object& payload) {
  PayloadReader reader(payload);
  BootNotification message;
  message.vendor = reader.text("chargePointVendor", 20);
  message.model = reader.text("chargePointModel", 20);
  message.charge_point_serial = reader.optional_text("chargePointSerialNumber", 25);
  message.charge_box_serial = reader.optional_text("chargeBoxSerialNumber", 25);
  message.firmware_version = reader.optional_text("firmwareVersion", 50);
  message.iccid = reader.optional_text("iccid", 20);
  message.imsi = reader.optional_text("imsi", 20);
  message.meter_type = reader.optional_text("meterType", 25);
  message.meter_serial = reader.optional_text("meterSerialNumber", 25);
  return finish(reader, std::move(message), UnknownMembers::kRefuse);
}

Decoded<StatusNotification> decode_status_notification(const json::Object& payload) {
  PayloadReader reader(payload);
  StatusNotification message;
  message.connector_id = reader.integer("connectorId", 0);
  message.status = reader.choice("status", kStatuses);
  message.error_code = reader.choice("errorCode", kErrorCodes);
  message.info = reader.optional_text("info", 50);
  message.timestamp = reader.optional_time("timestamp");
  const auto vendor_id = reader.optional_text("vendorId", 255);
  message.vendor_error_code = reader.optional_text("vendorErrorCode", 50);
  return finish(reader, std::move(message), UnknownMembers::kRefuse);
}

Decoded<Authorize> decode_authorize(const json::Object& payload) {
  PayloadReader reader(payload);
  Authorize message{.id_tag = reader.text("idTag", kIdTagLimit)};
  return finish(reader, std::move(message), UnknownMembers::kRefuse);
}

Decoded<StartTransaction> decode_start_transaction(const json::Object& payload) {
  PayloadReader reader(payload);
  StartTransaction message;
  message.connector_id = reader.integer("connectorId", 0);
  message.id_tag = reader.text("idTag", kIdTagLimit);
  message.meter_start_wh = reader.integer("meterStart");
  message.timestamp = reader.time("timestamp");
  message.reservation_id = reader.optional_integer("reservationId");
  return finish(reader, std::move(message), UnknownMembers::kIgnore);
}

Decoded<MeterValues> decode_meter_values(const json::Object& payload) {
  PayloadReader reader(payload);
  MeterValues message;
  message.connector_id = reader.integer("connectorId", 0);
  message.transaction_id = reader.optional_integer("transactionId");
  message.values = read_meter_values(reader, "meterValue", 1);
  return finish(reader, std::move(message), UnknownMembers::kIgnore);
}

Decoded<StopTransaction> decode_stop_transaction(const json::Object& payload) {
  PayloadReader reader(payload);
  StopTransaction message;
  message.transaction_id = reader.integer("transactionId");
  message.meter_stop_wh = reader.integer("meterStop");
  message.timestamp = reader.time("timestamp");
  message.id_tag = reader.optional_text("idTag", kIdTagLimit);
  if (auto reason = reader.optional_choice("reason", kReasons)) message.reason = std::move(*reason);
  message.transaction_data = read_meter_values(reader, "transactionData", 0);
  return finish(reader, std::move(message), UnknownMembers::kIgnore);
}

Decoded<DataTransfer> decode_data_transfer(const json::Object& payload) {
  PayloadReader reader(payload);
  DataTransfer message;
  message.vendor_id = reader.text("vendorId", 255);
  message.message_id = reader.optional_text("messageId", 50);
  const auto data = reader.optional_text("data", 65'536);
  return finish(reader, std::move(message), UnknownMembers::kRefuse);
}

Decoded<bool> decode_heartbeat(const json::Object& payload) {
  PayloadReader reader(payload);
  return finish(reader, true, UnknownMembers::kRefuse);
}

}  // namespace evc::integrations::ocpp
