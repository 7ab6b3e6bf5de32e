"""Breaks evidence on purpose, once for each kind of violation, and demands that the checks find it. A check that finds nothing is worth nothing."""
from collections import defaultdict
from collections.abc import Callable

from check_events import ONCE_A_SESSION, check_events
from check_money import check_money
from check_sessions import check_sessions
from evidence import Evidence
from violation import KINDS, Violation


def check_all(evidence: Evidence) -> list[Violation]:
    return [*check_events(evidence), *check_sessions(evidence), *check_money(evidence)]


def with_row(evidence: Evidence, table: str, wanted: Callable[[dict], object], **changes) -> Evidence:
    """One row of a table changed: the first that is wanted."""
    rows = list(evidence[table])
    place = next(place for place, row in enumerate(rows) if wanted(row))
    rows[place] = {**rows[place], **changes}
    return evidence.changed(table, rows)


def without_row(evidence: Evidence, table: str, wanted: Callable[[dict], object]) -> Evidence:
    rows = list(evidence[table])
    rows.pop(next(place for place, row in enumerate(rows) if wanted(row)))
    return evidence.changed(table, rows)


def and_row(evidence: Evidence, table: str, **row) -> Evidence:
    return evidence.changed(table, [*evidence[table], row])


def row_again(evidence: Evidence, table: str, wanted: Callable[[dict], object], **changes) -> Evidence:
    row = next(row for row in evidence[table] if wanted(row))
    return and_row(evidence, table, **{**row, **changes})


def neighbours(rows: list[dict], stream: Callable[[dict], object], order: Callable[[dict], object], different: str) -> tuple[dict, dict]:
    """Two rows of one stream that follow each other and differ in a column."""
    last: dict = {}
    for row in sorted(rows, key=order):
        before = last.get(stream(row))
        if before and before[different] != row[different]:
            return before, row
        last[stream(row)] = row
    raise LookupError("no stream has two rows")


def swapped_records(evidence: Evidence) -> Evidence:
    """Two records of a key in the other order, their repetitions left out."""
    first, second = neighbours(evidence["topic"], lambda row: (row["topic"], row["key"]), lambda row: (row["topic"], row["partition"], row["offset"]), "event_id")
    events = first["event_id"], second["event_id"]
    rows = [row for row in evidence["topic"] if row["event_id"] not in events]
    return evidence.changed("topic", [*rows, {**first, "offset": second["offset"]}, {**second, "offset": first["offset"]}])


def swapped_effects(evidence: Evidence) -> Evidence:
    first, second = neighbours(evidence["inbox"], lambda row: (row["consumer"], row["topic"], row["key"]), lambda row: row["sequence"], "at")
    rows = [row for row in evidence["inbox"] if row is not first and row is not second]
    return evidence.changed("inbox", [*rows, {**first, "at": second["at"]}, {**second, "at": first["at"]}])


def other_answer(evidence: Evidence) -> Evidence:
    return row_again(evidence, "answers", lambda row: row["decided"] and row["status"] == 201, sha="0" * 64, phase="planted")


def second_key(evidence: Evidence) -> Evidence:
    return row_again(evidence, "keys", lambda _: True, key="planted")


def settled(row: dict) -> bool:
    return row["state"] == "CAPTURED"


def captured_hold(row: dict) -> bool:
    return row["status"] == "captured"


def followed(evidence: Evidence) -> Evidence:
    """A row in the middle of a key, so that its absence is a gap."""
    counts = defaultdict(int)
    for row in evidence["outbox"]:
        counts[row["topic"], row["key"]] += 1
    return without_row(evidence, "outbox", lambda row: row["seq"] == 1 and counts[row["topic"], row["key"]] > 1)


