// libFuzzer over the payloads of charge points: the first byte chooses the message, the rest is its payload. None
// crashes, and meter values that were accepted can be read.
#include <cstdint>
#include <string_view>

#include "services/integrations/domain/ocpp/messages.hpp"
#include "services/integrations/domain/ocpp/meter_reading.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace evc;
  using namespace evc::integrations::ocpp;
  if (size < 2) return 0;
  const auto value = json::parse({reinterpret_cast<const char*>(data + 1), size - 1});
  if (!value || !value->is_object()) return 0;
  const json::Object& payload = value->get_object();
  switch (data[0] % 8) {
    case 0:
      static_cast<void>(decode_boot_notification(payload));
      break;
    case 1:
      static_cast<void>(decode_status_notification(payload));
      break;
    case 2:
      static_cast<void>(decode_authorize(payload));
      break;
    case 3:
      static_cast<void>(decode_start_transaction(payload));
      break;
    case 4:
      static_cast<void>(decode_data_transfer(payload));
      break;
    case 5:
      static_cast<void>(decode_heartbeat(payload));
      break;
    case 6:
      if (const auto values = decode_meter_values(payload))
        for (const MeterValue& each : values->values) static_cast<void>(reading_of(each));
      break;
    default:
      if (const auto stop = decode_stop_transaction(payload))
        for (const MeterValue& each : stop->transaction_data) static_cast<void>(reading_of(each));
      break;
  }
  return 0;
}
