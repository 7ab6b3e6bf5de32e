#include "kit/base/uuid.hpp"

#include <openssl/evp.h>

#include <cstring>

#include "kit/base/assert.hpp"
#include "kit/base/bytes.hpp"

namespace evc {
namespace {

// The order of one thread's ids: milliseconds and a 12-bit counter in rand_a (RFC 9562 §6.2, method 1).
struct Sequence {
  const Clock* clock = nullptr;  // another clock (a test's) begins anew
  std::uint64_t milliseconds = 0;
  std::uint32_t counter = 0;
};
constexpr std::uint32_t kCounterEnd = 1U << 12;

void advance(Sequence& sequence, const Clock& clock) {
  const auto now = static_cast<std::uint64_t>(
      std::chrono::floor<std::chrono::milliseconds>(clock.wall().time_since_epoch()).count());
  if (sequence.clock != &clock || now > sequence.milliseconds) {
    // Half of the counter's range is random, so that ids of different threads differ early; the other half is room to
    // count.
    sequence = {.clock = &clock, .milliseconds = now, .counter = static_cast<std::uint32_t>(random_u64() & 0x7FF)};
    return;
  }
  // Also when the wall clock stepped back: the order of the ids wins over their exact time.
  if (++sequence.counter == kCounterEnd) {
    ++sequence.milliseconds;
    sequence.counter = 0;
  }
}

void set_version(Uuid& id, std::uint8_t version) {
  id.bytes[6] = static_cast<std::uint8_t>((id.bytes[6] & 0x0F) | (version << 4));
  id.bytes[8] = static_cast<std::uint8_t>((id.bytes[8] & 0x3F) | 0x80);
}

constexpr bool is_dash_position(std::size_t i) {
  return i == 8 || i == 13 || i == 18 || i == 23;
}

}  // namespace

Uuid uuid_v7(const Clock& clock) {
  thread_local Sequence sequence;
  advance(sequence, clock);
  Uuid id;
  for (std::size_t i = 0; i < 6; ++i) {
    id.bytes[i] = static_cast<std::uint8_t>(sequence.milliseconds >> (8 * (5 - i)));
  }
  id.bytes[6] = static_cast<std::uint8_t>(sequence.counter >> 8);
  id.bytes[7] = static_cast<std::uint8_t>(sequence.counter);
  const std::uint64_t random = random_u64();
  std::memcpy(&id.bytes[8], &random, 8);
  set_version(id, 7);
  return id;
}

Uuid uuid_v5(const Uuid& name_space, std::string_view name) {
  std::string input(reinterpret_cast<const char*>(name_space.bytes.data()), name_space.bytes.size());
  input += name;
  std::array<std::uint8_t, 20> digest;
  unsigned size = 0;
  EVC_ASSERT(EVP_Digest(input.data(), input.size(), digest.data(), &size, EVP_sha1(), nullptr) == 1);
  Uuid id;
  std::memcpy(id.bytes.data(), digest.data(), id.bytes.size());
  set_version(id, 5);
  return id;
}

std::string to_string(const Uuid& id) {
  const std::string hex = hex_encode({reinterpret_cast<const char*>(id.bytes.data()), id.bytes.size()});
  std::string text;
  text.reserve(36);
  for (std::size_t i = 0; i < hex.size(); ++i) {
    if (is_dash_position(text.size())) text.push_back('-');
    text.push_back(hex[i]);
  }
  return text;
}

Result<Uuid> parse_uuid(std::string_view text) {
  const auto refused = [] { return fail(Code::kValidationFailed, "not a UUID"); };
  if (text.size() != 36) return refused();
  std::string hex;
  hex.reserve(32);
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (is_dash_position(i) != (text[i] == '-')) return refused();
    if (text[i] != '-') hex.push_back(text[i]);
  }
  const auto bytes = hex_decode(hex);
  if (!bytes) return refused();
  Uuid id;
  std::memcpy(id.bytes.data(), bytes->data(), id.bytes.size());
  return id;
}

}  // namespace evc

std::size_t std::hash<evc::Uuid>::operator()(const evc::Uuid& id) const noexcept {
  // The second half is random in version 7; the first is mixed in for ids of other versions.
  std::uint64_t high = 0;
  std::uint64_t low = 0;
  std::memcpy(&high, id.bytes.data(), 8);
  std::memcpy(&low, id.bytes.data() + 8, 8);
  return static_cast<std::size_t>(low ^ (high * 0x9E3779B97F4A7C15ULL));
}
