#include "simulators/payment_provider/behaviour.hpp"

#include <array>
#include <charconv>
#include <optional>
#include <span>
#include <utility>

namespace evc::payment_provider {
namespace {

using B = Behaviour;

constexpr std::string_view kSeed = "seed:";
// A token has room for this many digits.
constexpr std::uint64_t kSeeds = 1'000'000'000'000;

constexpr std::array<std::pair<std::string_view, B>, 17> kTokens{{
    {"", B::kApproved},
    {"approved", B::kApproved},
    {"declined", B::kDeclined},
    {"slow", B::kSlow},
    {"silent", B::kSilent},
    {"drop-after-effect", B::kDropAfterEffect},
    {"error-after-effect", B::kErrorAfterEffect},
    {"duplicate-webhook", B::kDuplicateWebhook},
    {"webhook-first", B::kWebhookFirst},
    {"out-of-order", B::kOutOfOrder},
    {"wrong-amount", B::kWrongAmount},
    {"expired-hold", B::kExpiredHold},
    {"capture-fails", B::kCaptureFails},
    {"refund-fails", B::kRefundFails},
    {"increment-declined", B::kIncrementDeclined},
    {"increment-silent", B::kIncrementSilent},
    {"flapping", B::kFlapping},
}};

// What a seed draws from, each as likely as the others: half of the steps are as they should be.
constexpr std::array kOfAuthorise{
    B::kApproved,     B::kApproved,   B::kApproved,    B::kApproved,        B::kApproved,         B::kApproved,
    B::kDeclined,     B::kSlow,       B::kSilent,      B::kDropAfterEffect, B::kErrorAfterEffect, B::kDuplicateWebhook,
    B::kWebhookFirst, B::kOutOfOrder, B::kWrongAmount, B::kExpiredHold,     B::kFlapping};
constexpr std::array kOfCapture{B::kApproved,         B::kApproved,     B::kApproved,     B::kDropAfterEffect,
                                B::kErrorAfterEffect, B::kWebhookFirst, B::kCaptureFails, B::kFlapping};
constexpr std::array kOfVoid{B::kApproved, B::kDropAfterEffect, B::kErrorAfterEffect, B::kFlapping};
constexpr std::array kOfIncrement{B::kApproved,          B::kApproved,        B::kDropAfterEffect, B::kErrorAfterEffect,
                                  B::kIncrementDeclined, B::kIncrementSilent, B::kFlapping};
constexpr std::array kOfRefund{B::kApproved,         B::kApproved,    B::kDropAfterEffect,
                               B::kErrorAfterEffect, B::kRefundFails, B::kFlapping};

std::span<const B> drawn_from(Step step) {
  switch (step) {
    case Step::kAuthorise:
      return kOfAuthorise;
    case Step::kCapture:
      return kOfCapture;
    case Step::kVoid:
      return kOfVoid;
    case Step::kIncrement:
      return kOfIncrement;
    case Step::kRefund:
      break;
  }
  return kOfRefund;
}

// The finaliser of splitmix64: neighbours become strangers.
std::uint64_t mixed(std::uint64_t value) {
  value += 0x9E3779B97F4A7C15U;
  value = (value ^ (value >> 30U)) * 0xBF58476D1CE4E5B9U;
  value = (value ^ (value >> 27U)) * 0x94D049BB133111EBU;
  return value ^ (value >> 31U);
}

std::optional<std::uint64_t> seed_of(std::string_view token) {
  if (!token.starts_with(kSeed)) return std::nullopt;
  token.remove_prefix(kSeed.size());
  std::uint64_t seed = 0;
  const auto [end, error] = std::from_chars(token.data(), token.data() + token.size(), seed);
  if (error != std::errc{} || end != token.data() + token.size()) return std::nullopt;
  return seed;
}

}  // namespace

Behaviour behaviour_of(std::string_view token, Step step) {
  for (const auto& [name, behaviour] : kTokens) {
    if (name == token) return behaviour;
  }
  const auto seed = seed_of(token);
  if (!seed) return B::kDeclined;
  const std::span<const B> choices = drawn_from(step);
  return choices[mixed(mixed(*seed) + static_cast<std::uint64_t>(step)) % choices.size()];
}

std::string drawn_token(std::uint64_t seed, std::uint64_t count) {
  return std::string(kSeed) + std::to_string(mixed(mixed(seed) + count) % kSeeds);
}

}  // namespace evc::payment_provider
