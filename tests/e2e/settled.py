"""What must be true of every session when the dust has settled, whatever was broken."""
import json
import time

import psycopg
from contract_check import StreamCheck
from person import TERMINAL
from streams import TOPICS, dead_letter_topics, first_occurrences, read_topics

PRODUCERS = ("charging", "payment", "integrations")
# Consumer group → its topics, as the services subscribe. A group's inbox is in the database of the same name.
CONSUMERS = {"charging": ("payment.events", "integration.events"), "payment": ("charging.events",), "integrations": ("charging.events",)}
# What concerns each of them; the rest they discard.
APPLIED = {"charging": {"PaymentAuthorized", "PaymentDeclined", "PaymentFailed", "PaymentUnknown", "PaymentCaptured", "PaymentVoided", "ExternalUpdate"},
           "payment": {"ChargingSessionEnded", "ChargingSessionFailed"},
           "integrations": {"ChargingSessionAuthorized", "ChargingSessionStopRequested", "ChargingSessionEnded", "ChargingSessionFailed"}}
TERMINAL_PAYMENTS = ("PaymentCaptured", "PaymentVoided", "PaymentDeclined", "PaymentFailed")


def assert_one_end(platform, eventually, person, session_id: str, within_s: float = 120) -> dict:
    """The session is in a terminal state, its money was captured or let go exactly once, and its events are there from the first to the last."""
    session = person.until_terminal(session_id, within_s)
    assert session["state"] in TERMINAL

    def ends():
        records = [record for record in first_occurrences(read_topics(platform, ("payment.events",)), key=session_id)
                   if record.type in TERMINAL_PAYMENTS and "increment" not in record.event["data"] and record.event["data"].get("step") != "refund"]
        return records or (session["state"] == "FAILED" and never_asked_for(platform, session_id)) or None
    found = eventually(ends, 60, every_s=1, what="the payment's end on payment.events")
    if found is True:  # payment was killed before it heard of the start, and may never hold for it now
        return session
    assert len(found) == 1, [record.type for record in found]
    expected = {"CAPTURED": "PaymentCaptured", "RECEIVABLE": "PaymentCaptured", "VOIDED": "PaymentVoided"}.get(session["state"])
    assert expected is None or found[0].type == expected, (session["state"], found[0].type)
    payment = person.payment(session_id)
    if session["state"] == "CAPTURED":
        assert payment["captured"] == session["cost"] == payment["receipt"]["total"]
    return session


def never_asked_for(platform, session_id: str) -> bool:
    """Payment knows the session only as one for which it must not hold any more."""
    with psycopg.connect(platform.postgres("payment", "payment", "payment")) as connection:
        return connection.execute("SELECT EXISTS (SELECT 1 FROM closed_reference WHERE reference = %(it)s) AND NOT EXISTS (SELECT 1 FROM payment WHERE reference = %(it)s)",
                                  {"it": f"pa-{session_id}"}).fetchone()[0]


def assert_ends(platform, sessions: list[dict]) -> None:
    """The same of many sessions at once, those that never got as far as the payment too: at most one hold and one end of it each, of the
    kind that the session says; what was taken and what is owed make the price; the provider holds nothing any more."""
    records = first_occurrences(read_topics(platform, ("payment.events",)))
    said: dict[str, list] = {}
    for record in records:
        if "increment" not in record.event["data"]:  # what became of a growing hold is no end of it
            said.setdefault(record.key, []).append(record)
    for session in sessions:
        about = f"{session['sessionId']} {session['state']} after {[record.type for record in said.get(session['sessionId'], [])]}"
        assert session["state"] in TERMINAL, about
        mine = {kind: [record for record in said.get(session["sessionId"], []) if record.type == kind] for kind in ("PaymentSimulated", "PaymentAuthorized", *TERMINAL_PAYMENTS)}
        assert all(len(found) <= 1 for found in mine.values()), about
        ends = [record for kind in TERMINAL_PAYMENTS for record in mine[kind]]
        expected = {"CAPTURED": "PaymentCaptured", "RECEIVABLE": "PaymentCaptured", "VOIDED": "PaymentVoided", "EXPIRED": "PaymentVoided"}.get(session["state"])
        assert expected is None or mine[expected], about
        # Only a session whose hold was never asked for has none; a price that came after the hold's end is owed on top of it.
        assert len(ends) == 1 or (session["state"] == "FAILED" and not any(mine.values())) or (session["state"] == "RECEIVABLE" and len(ends) == 2), about
        if expected == "PaymentCaptured":
            data = mine[expected][0].event["data"]
            assert data["price"] == session["cost"] and data["captured"] == session["captured"], about
            assert data["captured"]["amount"] + data["receivable"]["amount"] == session["cost"]["amount"], about
    held = held_at_provider(platform, {session["sessionId"] for session in sessions})
    assert not held, f"the provider still holds {held}"


