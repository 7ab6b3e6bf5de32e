#include "services/integrations/domain/authorisation.hpp"

#include "kit/base/assert.hpp"

namespace evc::integrations {

std::string_view text_of(TagStatus status) {
  switch (status) {
    case TagStatus::kAccepted:
      return "Accepted";
    case TagStatus::kInvalid:
      return "Invalid";
    case TagStatus::kExpired:
      return "Expired";
    case TagStatus::kConcurrentTx:
      return "ConcurrentTx";
  }
  EVC_ASSERT(false);
  return {};
}

TagStatus authorise(const std::optional<TagHolder>& holder, std::string_view station_id) {
  if (!holder || holder->station_id != station_id) return TagStatus::kInvalid;
  if (holder->is_closed) return TagStatus::kExpired;
  return holder->is_used ? TagStatus::kConcurrentTx : TagStatus::kAccepted;
}

}  // namespace evc::integrations
