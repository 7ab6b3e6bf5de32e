"""The provider misbehaves in every way it can, in charges side by side: each has one end, nobody pays for nothing, and session, payment, receipt,
ledger and provider say the same. Beside them three charges above what their first hold covers: more is held, declined, or never answered."""
import concurrent.futures
import json
import random
import time
import uuid
from dataclasses import dataclass, field

import pytest
import requests
from person import TERMINAL
from provider_book import read_book

BILLED = {"CAPTURED", "RECEIVABLE"}
# Token → how its session may end. Of a seed anything that is an end.
MODES = {
    "approved": {"CAPTURED"}, "duplicate-webhook": {"CAPTURED"}, "webhook-first": {"CAPTURED"}, "out-of-order": {"CAPTURED"}, "refund-fails": {"CAPTURED"},
    "increment-declined": {"CAPTURED"}, "increment-silent": {"CAPTURED"}, "declined": {"FAILED"}, "silent": {"FAILED"}, "wrong-amount": {"FAILED"}, "no-such-card": {"FAILED"},
    "slow": {"VOIDED"}, "drop-after-effect": {"VOIDED"}, "error-after-effect": {"VOIDED"}, "flapping": {"FAILED", "VOIDED"},
    "expired-hold": {"EXPIRED", "RECEIVABLE"}, "capture-fails": {"RECEIVABLE"},
    **{f"seed:{number}": set(TERMINAL) for number in range(1, 13)},
}
# Token → why such a charge ends. A car with a battery of 449 kWh charges at 1.3 kWh a second; 60 kWh are held first.
GROWING = {"approved": "driver", "increment-declined": "incrementDeclined", "increment-silent": "incrementUnknown"}
LIMIT_KWH = 150
GROWN_KWH = 62
DRIVERS = 6
WITHIN_S = 150


@dataclass
class Charge:
    token: str
    expected: set
    growing: bool
    person: object
    station: dict
    connector: dict
    first_hold: int = 0
    stopped: bool = False
    session: dict = field(default_factory=dict)

    @property
    def stop_at_kwh(self) -> float:
        return 0.5 if not self.growing else GROWN_KWH if self.token == "approved" else 1e9


def give_large_battery(platform, charge: Charge) -> None:
    """To the next car at the connector, by the simulated fleet's own listener."""
    answer = requests.post(f"https://localhost:{platform.port('CHARGE_POINTS_PORT')}/stations/{charge.station['stationId']}/faults", timeout=10, verify=str(platform.ca_file),
                           cert=platform.certificate("platform-admin"), json={"fault": "largeBattery", "connectorId": charge.connector["connectorId"], "times": 10})
    assert answer.status_code == 202, answer.text


def start(platform, charge: Charge) -> None:
    if charge.growing:
        give_large_battery(platform, charge)
    answer = charge.person.start(charge.person.order(charge.station, charge.connector, charge.token, energyLimitKwh=LIMIT_KWH if charge.growing else 30))
    assert answer.status_code in (201, 202, 402, 502), f"{charge.token}: {answer.status_code} {answer.text}"
    if answer.status_code < 300:
        charge.first_hold = answer.json()["preauthorisation"]["amount"]["amount"]


def look(charges: list[Charge]) -> None:
    """Every session as its driver sees it; stations are used once each."""
    for person in {id(charge.person): charge.person for charge in charges}.values():
        sessions = {session["station"]["stationId"]: session for session in person.get("/charging/sessions", limit=200)["sessions"]}
        for charge in charges:
            if charge.person is person and charge.station["stationId"] in sessions:
                charge.session = sessions[charge.station["stationId"]]


def stop_what_has_charged(charges: list[Charge]) -> None:
    for charge in charges:
        if charge.session.get("state") == "CHARGING" and charge.session["energyKwh"] >= charge.stop_at_kwh and not charge.stopped:
            charge.stopped = charge.person.stop(charge.session["sessionId"], str(uuid.uuid5(uuid.NAMESPACE_OID, charge.session["sessionId"]))).status_code == 202


