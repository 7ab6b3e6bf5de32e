"""Mutants of the shipped rules: (name, file, what stands there once, what stands there instead). Mutants of the protocol around them are the
switches of protocol_switches.hpp."""

SAGA = "services/charging/domain/saga.cpp"
SESSION = "services/charging/domain/session.cpp"
FACTS = "services/charging/domain/fact_reading.cpp"
ANSWERS = "services/charging/domain/payment_answers.cpp"
PAYMENT = "services/payment/domain/transitions.cpp"
PROVIDER = "services/payment/domain/provider_reading.cpp"
INCREMENTS = "services/payment/domain/increments.cpp"
ENTRIES = "services/payment/domain/entries.cpp"
LEDGER = "services/payment/domain/ledger.cpp"
COMMANDS = "services/integrations/domain/command_plan.cpp"
INBOX = "kit/messaging/inbox_rules.cpp"
RELAY = "kit/messaging/relay_rules.cpp"
PROGRESS = "kit/messaging/partition_progress.cpp"
BREAKER = "kit/resilience/circuit_breaker.cpp"
RETRY = "kit/resilience/retry.cpp"

MUTATIONS = [
    ("forget the hold when the station refuses", SAGA, "Row{S::kAuthorised, I::kStartRefused, S::kVoiding, Say::kFailedWithHold}", "Row{S::kAuthorised, I::kStartRefused, S::kVoiding, Say::kFailed}"),
    ("an unknown outcome is a no", SAGA, "Row{S::kRequested, I::kHoldUnknown, S::kPreauthUnknown, Say::kNothing}", "Row{S::kRequested, I::kHoldUnknown, S::kFailed, Say::kFailed}"),
    ("an unknown outcome becomes a start", SAGA, "Row{S::kPreauthUnknown, I::kHoldAuthorised, S::kVoiding, Say::kFailedWithHold}", "Row{S::kPreauthUnknown, I::kHoldAuthorised, S::kAuthorised, Say::kAuthorized}"),
    ("the deadline of a request forgets its hold", SAGA, "Row{S::kRequested, I::kDeadline, S::kVoiding, Say::kFailedWithHold}", "Row{S::kRequested, I::kDeadline, S::kFailed, Say::kFailed}"),
    ("a stop lets the hold go before the station has spoken", SAGA, "Row{S::kAuthorised, I::kStopRequested, S::kCancelling, Say::kStopRequested}", "Row{S::kAuthorised, I::kStopRequested, S::kVoiding, Say::kFailedWithHold}"),
    ("a late start is not heard", SAGA, "Row{S::kVoiding, I::kTransactionStarted, S::kLateStarted, Say::kStartedToStop}", "Row{S::kVoiding, I::kTransactionStarted, S::kVoiding, Say::kNothing}"),
    ("a start after the void is not heard", SAGA, "Row{S::kVoided, I::kTransactionStarted, S::kLateStarted, Say::kStartedToStop}", "Row{S::kVoided, I::kTransactionStarted, S::kVoided, Say::kNothing}"),
    ("what is owed counts as captured", SAGA, "Row{S::kEnded, I::kCapturedPartly, S::kReceivable, Say::kNothing}", "Row{S::kEnded, I::kCapturedPartly, S::kCaptured, Say::kNothing}"),
    ("a declined hold stays in VOIDING", SAGA, "Row{S::kVoiding, I::kHoldDeclined, S::kFailed, Say::kNothing}", "Row{S::kVoiding, I::kHoldDeclined, S::kVoiding, Say::kNothing}"),
    ("the end of a charge is not said", SAGA, "Row{S::kCharging, I::kTransactionEnded, S::kEnded, Say::kEnded}", "Row{S::kCharging, I::kTransactionEnded, S::kEnded, Say::kNothing}"),
    ("an expired hold while it is charged is a contradiction", SAGA, "    Row{S::kCharging, I::kHoldExpired, S::kStopping, Say::kStopRequested},\n", ""),
    ("a release ends a session that has a price", SESSION, "billed ? Input::kHoldGone : input", "input"),
    ("nothing delivered and nothing held: waits for a word", SESSION, "if (running && changed.hold_gone && changed.cost_minor == 0 &&", "if (false && running &&"),
    ("readings add up", SESSION, "  session.energy_wh = energy_wh;\n", "  session.energy_wh += reading.meter_wh - session.meter_start_wh;\n"),
    ("charging keeps no receivable", SESSION, "outcome.session.receivable_minor = receivable_minor;", "outcome.session.receivable_minor = 0;"),
    ("capture more than is held", PAYMENT, "{Step::kCapture, std::min(price, reaction.payment.held)}", "{Step::kCapture, price}"),
    ("capture 0 instead of a void", PAYMENT, "  if (price == 0) return begin_void(reaction, VoidReason::kNothingDelivered, now);\n", ""),
    ("the rest of a price is forgotten", PAYMENT, "payment.receivable = price - captured;", "payment.receivable = 0;"),
    ("an unknown capture is a no", PAYMENT, "if (reaction.payment.state == State::kCapturing) say_unknown(reaction, Step::kCapture, wanted, now);", "if (reaction.payment.state == State::kCapturing) settle(reaction, 0, true, now);"),
    ("a void that is asked for too early is forgotten", PAYMENT, "      reaction.payment.void_reason = VoidReason::kLateAuthorisation;\n", ""),
    ("a void loses the price", PAYMENT, "reaction.payment.void_reason.value_or(VoidReason::kRequested), now);\n  }\n  owe_what_is_billed(reaction, now);", "reaction.payment.void_reason.value_or(VoidReason::kRequested), now);\n  }"),
    ("what was released before is forgotten", PAYMENT, "payment.released += released;", "payment.released = released;"),
    ("a hold is not booked", PAYMENT, "  reaction.transfers.push_back(hold_entry(payment));\n", ""),
    ("the revenue is what was captured", ENTRIES, "kRevenue, payment.price.value_or(0))", "kRevenue, payment.captured)"),
    ("every hold is posted whole", ENTRIES, "  left -= taken;\n", ""),
    ("an increment is not booked", INCREMENTS, "  reaction.transfers.push_back(increment_entry(payment, increment));\n", ""),
    ("what is found out late decides the next increment", INCREMENTS, "  if (finding.number != increment->number) return reaction;\n", ""),
    ("an open increment outlives its hold", PAYMENT, "  drop_open_increment(reaction.payment);\n  move_to(reaction, State::kCapturing, now);\n", "  move_to(reaction, State::kCapturing, now);\n"),
    ("an increment of which nobody knows is a yes", SESSION, "    changed.increment.state = IncrementState::kUnknown;\n", "    changed.hold_minor += changed.increment.amount_minor;\n    changed.increment.state = IncrementState::kUnknown;\n"),
    ("a fact about an increment is one about the hold", FACTS, "  if (const auto number = integer_if_any(data, \"increment\"))\n    return increment_said(std::move(session), event_type, *number, data, now);\n", ""),
    ("a step that is done is asked for ever", PAYMENT, "  reaction.done = Step::kVoid;\n", ""),
    ("a hold on its way is given up at once", PROVIDER, "now - asked_at < never_heard_after", "now < asked_at"),
    ("any error of the provider is a refusal", PROVIDER, "const bool never = refused(reply) && reply->status != 409;", "const bool never = reply.has_value();"),
    ("no answer is a no", PROVIDER, "return {.outcome = never ? Outcome::kRefused : Outcome::kUnknown};", "return {.outcome = Outcome::kRefused};"),
    ("a pending transfer is resolved and stays", LEDGER, "    debit.debits_pending -= held.amount.amount;\n", ""),
    ("an expired hold is told as released", FACTS, "reason == \"holdExpired\" ? Input::kHoldExpired : Input::kReleased", "Input::kReleased"),
    ("captured and receivable are swapped", FACTS, "captured(std::move(session), captured_minor, receivable_minor, now)", "captured(std::move(session), receivable_minor, captured_minor, now)"),
    ("a hold that payment never had stays unknown", ANSWERS, "  if (code == \"payment-not-found\") return Input::kNeverHeld;\n", ""),
    ("what is no answer is a refusal", ANSWERS, "return answers ? input : Input::kHoldUnknown;", "return answers ? input : Input::kHoldDeclined;"),
    ("a repeated start that is refused is believed", COMMANDS, "return is_doubtful ? AfterAnswer::kUnconfirmed : AfterAnswer::kFinish;", "return AfterAnswer::kFinish;"),
    ("a gap of one is none", INBOX, "sequence > *standing.last + 1", "sequence > *standing.last + 2"),
    ("an early event has its turn", INBOX, ".turn = Turn::kEarly", ".turn = Turn::kNow"),
    ("nothing waits behind a dead letter", INBOX, "standing.subject_parked ? Turn::kBehindDeadLetter : Turn::kNow", "Turn::kNow"),
    ("the offset of the newest record that is done", PROGRESS, "partition.open.empty() ? partition.highest : *partition.open.begin() - 1", "partition.highest"),
    ("a parked key goes on", RELAY, "  if (parked_rows == ParkedRows::kSkip && waits(record, sequence, parked)) return RowFate::kSkip;\n", ""),
    ("other brokers are taken for the known ones", RELAY, "return !known.empty() && known != present;", "return false;"),
    ("a parked key's past is not sent again", RELAY, "return from != parked.end() && sequence >= from->second;", "return from != parked.end();"),
    ("the safe point forgets open transactions", RELAY, "const auto safe = awaited_->at - kLongestTransaction;", "const auto safe = awaited_->at;"),
    ("the safe point does not wait for the confirmation", RELAY, "if (!awaited_ || confirmed_lsn < awaited_->wal) return std::nullopt;", "if (!awaited_) return std::nullopt;"),
    ("any number of trials", BREAKER, "  if (trials_running_ + trials_good_ >= options_.trials) return false;\n", ""),
    ("never closes", BREAKER, "  state_ = State::kClosed;\n", ""),
    ("never tries again", BREAKER, "if (now - opened_at_ < options_.open_for) return false;", "if (opened_at_ <= now) return false;"),
    ("a cancelled trial keeps its place", BREAKER, "  --trials_running_;\n", "  if (outcome != Outcome::kNeutral) --trials_running_;\n"),
    ("one try more", RETRY, "if (next_try > options.tries) return std::nullopt;", "if (next_try > options.tries + 1) return std::nullopt;"),
]
