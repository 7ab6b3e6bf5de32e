"""What must be true of every session when the dust has settled, whatever was broken."""
import psycopg
from contract_check import StreamCheck
from person import TERMINAL
from streams import TOPICS, dead_letter_topics, first_occurrences, read_topics

TERMINAL_PAYMENTS = ("PaymentCaptured", "PaymentVoided", "PaymentDeclined", "PaymentFailed")


def assert_one_end(platform, eventually, person, session_id: str, within_s: float = 120) -> dict:
    """The session is in a terminal state, its money was captured or let go exactly once, and its events are there from the first to the last."""
    session = person.until_terminal(session_id, within_s)
    assert session["state"] in TERMINAL

    def ends():
        records = [record for record in first_occurrences(read_topics(platform, ("payment.events",)), key=session_id) if record.type in TERMINAL_PAYMENTS]
        return records or None
    found = eventually(ends, 60, every_s=1, what="the payment's end on payment.events")
    assert len(found) == 1, [record.type for record in found]
    expected = {"CAPTURED": "PaymentCaptured", "RECEIVABLE": "PaymentCaptured", "VOIDED": "PaymentVoided"}.get(session["state"])
    assert expected is None or found[0].type == expected, (session["state"], found[0].type)
    payment = person.payment(session_id)
    if session["state"] == "CAPTURED":
        assert payment["captured"] == session["cost"] == payment["receipt"]["total"]
    return session


def assert_streams_whole(platform) -> None:
    """Every record valid, no sequence with a gap, nothing in a dead-letter topic, the ledger in balance."""
    check = StreamCheck()
    for record in read_topics(platform, TOPICS):
        check.add(record.topic, record.key, record.headers, record.bytes)
    assert not check.problems, "\n".join(check.problems[:20])
    dead = [(record.topic, record.type, dict(record.headers).get("dlq-error-detail")) for record in read_topics(platform, dead_letter_topics())]
    assert not dead, dead
    assert_ledger_is_balanced(platform)


def assert_ledger_is_balanced(platform) -> None:
    """Per currency, what was debited is what was credited; and nothing hangs that no open payment explains."""
    with psycopg.connect(platform.postgres("payment", "payment", "payment")) as connection:
        rows = connection.execute("SELECT currency, sum(debits_posted), sum(credits_posted), sum(debits_pending), sum(credits_pending) FROM account GROUP BY currency").fetchall()
        open_payments = connection.execute("SELECT count(*) FROM payment WHERE state IN ('requested', 'unknown', 'authorised', 'capturing', 'voiding')").fetchone()[0]
    assert rows
    for currency, debits, credits, debits_pending, credits_pending in rows:
        assert debits == credits and debits_pending == credits_pending, (currency, debits, credits, debits_pending, credits_pending)
        assert open_payments or debits_pending == 0, f"{debits_pending} {currency} are held although no payment is open"