def held_at_provider(platform, session_ids: set[str]) -> list[str]:
    """References of holds that nobody took or let go, by the provider's own journal; those whose time is over are none."""
    now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    last = {}
    for line in (platform.run_dir / "data/payment-provider.jsonl").read_text(encoding="utf-8").splitlines():
        authorisation = json.loads(line)["authorisation"]
        last[authorisation["reference"]] = authorisation
    return [reference for reference, hold in last.items() if reference.removeprefix("pa-") in session_ids and hold["status"] == "authorised" and hold["expiresAt"] > now]


def assert_streams_whole(platform, within_s: float = 60) -> None:
    """No event lost: every row of every outbox is a record of its topic and took effect at every consumer. Every record valid, no sequence
    with a gap, nothing in a dead-letter topic, the ledger in balance."""
    written = outboxes(platform)
    fates = consumed(platform, written, within_s)
    records = read_topics(platform, TOPICS)
    check = StreamCheck()
    for record in records:
        check.add(record.topic, record.key, record.headers, record.bytes)
    assert not check.problems, "\n".join(check.problems[:20])
    # First occurrences have no gap (above): what stands at the row's place in its stream is the row's event, or a wrong one.
    firsts = first_occurrences(records)
    places = {(record.topic, record.key, record.event["sequence"]): record.event["eventId"] for record in firsts}
    lost = {place: event_id for place, event_id in written.items() if places.get(place) != event_id}
    assert not lost, f"{len(lost)} rows of the outboxes have no record: {list(lost.items())[:10]}"
    for group, types in APPLIED.items():
        ignored = [(record.type, record.key) for record in firsts if record.type in types and fates[group].get(record.event["eventId"], "applied") != "applied"]
        assert not ignored, f"{group} did not apply {ignored[:10]}"
    dead = [(record.topic, record.type, dict(record.headers).get("dlq-error-detail")) for record in read_topics(platform, dead_letter_topics())]
    assert not dead, dead
    assert_ledger_is_balanced(platform)


def outboxes(platform) -> dict[tuple[str, str, int], str]:
    """(topic, key, sequence) → event id of everything that the services have committed to their outboxes for the three topics."""
    rows = {}
    for service in PRODUCERS:
        with psycopg.connect(platform.postgres(service, service, service)) as connection:
            for topic, key, sequence, event_id in connection.execute("SELECT topic, key, seq, event_id::text FROM outbox WHERE topic = ANY(%s)", [list(TOPICS)]):
                rows[topic, key, sequence] = event_id
    assert rows, "nothing was ever written"
    return rows


def consumed(platform, written: dict, within_s: float) -> dict[str, dict[str, str]]:
    """Group → event id → what became of it at that consumer, once it has had every event of its topics; none waits and none is dead."""
    deadline, fates = time.monotonic() + within_s, {}
    for group, topics in CONSUMERS.items():
        due = {event_id for (topic, _, _), event_id in written.items() if topic in topics}
        with psycopg.connect(platform.postgres(group, group, group), autocommit=True) as connection:
            while True:
                fates[group] = dict(connection.execute("SELECT event_id::text, status FROM inbox WHERE consumer = %s", [group]).fetchall())
                open_ones = [event_id for event_id in due if fates[group].get(event_id) not in ("applied", "discarded")]
                if not open_ones:
                    break
                assert time.monotonic() < deadline, f"{len(open_ones)} events had no effect at {group}: {[(one, fates[group].get(one)) for one in open_ones[:10]]}"
                time.sleep(0.2)
    return fates


def assert_ledger_is_balanced(platform) -> None:
    """Per currency, what was debited is what was credited; and nothing hangs that no open payment explains."""
    with psycopg.connect(platform.postgres("payment", "payment", "payment")) as connection:
        rows = connection.execute("SELECT currency, sum(debits_posted), sum(credits_posted), sum(debits_pending), sum(credits_pending) FROM account GROUP BY currency").fetchall()
        open_payments = connection.execute("SELECT count(*) FROM payment WHERE state IN ('requested', 'unknown', 'authorised', 'capturing', 'voiding')").fetchone()[0]
    assert rows
    for currency, debits, credits, debits_pending, credits_pending in rows:
        assert debits == credits and debits_pending == credits_pending, (currency, debits, credits, debits_pending, credits_pending)
        assert open_payments or debits_pending == 0, f"{debits_pending} {currency} are held although no payment is open"
