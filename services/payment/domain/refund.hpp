// Money that is given back after a capture. Plain data; the rules are in refunds.hpp. One person asks, another
// approves.
#pragma once

#include <boost/describe.hpp>
#include <optional>
#include <string>

#include "kit/base/clock.hpp"
#include "kit/base/uuid.hpp"

namespace evc::payment {

enum class RefundState { kRequested, kRejected, kApproved, kUnknown, kRefunded, kFailed };
BOOST_DESCRIBE_ENUM(RefundState, kRequested, kRejected, kApproved, kUnknown, kRefunded, kFailed)

enum class RefundReason { kGoodwill, kBillingError, kDuplicate, kOther };
BOOST_DESCRIBE_ENUM(RefundReason, kGoodwill, kBillingError, kDuplicate, kOther)

struct Refund {
  Uuid id;
  Uuid payment_id;
  std::int64_t number = 0;  // 1, 2, 3 … of its payment: names the step at the provider
  std::int64_t amount = 0;  // minor units of the payment's currency
  RefundReason reason = RefundReason::kOther;
  std::string note;
  RefundState state = RefundState::kRequested;
  std::string requested_by;  // pseudonyms of operators
  WallTime requested_at{};
  std::optional<std::string> decided_by;
  std::optional<WallTime> decided_at;
  std::optional<WallTime> finished_at;
};

}  // namespace evc::payment
