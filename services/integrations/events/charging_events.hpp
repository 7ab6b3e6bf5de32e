// What facts of charging mean for stations: an authorised session becomes a tag and a RemoteStart, a requested stop a
// RemoteStop, an end closes the tag. Each handler only writes rows in the inbox's transaction; the dispatcher does the
// asking. Lives on the first worker, as long as the inbox.
#pragma once

#include <functional>
#include <map>
#include <string>

#include "kit/messaging/inbox.hpp"

namespace evc::integrations {

class ChargingEvents {
 public:
  // `nudge`: a command is about to be committed.
  explicit ChargingEvents(std::function<void()> nudge) : nudge_(std::move(nudge)) {}
  std::map<std::string, messaging::EventHandler> handlers();

  Task<Result<void>> on_authorized(RequestContext& context, postgres::Transaction& transaction,
                                   const messaging::Event& event);
  Task<Result<void>> on_stop_requested(RequestContext& context, postgres::Transaction& transaction,
                                       const messaging::Event& event);
  Task<Result<void>> on_closed(RequestContext& context, postgres::Transaction& transaction,
                               const messaging::Event& event);

 private:
  std::function<void()> nudge_;
};

}  // namespace evc::integrations