PLANTS: dict[str, list[tuple[str, Callable[[Evidence], Evidence]]]] = {
    "lost": [("an event that never reached its topic", lambda e: e.changed("topic", [row for row in e["topic"] if row["event_id"] != e["topic"][0]["event_id"]]))],
    "altered": [("a byte of a record", lambda e: with_row(e, "outbox", lambda _: True, sha="0" * 64))],
    "phantom": [("a record of a transaction that was rolled back", lambda e: row_again(e, "topic", lambda _: True, event_id="planted", offset=1 << 40))],
    "numbering": [("a number that was never given", followed)],
    "topic-order": [("two records of a key swapped", swapped_records)],
    "inbox-order": [("two effects of a key swapped", swapped_effects),
                    ("a sequence applied by two events", lambda e: row_again(e, "inbox", lambda _: True, event_id="planted"))],
    "unconsumed": [("an event that a consumer skipped", lambda e: without_row(e, "inbox", lambda row: row["status"] == "applied"))],
    "stuck": [("an event parked for ever", lambda e: and_row(e, "waiting", service="charging", consumer="charging", topic="payment.events", key="planted", sequence=7,
                                                              event_id="planted", subject="planted", reason="gap")),
              ("a row that the broker refused", lambda e: and_row(e, "rejected", service="charging", topic="charging.events", key="planted", seq=1, event_id="planted", reason="size"))],
    "dead-letter": [("a dead letter", lambda e: and_row(e, "dead_letters", service="payment", consumer="payment", event_id="planted", topic="charging.events", subject="planted",
                                                       type="ChargingSessionEnded", error_code="internal", error_detail="planted", state="dead"))],
    "said-twice": [("a fact said by two events", lambda e: row_again(e, "outbox", lambda row: row["type"] in ONCE_A_SESSION, event_id="planted", seq=1 << 20))],
    "hanging": [("a session that nobody ends", lambda e: with_row(e, "sessions", settled, state="CAPTURING"))],
    "timeline": [("a session with two ends", lambda e: row_again(e, "timeline", lambda row: row["state"] == "CAPTURED", version=1 << 20))],
    "double-hold": [("a second hold for a session", lambda e: row_again(e, "book", captured_hold, id="planted"))],
    "double-capture": [("a second capture", lambda e: with_row(e, "book", captured_hold, captures=2))],
    "leftover-hold": [("a hold that stays", lambda e: with_row(e, "book", captured_hold, status="authorised", expires_at="2999-01-01T00:00:00Z"))],
    "books-differ": [("the provider took one cent more", lambda e: with_row(e, "book", captured_hold, captured=next(filter(captured_hold, e["book"]))["captured"] + 1)),
                     ("a receipt over another amount", lambda e: with_row(e, "payments", lambda row: row["session_id"] in {one["id"] for one in e["sessions"] if settled(one)}, receipt_total=1)),
                     ("energy that nobody owes", lambda e: with_row(e, "sessions", settled, state="VOIDED", captured_minor=None, receivable_minor=None)),
                     ("a release that is not booked", lambda e: with_row(e, "payments", lambda row: row["state"] == "captured", released=-1)),
                     ("a price that nobody paid", lambda e: with_row(e, "sessions", settled, receivable_minor=1))],
    "contradiction": [("a fact that contradicts its session", lambda e: and_row(e, "charging_cases", session_id=e["sessions"][0]["id"], what="captured partly in state EXPIRED"))],
    "doubled-transfer": [("a transfer a second time", lambda e: row_again(e, "transfers", lambda row: row["kind"] == "post", id="planted", position=1 << 40)),
                         ("a transfer that is missing", lambda e: without_row(e, "transfers", lambda row: row["kind"] == "single"))],
    "imbalance": [("a balance changed by one cent", lambda e: with_row(e, "accounts", lambda _: True, debits_posted=e["accounts"][0]["debits_posted"] + 1)),
                  ("a reservation that nobody resolves", lambda e: without_row(e, "transfers", lambda row: row["kind"] in ("post", "void"))),
                  ("ledger_imbalance() is not 0", lambda e: e.changed("ledger", [{"imbalance": 1, "broken_links": 0}]))],
    "chain": [("an amount changed afterwards", lambda e: with_row(e, "transfers", lambda _: True, amount=e["transfers"][0]["amount"] + 1)),
              ("the last transfer cut off", lambda e: e.changed("transfers", e["transfers"][:-1])),
              ("ledger_broken_links() is not 0", lambda e: e.changed("ledger", [{"imbalance": 0, "broken_links": 1}]))],
    "answer": [("another answer to the same key", other_answer)],
    "two-starts": [("a second key for a session", second_key), ("a session that no key stands for", lambda e: without_row(e, "keys", lambda _: True))],
    "two-charges": [("a second transaction of a session", lambda e: row_again(e, "transactions", lambda row: row["session_id"], transaction_id=1 << 30))],
    "crashed": [("a service that died of a signal of its own", lambda e: and_row(e, "exits", process="planted", killed=2, codes={"-1": 3})),
                ("a service that ended with an error", lambda e: and_row(e, "exits", process="planted", killed=0, codes={"1": 1}))],
    "open-step": [("a step that nobody takes", lambda e: and_row(e, "jobs", payment_id="planted", step="void", attempts=9))],
}


def not_found(evidence: Evidence) -> list[str]:
    """What was planted and not found as a new violation of its kind. The evidence itself may hold violations."""
    missing = [f"{kind}: nothing is planted" for kind in KINDS if kind not in PLANTS]
    before = set(check_all(evidence))
    for kind, plants in PLANTS.items():
        for what, plant in plants:
            try:
                found = set(check_all(plant(evidence))) - before
            except (LookupError, StopIteration):
                missing.append(f"{kind}: {what}: the evidence has nothing to plant it into")
                continue
            if not any(violation.kind == kind for violation in found):
                missing.append(f"{kind}: {what}: not found")
    return missing


def count() -> int:
    return sum(map(len, PLANTS.values()))
