#include "services/user/domain/erasure.hpp"

#include <algorithm>

#include "kit/base/bytes.hpp"

namespace evc::user {
namespace {

constexpr std::chrono::milliseconds kFirstPause{100};
constexpr std::chrono::milliseconds kLongestPause{5'000};
constexpr std::int64_t kDoublings = 10;
constexpr std::size_t kIdSeedBytes = 32;

}  // namespace

Uuid new_erasure_id() {
  return uuid_v5(Uuid{}, random_bytes(kIdSeedBytes));
}

std::string_view told(ErasureState state) {
  if (state == ErasureState::kDone) return "done";
  return state == ErasureState::kRefused ? "refused" : "running";
}

Error refusal(OpenPart part) {
  if (part == OpenPart::kChargeOpen)
    return {.code = Code::kConflict,
            .detail = "a charge has not ended yet",
            .fields = {{"/chargingSessions", "wait until each of them has ended"}}};
  return {.code = Code::kConflict,
          .detail = "a payment is not settled yet",
          .fields = {{"/payments", "wait until each of them is settled"}}};
}

std::chrono::milliseconds pause_after(std::int64_t attempts) {
  const std::int64_t doublings = std::clamp<std::int64_t>(attempts - 1, 0, kDoublings);
  return std::min(kFirstPause * (std::int64_t{1} << doublings), kLongestPause);
}

}  // namespace evc::user
