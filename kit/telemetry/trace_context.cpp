#include "kit/telemetry/trace_context.hpp"

#include <cstring>

#include "kit/base/bytes.hpp"

namespace evc::telemetry {
namespace {

constexpr std::size_t kTraceParentLength = 55;  // 00-<32>-<16>-<2>
constexpr std::size_t kTraceStateLimit = 512;

template <std::size_t N>
std::string_view as_text(const std::array<std::uint8_t, N>& bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), N};
}

template <std::size_t N>
bool is_zero(const std::array<std::uint8_t, N>& bytes) {
  return bytes == std::array<std::uint8_t, N>{};
}

// W3C allows lower-case digits only.
template <std::size_t N>
bool read_hex(std::string_view text, std::array<std::uint8_t, N>& into) {
  if (text.find_first_not_of("0123456789abcdef") != std::string_view::npos) return false;
  const auto bytes = hex_decode(text);
  if (!bytes || bytes->size() != N) return false;
  std::memcpy(into.data(), bytes->data(), N);
  return true;
}

// Only what a header may carry; its inner grammar is the business of whoever put it there.
std::string acceptable_state(std::string_view state) {
  if (state.size() > kTraceStateLimit) return {};
  for (const char c : state) {
    if (c < 0x20 || c > 0x7E) return {};
  }
  return std::string(state);
}

}  // namespace

bool TraceContext::valid() const {
  return !is_zero(trace_id) && !is_zero(span_id);
}

std::string TraceContext::trace_id_hex() const {
  return hex_encode(as_text(trace_id));
}

std::string TraceContext::span_id_hex() const {
  return hex_encode(as_text(span_id));
}

std::string TraceContext::traceparent() const {
  std::string text;
  text.reserve(kTraceParentLength);
  text += "00-";
  text += trace_id_hex();
  text += '-';
  text += span_id_hex();
  text += sampled ? "-01" : "-00";
  return text;
}

std::optional<TraceContext> TraceContext::parse(std::string_view traceparent, std::string_view trace_state) {
  if (traceparent.size() < kTraceParentLength) return std::nullopt;
  std::array<std::uint8_t, 1> version{};
  std::array<std::uint8_t, 1> flags{};
  TraceContext context;
  const bool shape = read_hex(traceparent.substr(0, 2), version) && traceparent[2] == '-' &&
                     read_hex(traceparent.substr(3, 32), context.trace_id) && traceparent[35] == '-' &&
                     read_hex(traceparent.substr(36, 16), context.span_id) && traceparent[52] == '-' &&
                     read_hex(traceparent.substr(53, 2), flags);
  if (!shape || version[0] == 0xFF || !context.valid()) return std::nullopt;
  // A later version may append fields; version 00 has none.
  const bool longer = traceparent.size() > kTraceParentLength;
  if (longer && (version[0] == 0 || traceparent[kTraceParentLength] != '-')) return std::nullopt;
  context.sampled = (flags[0] & 1) != 0;
  context.trace_state = acceptable_state(trace_state);
  return context;
}

TraceContext TraceContext::root() {
  TraceContext context;
  do {
    for (std::size_t i = 0; i < context.trace_id.size(); i += 8) {
      const std::uint64_t random = random_u64();
      std::memcpy(&context.trace_id[i], &random, 8);
    }
    const std::uint64_t random = random_u64();
    std::memcpy(context.span_id.data(), &random, 8);
  } while (!context.valid());
  return context;
}

TraceContext TraceContext::child() const {
  TraceContext context = *this;
  do {
    const std::uint64_t random = random_u64();
    std::memcpy(context.span_id.data(), &random, 8);
  } while (is_zero(context.span_id));
  return context;
}

}  // namespace evc::telemetry
