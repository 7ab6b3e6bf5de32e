#include "simulators/payment_provider/behaviour.hpp"

#include <array>
#include <utility>

namespace evc::payment_provider {

Behaviour behaviour_of(std::string_view token) {
  static constexpr std::array<std::pair<std::string_view, Behaviour>, 17> kTokens{{
      {"", Behaviour::kApproved},
      {"approved", Behaviour::kApproved},
      {"declined", Behaviour::kDeclined},
      {"slow", Behaviour::kSlow},
      {"silent", Behaviour::kSilent},
      {"drop-after-effect", Behaviour::kDropAfterEffect},
      {"error-after-effect", Behaviour::kErrorAfterEffect},
      {"duplicate-webhook", Behaviour::kDuplicateWebhook},
      {"webhook-first", Behaviour::kWebhookFirst},
      {"out-of-order", Behaviour::kOutOfOrder},
      {"wrong-amount", Behaviour::kWrongAmount},
      {"expired-hold", Behaviour::kExpiredHold},
      {"capture-fails", Behaviour::kCaptureFails},
      {"refund-fails", Behaviour::kRefundFails},
      {"increment-declined", Behaviour::kIncrementDeclined},
      {"increment-silent", Behaviour::kIncrementSilent},
      {"flapping", Behaviour::kFlapping},
  }};
  for (const auto& [name, behaviour] : kTokens) {
    if (name == token) return behaviour;
  }
  return Behaviour::kDeclined;
}

}  // namespace evc::payment_provider
