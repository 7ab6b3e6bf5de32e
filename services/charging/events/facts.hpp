// The facts that charging reads: payment.events and integration.events. Each handler runs in the inbox's transaction,
// locks the session, asks the domain, records the outcome.
#pragma once

#include <map>
#include <string>

#include "kit/messaging/inbox.hpp"
#include "services/charging/process/nudges.hpp"

namespace evc::charging {

// Lives as long as the inbox that uses its handlers.
class Facts {
 public:
  Facts(messaging::Outbox& outbox, Nudges& nudges) : outbox_(outbox), nudges_(nudges) {}
  std::map<std::string, messaging::EventHandler> handlers();

 private:
  Task<Result<void>> on_payment(RequestContext& context, postgres::Transaction& transaction,
                                const messaging::Event& event);
  Task<Result<void>> on_external(RequestContext& context, postgres::Transaction& transaction,
                                 const messaging::Event& event);
  Task<Result<void>> on_station(RequestContext& context, postgres::Transaction& transaction,
                                const messaging::Event& event);
  Task<Result<void>> on_session(RequestContext& context, postgres::Transaction& transaction,
                                const messaging::Event& event, Uuid session_id);

  messaging::Outbox& outbox_;
  Nudges& nudges_;
};

}  // namespace evc::charging
