"""Healthy evidence of two small sessions, one captured and one let go, so that the checks can be tested without a platform."""
import hashlib

from evidence import Evidence

HOLD, PRICE = 5000, 1890
FAR = "2999-01-01T00:00:00Z"


def transfer(position: int, previous: str, kind: str, debit: str, credit: str, amount: int, pending: str | None, session: str) -> dict:
    row = {"id": f"t{position}", "kind": kind, "debit": debit, "credit": credit, "debit_id": debit, "credit_id": credit, "amount": amount, "currency": "BRL", "pending_id": pending,
           "session_id": session, "created_us": position, "position": position, "previous_hash": previous}
    fields = (position, row["id"], kind, debit, credit, amount, "BRL", pending or "-", session, position)
    return row | {"hash": hashlib.sha256(bytes.fromhex(previous) + "|".join(map(str, fields)).encode()).hexdigest()}


def ledger() -> list[dict]:
    rows: list[dict] = []
    for kind, debit, credit, amount, pending, session in (("pending", "provider", "payment:p1", HOLD, None, "s1"), ("post", "provider", "payment:p1", PRICE, "t1", "s1"),
                                                         ("single", "payment:p1", "revenue:charging", PRICE, None, "s1"), ("pending", "provider", "payment:p2", HOLD, None, "s2"),
                                                         ("void", "provider", "payment:p2", HOLD, "t4", "s2")):
        rows.append(transfer(len(rows) + 1, rows[-1]["hash"] if rows else "", kind, debit, credit, amount, pending, session))
    return rows


def events() -> tuple[list[dict], list[dict], list[dict]]:
    """Outbox, topic, inbox."""
    said = {("charging.events", "charging"): ["ChargingSessionRequested", "ChargingSessionAuthorized", "ChargingSessionEnded"], ("payment.events", "payment"): ["PaymentSimulated", "PaymentAuthorized"]}
    outbox, topic, inbox = [], [], []
    for (name, service), types in said.items():
        for session in ("s1", "s2"):
            for sequence, what in enumerate(types, start=1):
                event = {"event_id": f"{name}/{session}/{sequence}", "topic": name, "key": session}
                outbox.append({"service": service, "pos": len(outbox), **event, "seq": sequence, "subject": session, "sha": what, "type": what})
                topic.append({**event, "partition": 0, "offset": len(topic), "type": what, "sha": what})
                for group in ("payment", "integrations") if service == "charging" else ("charging",):
                    inbox.append({"service": group, "consumer": group, **event, "sequence": sequence, "status": "applied", "at": float(len(outbox))})
    return outbox, [*topic, {**topic[-1], "offset": len(topic)}], inbox  # the relay may write one again


def healthy() -> Evidence:
    outbox, topic, inbox = events()
    transfers = ledger()
    session = {"reference": "r1", "state": "CAPTURED", "hold_minor": HOLD, "cost_minor": PRICE, "captured_minor": PRICE, "receivable_minor": 0, "energy_wh": 10_000, "failure": None,
               "stop_reason": "driver", "trace_id": "0" * 32, "created_at": 1.0, "updated_at": 9.0}
    payment = {"puid": "p1.x", "token": "approved", "asked": HOLD, "held": HOLD, "receivable": 0, "refunded": 0}
    hold = {"authorised": 1, "token": "approved", "amount": HOLD, "expires_at": FAR}
    account = {"currency": "BRL", "debits_pending": 0, "credits_pending": 0}
    answer = {"at": 1.0, "status": 201, "code": "", "replayed": False, "sha": "a", "phase": "first", "decided": True}
    return Evidence(
        outbox=outbox, topic=topic, inbox=inbox, waiting=[], dead_letters=[], rejected=[], jobs=[], charging_cases=[], payment_cases=[],
        sessions=[{"id": "s1", **session}, {"id": "s2", **session, "reference": "r2", "state": "VOIDED", "cost_minor": 0, "captured_minor": None, "receivable_minor": None}],
        timeline=[{"session_id": session_id, "version": version, "state": state, "at": float(version)}
                  for session_id, way in (("s1", "REQUESTED AUTHORISED CHARGING ENDED CAPTURED"), ("s2", "REQUESTED AUTHORISED VOIDING VOIDED"))
                  for version, state in enumerate(way.split(), start=1)],
        keys=[{"key": f"k{number}", "state": "finished", "status": 201, "recovery_point": f"requested:s{number}"} for number in (1, 2)],
        payments=[{"id": "p1", "reference": "r1", "session_id": "s1", **payment, "state": "captured", "captured": PRICE, "released": HOLD - PRICE, "price": PRICE, "receipt_total": PRICE},
                  {"id": "p2", "reference": "r2", "session_id": "s2", **payment, "state": "voided", "captured": 0, "released": HOLD, "price": None, "receipt_total": None}],
        transfers=transfers, head=[{"position": len(transfers), "hash": transfers[-1]["hash"]}],
        accounts=[{"code": "provider", **account, "debits_posted": PRICE, "credits_posted": 0}, {"code": "payment:p1", **account, "debits_posted": PRICE, "credits_posted": PRICE},
                  {"code": "payment:p2", **account, "debits_posted": 0, "credits_posted": 0}, {"code": "revenue:charging", **account, "debits_posted": 0, "credits_posted": PRICE}],
        ledger=[{"imbalance": 0, "broken_links": 0}],
        book=[{"id": "a1", "reference": "r1", **hold, "status": "captured", "captured": PRICE, "captures": 1, "voids": 0},
              {"id": "a2", "reference": "r2", **hold, "status": "voided", "captured": 0, "captures": 0, "voids": 1}],
        transactions=[{"transaction_id": 1, "session_id": "s1", "station_id": "x", "energy_wh": 10_000}],
        commands=[{"session_id": f"s{number}", "kind": "remoteStart", "state": "accepted"} for number in (1, 2)],
        exits=[{"process": "charging", "killed": 2, "codes": {"-1": 2, "69": 1}}],
        answers=[{**answer, "key": f"k{number}", "session": f"s{number}"} for number in (1, 2)])
