// Charging's side of the payment service: hold an amount, ask what became of it. Whatever is not a clear answer is
// `unknown`, never a yes or a no.
#pragma once

#include <memory>
#include <string>

#include "kit/auth/service_token.hpp"
#include "kit/http/client.hpp"
#include "services/charging/domain/session.hpp"

namespace evc::charging {

class PaymentClient {
 public:
  PaymentClient(std::shared_ptr<http::Client> payment, std::shared_ptr<auth::ServiceTokens> tokens);
  // kHoldAuthorised, kHoldDeclined, kHoldFailed or kHoldUnknown. Safe to repeat: the key is <sessionId>:preauth.
  Task<Input> hold(RequestContext& context, Session session, json::Value payment_method);
  // The same, kNeverHeld when payment has no such reference, kReleased or kHoldExpired when it was let go.
  Task<Input> ask(RequestContext& context, std::string reference);
  // More for the session's open increment. Safe to repeat: the key is <sessionId>:increment:<number>.
  Task<IncrementAnswer> increment(RequestContext& context, Session session);

 private:
  std::shared_ptr<http::Client> payment_;
  std::shared_ptr<auth::ServiceTokens> tokens_;
};

}  // namespace evc::charging
