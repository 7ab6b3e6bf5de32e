#include "simulators/fault_gate/fault.hpp"

namespace evc::fault_gate {

namespace {

constexpr std::int64_t kLongestDelay_ms = 600'000;
constexpr std::int64_t kFastestTrickle = 100'000'000;

struct FaultText {
  Mode mode = Mode::kPass;
  std::optional<std::int64_t> ms;
  std::optional<std::int64_t> bytes_per_s;
};
BOOST_DESCRIBE_STRUCT(FaultText, (), (mode, ms, bytes_per_s))

}  // namespace

Result<Fault> read_fault(const std::string& text) {
  EVC_TRY(fault, json::decode_text<FaultText>(text));
  if (fault.ms.has_value() != (fault.mode == Mode::kDelay))
    return fail_field("/ms", "belongs to delay, and delay needs it");
  if (fault.bytes_per_s.has_value() != (fault.mode == Mode::kTrickle))
    return fail_field("/bytesPerS", "belongs to trickle, and trickle needs it");
  if (fault.ms && (*fault.ms < 1 || *fault.ms > kLongestDelay_ms)) return fail_field("/ms", "1 to 600000");
  if (fault.bytes_per_s && (*fault.bytes_per_s < 1 || *fault.bytes_per_s > kFastestTrickle))
    return fail_field("/bytesPerS", "1 to 100000000");
  return Fault{fault.mode, fault.ms.value_or(0), fault.bytes_per_s.value_or(0)};
}

json::Object describe(const Fault& fault) {
  FaultText text{.mode = fault.mode};
  if (fault.mode == Mode::kDelay) text.ms = fault.ms;
  if (fault.mode == Mode::kTrickle) text.bytes_per_s = fault.bytes_per_s;
  return json::encode(text).as_object();
}

}  // namespace evc::fault_gate
