// What a person has to look at, by kind. docs/runbooks/reconciliation.md says of each what it means and what to do.
#pragma once

#include <boost/describe.hpp>
#include <string_view>

namespace evc::payment {

enum class CaseKind {
  kWrongHoldAmount,
  kWrongIncrementAmount,
  kUnaskedHoldChange,
  kWrongCaptureAmount,
  kHoldExpiredBeforeCapture,
  kCaptureRefused,
  kVoidRefused,
  kPricesDiffer,
  kVoidAfterEnd,
  kRefundRefused,
};
BOOST_DESCRIBE_ENUM(CaseKind, kWrongHoldAmount, kWrongIncrementAmount, kUnaskedHoldChange, kWrongCaptureAmount,
                    kHoldExpiredBeforeCapture, kCaptureRefused, kVoidRefused, kPricesDiffer, kVoidAfterEnd,
                    kRefundRefused)

constexpr std::string_view text_of(CaseKind kind) {
  switch (kind) {
    case CaseKind::kWrongHoldAmount:
      return "the provider held another amount than it was asked to";
    case CaseKind::kWrongIncrementAmount:
      return "a hold grew to another amount than the provider was asked for";
    case CaseKind::kUnaskedHoldChange:
      return "the provider did something with a hold that nobody asked for";
    case CaseKind::kWrongCaptureAmount:
      return "the provider captured less than it was asked to";
    case CaseKind::kHoldExpiredBeforeCapture:
      return "the hold had expired before the capture";
    case CaseKind::kCaptureRefused:
      return "the capture was refused";
    case CaseKind::kVoidRefused:
      return "the provider would not let a hold go";
    case CaseKind::kPricesDiffer:
      return "a charge ended twice with different prices";
    case CaseKind::kVoidAfterEnd:
      return "a hold was to be let go after its charge had ended";
    case CaseKind::kRefundRefused:
      return "a refund that was approved was refused by the provider";
  }
  return "";
}

}  // namespace evc::payment
