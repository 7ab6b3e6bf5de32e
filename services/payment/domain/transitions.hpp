// The payment's state machine. Each function takes the payment as it is, something that happened, and gives everything
// that follows: the payment as it is then, ledger transfers, facts to publish, steps to take at the provider, and cases
// for people. Pure; the caller writes all of it in one transaction. What comes twice or late changes nothing; an
// outcome that is not known stays unknown.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "services/payment/domain/cases.hpp"
#include "services/payment/domain/ledger.hpp"
#include "services/payment/domain/payment.hpp"
#include "services/payment/domain/refund.hpp"

namespace evc::payment {

// What is known about a step after the provider was asked.
enum class Outcome {
  kNotYet,   // nothing happened so far, and it is worth asking again
  kUnknown,  // no answer
  kAuthorised,
  kDeclined,
  kCaptured,
  kVoided,
  kExpired,     // the provider let the hold go by itself
  kRefused,     // the provider will never do it
  kNeverHeard,  // the provider does not know the hold, long after it was asked for
  kRefunded,
};

struct Finding {
  Outcome outcome = Outcome::kUnknown;
  std::int64_t amount = 0;  // held or captured
  std::string provider_id;
  std::string reason;  // why it was declined, in the provider's words
  std::optional<WallTime> expires_at;
  std::int64_t number = 0;  // of the increment or refund that was asked for
};

struct Fact {
  std::string type;  // PaymentAuthorized …
  json::Object data;
};

struct Job {
  Step step = Step::kAuthorise;
  std::int64_t amount = 0;  // of a capture, an increment or a refund
};

struct Reaction {
  Payment payment;
  std::vector<Transfer> transfers;
  std::vector<Fact> facts;
  std::vector<Job> new_jobs;
  std::optional<Step> done;                // this step needs no more asking
  std::optional<CaseKind> reconciliation;  // what a person has to look at
  std::optional<Refund> refund;            // as it is then
};

// A new hold, written down before the provider is asked.
Reaction requested(Payment payment, WallTime now);
Reaction found(Payment payment, Step step, const Finding& finding, WallTime now);
// The charge is over and its price final; `receipt` is what the receipt says about it.
Reaction charge_ended(Payment payment, std::int64_t price, json::Object receipt, WallTime now);
// Somebody wants the hold let go; also before it is known whether there is one.
Reaction void_asked(Payment payment, VoidReason reason, WallTime now);
// The time of the hold is over, or the provider said so.
Reaction hold_expired(Payment payment, WallTime now);

// Nothing is held and nothing will be.
bool is_final(State state);

}  // namespace evc::payment
