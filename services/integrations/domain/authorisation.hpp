// May this tag charge here? The answer of Authorize and of StartTransaction (OCPP 1.6 §7.2): a refusal is a status,
// never an error, because a station that gets an error repeats itself for ever or drops the bill.
#pragma once

#include <optional>
#include <string_view>

namespace evc::integrations {

struct TagHolder {
  std::string_view station_id;  // where the session was authorised
  bool is_closed = false;       // failed or ended meanwhile
  bool is_used = false;         // another transaction of the session exists
};

enum class TagStatus { kAccepted, kInvalid, kExpired, kConcurrentTx };
std::string_view text_of(TagStatus status);  // OCPP's word

// `holder` absent: nobody has this tag.
TagStatus authorise(const std::optional<TagHolder>& holder, std::string_view station_id);

}  // namespace evc::integrations
