// One payment: a hold (pre-authorisation) and what becomes of it. Plain data and the names of its states; the rules are
// in transitions.hpp. State names are those of contracts/http/payment.yaml.
#pragma once

#include <boost/describe.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "kit/base/clock.hpp"
#include "kit/base/json.hpp"
#include "kit/base/money.hpp"
#include "kit/base/uuid.hpp"

namespace evc::payment {

enum class State {
  kRequested,
  kUnknown,
  kAuthorised,
  kDeclined,
  kFailed,
  kCapturing,
  kCaptured,
  kVoiding,
  kVoided,
  kExpired
};
BOOST_DESCRIBE_ENUM(State, kRequested, kUnknown, kAuthorised, kDeclined, kFailed, kCapturing, kCaptured, kVoiding,
                    kVoided, kExpired)

enum class Step { kAuthorise, kCapture, kVoid, kIncrement, kRefund };
BOOST_DESCRIBE_ENUM(Step, kAuthorise, kCapture, kVoid, kIncrement, kRefund)

enum class VoidReason { kSessionFailed, kNothingDelivered, kLateAuthorisation, kRequested, kHoldExpired };
BOOST_DESCRIBE_ENUM(VoidReason, kSessionFailed, kNothingDelivered, kLateAuthorisation, kRequested, kHoldExpired)

enum class Method { kSimulatedCard, kSimulatedPix };
BOOST_DESCRIBE_ENUM(Method, kSimulatedCard, kSimulatedPix)

// kDropped: the hold was over before it was known what became of the increment, and nobody needs to know any more.
enum class IncrementState { kAsked, kUnknown, kAuthorised, kDeclined, kFailed, kDropped };
BOOST_DESCRIBE_ENUM(IncrementState, kAsked, kUnknown, kAuthorised, kDeclined, kFailed, kDropped)

// By how much a hold was to grow. One at a time; numbered 1, 2, 3 ….
struct Increment {
  std::int64_t number = 0;
  std::int64_t amount = 0;
  IncrementState state = IncrementState::kAsked;
};
BOOST_DESCRIBE_STRUCT(Increment, (), (number, amount, state))

struct Payment {
  Uuid id;
  std::string reference;  // chosen by charging; names the hold here and at the provider
  Uuid session_id;
  std::string puid;
  Uuid correlation_id;
  Method method = Method::kSimulatedCard;
  std::string token;  // of the simulated card; empty for Pix
  State state = State::kRequested;
  Currency currency;
  std::int64_t asked = 0;  // minor units, as all that follow
  std::int64_t limit = 0;  // what `held` may grow to; 0: it may not
  std::int64_t held = 0;   // 0 until authorised; grows by increments; stays when it is captured or let go
  std::int64_t captured = 0;
  std::int64_t released = 0;
  std::int64_t receivable = 0;
  std::int64_t refunded = 0;
  std::optional<std::int64_t> price;       // once the charge has ended
  std::optional<VoidReason> void_reason;   // once somebody wants it let go
  std::optional<std::string> provider_id;  // the provider's name of the hold
  std::optional<WallTime> hold_expires_at;
  std::optional<WallTime> unknown_since;  // of the running step
  std::optional<json::Object> receipt;    // what the charge was, for the receipt
  std::vector<Increment> increments;      // in order
  WallTime created_at{};
  WallTime updated_at{};

  Money money(std::int64_t amount) const { return {amount, currency}; }
};

// Enumerators as JSON, events and columns write them: "authorised", "lateAuthorisation".
template <class E>
std::string name_of(E value) {
  return std::string(json::encode(value).as_string());
}
template <class E>
Result<E> from_name(std::string_view name) {
  return json::decode<E>(json::Value(name));
}

}  // namespace evc::payment
