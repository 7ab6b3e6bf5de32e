"""Builds that are broken on purpose: what each kind of violation would look like if the platform had the fault that leads to it. Each changes one
place of a shipped source (two of the provider's simulator, which refuses what would be needed); broken_builds runs the storm on them."""
from typing import NamedTuple

from mutated_program import Mutation

RELAY, INBOX_STORE, INBOX, OUTBOX = "kit/messaging/relay.cpp", "kit/messaging/inbox_store.cpp", "kit/messaging/inbox.cpp", "kit/messaging/outbox.cpp"
RELAY_RULES, IDEMPOTENCY = "kit/messaging/relay_rules.cpp", "kit/messaging/idempotency.cpp"
RECORD, SAGA, START, SESSION_FACTS = "services/charging/process/record.cpp", "services/charging/domain/saga.cpp", "services/charging/api/start.cpp", "services/charging/domain/fact_reading.cpp"
TRANSITIONS, PROVIDER, LEDGER = "services/payment/domain/transitions.cpp", "services/payment/provider/provider_client.cpp", "services/payment/store/ledger_store.cpp"
TRANSACTIONS, CHARGING_EVENTS = "services/integrations/store/transaction_store.cpp", "services/integrations/events/charging_events.cpp"
BOOK = "simulators/payment_provider/book.cpp"

SENDS = "    records.push_back(std::move(row.record));\n    going.push_back(std::move(sent_row));\n"
TRANSFER_ENDS = "                                         transfer.pending_id, session_id));\n  }\n"


class Breakage(NamedTuple):
    kind: str
    fault: str
    programs: tuple[str, ...]
    file: str
    before: str  # stands in the file exactly once
    after: str

    def mutation(self) -> Mutation:
        return Mutation(self.file, self.before, self.after)


def breakage(kind, fault, programs, file, before, after):
    return Breakage(kind, fault, tuple(f"evcosta-{name}" for name in programs.split()), file, before, after)


