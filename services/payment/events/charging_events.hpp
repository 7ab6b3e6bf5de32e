// What payment does when charging says that a session ended or failed: inside the inbox's transaction, so that the fact
// takes effect once. Money moves by a job that is written here and taken afterwards.
#pragma once

#include <map>
#include <string>

#include "kit/messaging/inbox.hpp"
#include "services/payment/flow/recorder.hpp"

namespace evc::payment {

class ChargingEvents {
 public:
  explicit ChargingEvents(Recorder& recorder) : recorder_(recorder) {}
  // ChargingSessionEnded → capture, or void when there is nothing to pay; ChargingSessionFailed → void.
  std::map<std::string, messaging::EventHandler> handlers();

 private:
  Task<Result<void>> ended(RequestContext& context, postgres::Transaction& transaction, const messaging::Event& event);
  Task<Result<void>> failed(RequestContext& context, postgres::Transaction& transaction, const messaging::Event& event);

  Recorder& recorder_;
};

}  // namespace evc::payment
