// What a card token makes the simulated provider do at each step. Pure. README.md explains each for people.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace evc::payment_provider {

enum class Step : std::uint8_t { kAuthorise, kCapture, kVoid, kIncrement, kRefund };

enum class Behaviour : std::uint8_t {
  kApproved,
  kDeclined,
  kSlow,              // answers after 6 s
  kSilent,            // never answers, and does nothing
  kDropAfterEffect,   // does it, then the answer breaks off
  kErrorAfterEffect,  // does it, then answers 500
  kDuplicateWebhook,  // each webhook twice
  kWebhookFirst,      // the webhook is delivered before the answer
  kOutOfOrder,        // the hold's webhook comes late, after those of later steps
  kWrongAmount,       // holds more than was asked
  kExpiredHold,       // the hold ends by itself after a moment
  kCaptureFails,
  kRefundFails,
  kIncrementDeclined,
  kIncrementSilent,  // an increment is never answered, and does nothing
  kFlapping,         // every other call is refused with 503 and does nothing
};

// An unknown token is declined, like a card number that does not exist. No token (Pix) is approved. `seed:<n>` draws
// for each step, always the same for the same n.
Behaviour behaviour_of(std::string_view token, Step step);
// The token of the `count`-th hold of a run with this seed.
std::string drawn_token(std::uint64_t seed, std::uint64_t count);

}  // namespace evc::payment_provider