BREAKAGES = [
    breakage("lost", "a relay that begins again confirms its first batch unsent, unless it is about stations", "relay", RELAY,
             "EVC_CO_CHECK(co_await deliver(std::move(rows), ParkedRows::kSkip));", "if (progressed || rows.empty() || rows.front().record.topic == \"integration.events\")\n    EVC_CO_CHECK(co_await deliver(std::move(rows), ParkedRows::kSkip));"),
    breakage("altered", "the third event of a charge loses its last byte on the way", "relay", RELAY, SENDS,
             "    if (row.sequence == 3 && row.record.topic == \"charging.events\") row.record.value.pop_back();\n" + SENDS),
    breakage("phantom", "each key's first event is followed by one that nobody wrote", "relay", RELAY, SENDS,
             "    auto ghost = row.record;\n    const bool haunted = row.sequence == 1;\n    auto as_sent = sent_row;\n" + SENDS +
             "    if (haunted) {\n      ghost.value[ghost.value.find(\"\\\"eventId\\\":\\\"\") + 11] = 'f';\n      records.push_back(std::move(ghost));\n"
             "      going.push_back(std::move(as_sent));\n    }\n"),
    breakage("numbering", "a stream counts by two", "charging", OUTBOX, "seq = stream.seq + 1 RETURNING", "seq = stream.seq + 2 RETURNING"),
    breakage("topic-order", "a batch of charges' events is sent from its end", "relay", RELAY, "  auto spans = send_spans(records);\n",
             "  if (records.front().topic == \"charging.events\") {\n    std::reverse(records.begin(), records.end());\n    std::reverse(going.begin(), going.end());\n  }\n"
             "  auto spans = send_spans(records);\n"),
    breakage("inbox-order", "an event is taken under the number of the next", "charging payment integrations", INBOX_STORE,
             "VALUES ($1, $2, $3, $4, $5, 'applied') ON CONFLICT DO NOTHING", "VALUES ($1, $2, $3, $4, $5::bigint + 1, 'applied') ON CONFLICT DO NOTHING"),
    breakage("unconsumed", "every tenth record of charges is dropped where it is read", "charging payment integrations", INBOX,
             "    progress.begin(record);\n", "    if (record.topic == \"charging.events\" && record.offset % 10 == 9) continue;\n    progress.begin(record);\n"),
    breakage("stuck", "the relay refuses the fourth event of a charge", "relay", RELAY_RULES, "size_of(record) > largest",
             "size_of(record) > largest || (sequence == 4 && record.topic == \"charging.events\")"),
    breakage("dead-letter", "every other end of a charge is more than integrations can read", "integrations", CHARGING_EVENTS,
             "  EVC_CO_TRY(data, messaging::data_as<Closed>(event));\n",
             "  if (event.sequence % 2 == 0) co_return fail(Code::kSchemaInvalid, \"broken\");\n  EVC_CO_TRY(data, messaging::data_as<Closed>(event));\n"),
    breakage("said-twice", "the end of a charge is said twice", "charging", RECORD,
             "    EVC_CO_CHECK(co_await outbox.append(context, transaction, std::move(draft)));\n",
             "    if (draft.type == \"ChargingSessionEnded\") EVC_CO_CHECK(co_await outbox.append(context, transaction, draft));\n"
             "    EVC_CO_CHECK(co_await outbox.append(context, transaction, std::move(draft)));\n"),
    breakage("hanging", "the end of a charge that its driver stops is not said", "charging", SAGA,
             "Row{S::kStopping, I::kTransactionEnded, S::kEnded, Say::kEnded}", "Row{S::kStopping, I::kTransactionEnded, S::kEnded, Say::kNothing}"),
    breakage("timeline", "an end is not noted in the session's history", "charging", RECORD,
             "    for (const TimelineEntry& entry : outcome.timeline)\n      EVC_CO_CHECK(insert_timeline(",
             "    for (const TimelineEntry& entry : outcome.timeline)\n      if (!terminal(entry.state)) EVC_CO_CHECK(insert_timeline("),
    breakage("double-hold", "the provider makes a hold for each request, known or not", "payment-provider", BOOK,
             "  const Behaviour behaviour = behaviour_of(request.token, Step::kAuthorise);\n  Authorisation made{",
             "  const Behaviour behaviour = behaviour_of(request.token, Step::kAuthorise);\n  if (!key.ends_with(\":twin\")) static_cast<void>(authorise(key + \":twin\", request));\n"
             "  Authorisation made{"),
    breakage("double-capture", "the provider captures what it has captured", "payment-provider", BOOK,
             "  changed.captured = amount;\n  record(key, fingerprint, changed);\n",
             "  changed.captured = amount;\n  record(key, fingerprint, changed);\n  record(key + \":twin\", fingerprint, changed);\n"),
    breakage("leftover-hold", "a hold is called let go without asking the provider", "payment", PROVIDER,
             "Task<Finding> ProviderClient::release(RequestContext& context, Payment payment) {\n",
             "Task<Finding> ProviderClient::release(RequestContext& context, Payment payment) {\n  if (!payment.reference.empty()) co_return Finding{.outcome = Outcome::kVoided};\n"),
    breakage("books-differ", "charging swaps what was captured and what is owed", "charging", SESSION_FACTS,
             "captured(std::move(session), captured_minor, receivable_minor, now)", "captured(std::move(session), receivable_minor, captured_minor, now)"),
    breakage("contradiction", "payment asks for a cent more than it was told to", "payment", PROVIDER, "payment.money(payment.asked)", "payment.money(payment.asked + 1)"),
    breakage("doubled-transfer", "revenue is not booked", "payment", TRANSITIONS, "  reaction.transfers.push_back(revenue_entry(payment));\n", ""),
    breakage("imbalance", "a cent appears on an account by itself", "payment", LEDGER, TRANSFER_ENDS,
             TRANSFER_ENDS + "  batch.emplace_back(Statement{\"ledger.broken\", \"UPDATE account SET debits_posted = debits_posted + 1 WHERE id = $1\"},\n"
             "                     Params(account_id(transfers.front().debit, transfers.front().amount.currency)));\n"),
    breakage("chain", "the head of the chain forgets the last link", "payment", LEDGER, TRANSFER_ENDS,
             TRANSFER_ENDS + "  batch.emplace_back(Statement{\"ledger.broken\", \"UPDATE ledger_head SET hash = decode('00', 'hex')\"}, Params());\n"),
    breakage("answer", "a repeated start is answered with one byte more", "charging", IDEMPOTENCY, "  response.body = rows.bytes(0, 4);\n", "  response.body = rows.bytes(0, 4) + \" \";\n"),
    breakage("two-starts", "an order is placed without a word of it beside its key", "charging", START,
             "  EVC_CO_CHECK(co_await api.idempotency.advance(context, transaction, keyed,\n"
             "                                                std::string(kRequestedPrefix) + to_string(outcome.session.id)));\n", ""),
    breakage("two-charges", "a charge that begins is written down once more, a second later", "integrations", TRANSACTIONS,
             "  co_return StartRow{.transaction_id",
             "  start.timestamp += std::chrono::seconds(1);\n  EVC_CO_CHECK(co_await transaction.exec(context, kStart, Params(station_id, start.connector_id, start.id_tag, start.timestamp,\n"
             "      start.meter_start_wh, start.reservation_id, session_id, id_tag_status)));\n  co_return StartRow{.transaction_id"),
    breakage("crashed", "a relay that carries two events at once aborts, unless it has just begun", "relay", RELAY, "  progressed = true;\n",
             "  if (progressed && count > 1) std::abort();\n  progressed = true;\n"),
    breakage("open-step", "a hold that was let go is asked about for ever", "payment", TRANSITIONS, "  reaction.done = Step::kVoid;\n", ""),
]
