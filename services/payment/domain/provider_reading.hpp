// What the provider's answers mean. Pure. An answer that is not understood is kUnknown: never a yes, never a no.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "services/payment/domain/transitions.hpp"

namespace evc::payment {

struct Reply {
  int status = 0;
  std::string body;
};

// What an answer to a step says. `body` is that of a 2xx.
Finding read_answer(Step step, std::string_view body);
// In the following nullopt as reply: no answer came.
Finding authorise_said(const std::optional<Reply>& reply);
// Of increment `number`. No answer: it is asked for again, under its key.
Finding increment_said(std::int64_t number, const std::optional<Reply>& reply);
// Of refund `number`. As for an increment: no answer is asked for again.
Finding refund_said(std::int64_t number, const std::optional<Reply>& reply);
// What the provider knows of the hold, as an answer to `step`: kNeverHeard when it knows none, kNotYet when the step
// has not happened.
Finding look_said(Step step, const std::optional<Reply>& reply);
// Of a capture or a void. nullopt: the answer leaves it open, the hold itself must be looked at.
std::optional<Finding> step_said(Step step, const std::optional<Reply>& reply);
// … and was `seen`.
Finding after_look(Step step, const std::optional<Reply>& reply, Finding seen);
// A hold that the provider does not know may still be on its way to it for a while after it was asked for.
Finding while_it_may_come(Finding finding, WallTime asked_at, std::chrono::milliseconds never_heard_after,
                          WallTime now);

}  // namespace evc::payment
