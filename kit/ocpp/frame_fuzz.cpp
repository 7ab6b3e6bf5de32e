// libFuzzer over OCPP-J messages: no text crashes the reader, and what was read is written as what is read again.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "kit/ocpp/frame.hpp"

namespace {

using namespace evc;

template <class T>
void require_the_same(const T& frame) {
  const std::string written = ocpp::serialize(frame);
  const auto again = ocpp::parse_frame(written);
  const auto* same = std::get_if<T>(&again);
  if (same == nullptr || ocpp::serialize(*same) != written) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto frame = ocpp::parse_frame({reinterpret_cast<const char*>(data), size});
  if (const auto* bad = std::get_if<ocpp::BadFrame>(&frame)) {
    if (bad->reason.empty()) std::abort();
    if (bad->answer) require_the_same(*bad->answer);
  } else if (const auto* call = std::get_if<ocpp::Call>(&frame)) {
    require_the_same(*call);
  } else if (const auto* result = std::get_if<ocpp::CallResult>(&frame)) {
    require_the_same(*result);
  }
  return 0;
}