@pytest.fixture(scope="module")
def charges(platform, somebody) -> list[Charge]:
    """All of them, when they are over."""
    people = [somebody() for _ in range(DRIVERS)]
    stations = people[0].get("/stations", near="-23.55,-46.63", connector="CCS2", available="true", limit=200)["stations"]
    free = [(station, connector) for station in stations if station["status"] == "online"
            for connector in [next((c for c in station["connectors"] if c["status"] == "available" and c["type"] == "CCS2"), None)] if connector]
    wanted = [(token, MODES[token], True) for token in GROWING] + [(token, ends, False) for token, ends in MODES.items()]
    assert len(free) >= len(wanted), f"{len(free)} stations are free, {len(wanted)} are needed"
    random.shuffle(free)
    all_charges = [Charge(token, ends, growing, people[number % DRIVERS], *free[number]) for number, (token, ends, growing) in enumerate(wanted)]
    with concurrent.futures.ThreadPoolExecutor(max_workers=12) as pool:
        starts = [pool.submit(start, platform, charge) for charge in all_charges]
        deadline = time.monotonic() + WITHIN_S
        while not all(charge.session.get("state") in TERMINAL for charge in all_charges):
            left = [(charge.token, charge.session.get("state")) for charge in all_charges if charge.session.get("state") not in TERMINAL]
            assert time.monotonic() < deadline, f"not over within {WITHIN_S} s: {left}"
            look(all_charges)
            stop_what_has_charged(all_charges)
            time.sleep(0.7)
        for one in starts:
            one.result()
    return all_charges


@pytest.fixture(scope="module")
def payments(charges) -> dict[str, dict]:
    """By session."""
    found = {}
    for person in {id(charge.person): charge.person for charge in charges}.values():
        found |= {payment["sessionId"]: payment for payment in person.get("/payments", limit=200)["payments"]}
    return found


def amount(money: dict | None) -> int:
    return money["amount"] if money else 0


@pytest.mark.timeout(300)
def test_every_mode_has_exactly_one_end(charges):
    assert len(charges) >= 12 + len(GROWING)
    for charge in charges:
        session = charge.person.session(charge.session["sessionId"])
        assert session["state"] in charge.expected, (charge.token, session["state"], session["timeline"])
        ends = [entry["state"] for entry in session["timeline"] if entry["state"] in TERMINAL]
        assert ends == [session["state"]], (charge.token, session["timeline"])


def test_nobody_pays_for_nothing_and_all_say_the_same(charges, payments, platform, eventually):
    def book():
        holds = {hold["reference"]: hold for hold in read_book(platform.run_dir / "data/payment-provider.jsonl")}
        mine = [holds[charge.session["preauthorisation"]["reference"]] for charge in charges if charge.session["preauthorisation"]["reference"] in holds]
        now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        return None if any(hold["status"] == "authorised" and hold["expires_at"] > now for hold in mine) else holds
    # What nobody waits for (a hold of another amount) is let go a moment later.
    holds = eventually(book, 30, every_s=0.5, what="the provider letting every hold go")
    for charge in charges:
        session, payment = charge.session, payments.get(charge.session["sessionId"])
        hold = holds.get(session["preauthorisation"]["reference"])
        told = {"session": amount(session.get("captured")), "payment": amount(payment and payment["captured"]), "provider": hold["captured"] if hold else 0}
        assert len(set(told.values())) == 1, (charge.token, told)
        if session["state"] not in BILLED:
            assert told["session"] == 0 and amount(session["cost"]) == 0, (charge.token, session)
            continue
        price = {"session": amount(session["cost"]), "captured + receivable": amount(session["captured"]) + amount(session["receivable"]),
                 "payment": amount(payment["captured"]) + amount(payment["receivable"]), "receipt": amount(payment["receipt"]["total"])}
        assert len(set(price.values())) == 1, (charge.token, price)
        assert session["energyKwh"] > 0 and price["session"] > 0, (charge.token, session)
        assert amount(payment["captured"]) + amount(payment["released"]) == amount(payment["held"]), (charge.token, payment)
    done = platform.evcosta("ledger", "verify", timeout=60)
    assert done.returncode == 0, done.stdout


def test_a_hold_grows_within_the_limit_or_the_charge_stops_before_it_passes_it(charges, payments):
    for charge in (one for one in charges if one.growing):
        session = charge.person.session(charge.session["sessionId"])
        stopping = next(entry for entry in session["timeline"] if entry["state"] == "STOPPING")
        assert stopping["reason"] == GROWING[charge.token], (charge.token, session["timeline"])
        held, cost = amount(payments[session["sessionId"]]["held"]), amount(session["cost"])
        assert amount(session["preauthorisation"]["amount"]) == held <= amount(session["preauthorisation"]["limit"])
        assert cost <= held, (charge.token, cost, held)
        assert amount(session.get("receivable")) == 0
        if charge.token == "approved":
            assert cost > charge.first_hold, "the charge went on beyond its first hold"
        else:
            assert held == charge.first_hold, charge.token


def test_the_steps_of_a_seed_are_the_same_again(platform):
    """The journal keeps the token of each hold, so a mixture that was drawn can be asked for again."""
    with open(platform.run_dir / "data/payment-provider.jsonl", encoding="utf-8") as journal:
        tokens = {json.loads(line)["authorisation"]["token"] for line in journal}
    assert {"seed:1", "seed:12"} & tokens
