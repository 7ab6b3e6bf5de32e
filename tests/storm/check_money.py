"""The provider's own book, payment's rows, the ledger and the sessions tell the same. The ledger is counted again from its transfers, not only by its own functions."""
import datetime
from collections import Counter

import ledger_check
from driver import TERMINAL
from evidence import Evidence
from violation import Found, Violation

# The storm's names for what ledger_check finds. Prices are compared above, with the provider's book beside them.
LEDGER_KINDS = {"balance": "imbalance", "pending": "imbalance", "account": "doubled-transfer", "chain": "chain"}
# Ends in which money was settled; the price of a session without one is nothing.
SETTLED = ("CAPTURED", "RECEIVABLE")
# What a person has to look at, and the card whose provider does such things.
EXPLAINED = {"the capture was refused": "capture-fails", "the provider held another amount than it was asked to": "wrong-amount",
             "the hold had expired before the capture": "expired-hold"}


def check_money(evidence: Evidence) -> Found:
    yield from holds(evidence)
    yield from prices(evidence)
    yield from releases(evidence)
    yield from cases(evidence)
    yield from ledger(evidence)
    for job in evidence["jobs"]:
        yield Violation("open-step", job["payment_id"], f"{job['step']} after {job['attempts']} attempts")


def holds(evidence: Evidence) -> Found:
    session_of = {session["reference"]: session for session in evidence["sessions"]}
    now = max((session["updated_at"] for session in evidence["sessions"]), default=0)
    references = Counter(hold["reference"] for hold in evidence["book"])
    payments = Counter(payment["session_id"] for payment in evidence["payments"])
    for session in evidence["sessions"]:
        if references[session["reference"]] > 1 or payments[session["id"]] > 1:
            yield Violation("double-hold", session["id"], f"{references[session['reference']]} holds at the provider, {payments[session['id']]} payments")
    for hold in evidence["book"]:
        session = session_of.get(hold["reference"])
        if session is None:
            yield Violation("double-hold", hold["reference"], f"hold {hold['id']} belongs to no session")
        if hold["authorised"] > 1 or hold["captures"] > 1 or hold["captures"] and hold["voids"]:
            yield Violation("double-capture", hold["reference"], f"hold {hold['id']}: {hold['authorised']} × authorised, {hold['captures']} × captured, {hold['voids']} × let go")
        expired = datetime.datetime.fromisoformat(hold["expires_at"]).timestamp() <= now
        if hold["status"] == "authorised" and not expired and (session is None or session["state"] in TERMINAL):
            yield Violation("leftover-hold", session["id"] if session else hold["reference"], f"{hold['amount']} stay held ({hold['token']}), session {session and session['state']}")


def prices(evidence: Evidence) -> Found:
    payment_of = {payment["session_id"]: payment for payment in evidence["payments"]}
    book = {hold["reference"]: hold for hold in evidence["book"]}
    for session in evidence["sessions"]:
        if session["state"] not in TERMINAL:
            continue
        payment, hold = payment_of.get(session["id"]), book.get(session["reference"])
        captured = hold["captured"] if hold else 0
        told = {"provider": captured, "payment": payment["captured"] if payment else 0, "session": session["captured_minor"] or 0}
        if len(set(told.values())) > 1:
            yield Violation("books-differ", session["id"], f"{session['state']}: captured by {told}")
        if session["state"] in SETTLED:
            price = {"session": session["cost_minor"], "captured + receivable": (session["captured_minor"] or 0) + (session["receivable_minor"] or 0)}
            if payment:
                price |= {"payment": payment["price"], "payment's captured + receivable": payment["captured"] + payment["receivable"], "receipt": payment["receipt_total"]}
            if len(set(price.values())) > 1 or not payment:
                yield Violation("books-differ", session["id"], f"{session['state']}: price by {price}")
        elif session["cost_minor"]:
            yield Violation("books-differ", session["id"], f"{session['state']}, and {session['cost_minor']} are neither paid nor owed there")
        elif payment and (payment["captured"] or payment["receivable"]):
            yield Violation("books-differ", session["id"], f"{session['state']}, but payment took {payment['captured']} and is owed {payment['receivable']}")


def releases(evidence: Evidence) -> Found:
    for payment in evidence["payments"]:
        if payment["state"] in ("captured", "voided", "expired") and payment["captured"] + payment["released"] != payment["held"]:
            yield Violation("books-differ", payment["session_id"], f"payment {payment['state']}: captured {payment['captured']}, released {payment['released']} of {payment['held']} held")


def cases(evidence: Evidence) -> Found:
    card = {payment["session_id"]: payment["token"] for payment in evidence["payments"]}
    for case in [*evidence["payment_cases"], *evidence["charging_cases"]]:
        if case["session_id"] not in card or EXPLAINED.get(case["what"]) != card[case["session_id"]]:
            yield Violation("contradiction", case["session_id"], f"{case['what']} ({card.get(case['session_id'])})")


def ledger(evidence: Evidence) -> Found:
    """Counted again from its rows, and what its own functions say of it."""
    rows = evidence["transfers"], evidence["payments"]
    for finding in (*ledger_check.balances(rows[0], evidence["accounts"]), *ledger_check.pendings(*rows), *ledger_check.accounts(*rows), *ledger_check.chain(rows[0], evidence["head"])):
        yield Violation(LEDGER_KINDS[finding.kind], finding.about, finding.text)
    for row in evidence["ledger"]:
        if row["imbalance"]:
            yield Violation("imbalance", "ledger_imbalance()", str(row["imbalance"]))
        if row["broken_links"]:
            yield Violation("chain", "ledger_broken_links()", str(row["broken_links"]))
