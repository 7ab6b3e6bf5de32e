"""Charges without pause, as drivers make them through the public port, while the platform is struck. Every answer to a start is kept: they are evidence.

Each loop has a driver and connectors of its own, so that loops meet only inside the platform."""
import hashlib
import json
import random
import threading
import time
import uuid
from collections import Counter

from driver import TERMINAL, StepFailed
from load_driver import PASSWORD, LoadDriver

# Card token → how often; services/payment/README.md says what each does. The honest one is the most frequent.
CARDS = {"approved": 60, "declined": 4, "slow": 3, "silent": 2, "drop-after-effect": 5, "error-after-effect": 5, "duplicate-webhook": 4, "webhook-first": 4,
         "out-of-order": 3, "wrong-amount": 2, "expired-hold": 2, "capture-fails": 2, "flapping": 4}
STARTED = (201, 202)
# A start is asked for this long with one key, a stop too: longer than anything is down.
PERSISTENT_S = 150
PATIENT_S = 120
AGAIN_S = 0.8


# A no for now, which is not kept under the key: a driver goes to another connector.
ELSEWHERE = ("station-offline", "connector-unavailable")


def decided(status: int, code: str) -> bool:
    """False: the same key may be answered otherwise later. (errors.yaml calls such codes retryable.)"""
    if code == "payment-failed":  # a 502, and final: the provider failed, the platform did not
        return True
    return status < 500 and status not in (401, 408, 425, 429) and code not in ("request-in-progress", *ELSEWHERE)


def code_of(content: bytes) -> str:
    return json.loads(content).get("code", "") if content.startswith(b"{") else ""


class Load:
    """What all loops share."""

    def __init__(self, seed: int, hold_s: float):
        self.seed, self.hold_s = seed, hold_s
        self.ending = threading.Event()
        self.lock = threading.Lock()
        self.answers: list[dict] = []
        self.errors: Counter = Counter()
        self.starts: dict[str, dict] = {}  # key → driver and order
        self.threads: list[threading.Thread] = []

    def run(self, drivers: list[LoadDriver], stations: int) -> None:
        share = stations // len(drivers)
        for number, driver in enumerate(drivers):
            connectors = [(f"LOAD-{number * share + place + 1:05}", connector) for connector in (1, 2) for place in range(share)]
            loop = Loop(self, driver, connectors, random.Random(f"{self.seed}/{number}"))
            self.threads.append(threading.Thread(target=loop.run, name=f"loop-{number}", daemon=True))
        for thread in self.threads:
            thread.start()

    def end(self, within_s: float) -> list[str]:
        """Begins no charge any more and waits for those that run; names of loops that did not come to their end."""
        self.ending.set()
        deadline = time.monotonic() + within_s
        for thread in self.threads:
            thread.join(max(0.1, deadline - time.monotonic()))
        return [thread.name for thread in self.threads if thread.is_alive()]

    def keep(self, key: str, status: int, headers, content: bytes, phase: str) -> dict:
        value = json.loads(content) if content.startswith(b"{") else {}
        entry = {"key": key, "at": time.time(), "status": status, "code": value.get("code", ""), "replayed": headers.get("Idempotency-Replayed") == "true",
                 "sha": hashlib.sha256(content).hexdigest(), "session": value.get("sessionId"), "phase": phase}
        entry["decided"] = decided(status, entry["code"])
        with self.lock:
            self.answers.append(entry)
        return entry

    def error(self, what: str) -> None:
        with self.lock:
            self.errors[what] += 1

    def ask_start(self, driver: LoadDriver, key: str, phase: str, within_s: float = PERSISTENT_S) -> dict | None:
        """Asks with one key until the platform has decided, or sends the driver elsewhere; None when neither was in time."""
        deadline = time.monotonic() + within_s
        while time.monotonic() < deadline:
            answer = exchange(self, driver, "POST", "/charging/start", self.starts[key]["order"], key)
            if answer:
                entry = self.keep(key, *answer, phase)
                if entry["decided"] or entry["code"] in ELSEWHERE:
                    return entry
                self.error(f"start {entry['status']} {entry['code']}")
            time.sleep(AGAIN_S)
        self.error("start given up")
        return None


def exchange(load: Load, driver: LoadDriver, method: str, path: str, body=None, key: str | None = None):
    """(status, headers, content); None when there was no answer. Signs in again when the token is over."""
    try:
        answer = driver.exchange(method, path, body, key)
        if answer[0] == 401:
            driver.login(driver.email, PASSWORD)
            return None
        return answer
    except StepFailed as failure:
        load.error(f"{path.rsplit('/', 1)[-1] if len(path) < 40 else path[:9]} {failure.__cause__.__class__.__name__}")
        return None


class Loop:
    """One driver who charges again and again."""

    def __init__(self, load: Load, driver: LoadDriver, connectors: list, chance: random.Random):
        self.load, self.driver, self.connectors, self.chance = load, driver, connectors, chance

    def run(self) -> None:
        turn = 0
        while not self.load.ending.is_set():
            try:
                self.charge(*self.connectors[turn % len(self.connectors)])
            except Exception as failure:  # a loop must not end quietly: the load would be less than the report says
                self.load.error(f"loop {failure!r}"[:120])
                time.sleep(0.5)
            turn += 1

    def charge(self, station: str, connector: int) -> None:
        chance = self.chance
        token = chance.choices(list(CARDS), list(CARDS.values()))[0]
        key = str(uuid.UUID(int=chance.getrandbits(128), version=4))
        order = {"stationId": station, "connectorId": connector, "energyLimitKwh": chance.choice((8, 30, 30)), "paymentMethod": {"type": "simulated-card", "token": token}}
        hold_s, at_once, again, by_itself = chance.uniform(0.3, 2 * self.load.hold_s), chance.random() < 0.2, chance.random() < 0.4, chance.random() < 0.15
        self.load.starts[key] = {"driver": self.driver, "order": order, "token": token}
        twin = threading.Thread(target=self.ask_beside, args=(key,)) if at_once else None
        if twin:
            twin.start()
        entry = self.load.ask_start(self.driver, key, "first")
        if twin:
            twin.join()
        if entry and again:
            self.load.ask_start(self.driver, key, "again")
        if not entry or entry["status"] not in STARTED:
            self.load.ending.wait(0.5)
            return
        if entry["status"] == 201:
            self.load.ending.wait(hold_s)
            if not by_itself or self.load.ending.is_set():
                self.stop(entry["session"])
        self.watch(entry["session"])

    def ask_beside(self, key: str) -> None:
        """The same start at the same moment over another connection."""
        other = self.driver.twin()
        self.load.ask_start(other, key, "beside")
        other.close()

    def stop(self, session: str) -> None:
        key, deadline = str(uuid.UUID(int=self.chance.getrandbits(128), version=4)), time.monotonic() + PERSISTENT_S
        while time.monotonic() < deadline:
            answer = exchange(self.load, self.driver, "POST", f"/charging/{session}/stop", None, key)
            if answer and decided(answer[0], code_of(answer[2])):
                return
            time.sleep(AGAIN_S)
        self.load.error("stop given up")

    def watch(self, session: str) -> None:
        """Until it has ended; a charge that the car does not end is stopped."""
        deadline = time.monotonic() + PATIENT_S
        stop_at = time.monotonic() + 40
        while time.monotonic() < deadline:
            answer = exchange(self.load, self.driver, "GET", f"/charging/{session}")
            if answer and answer[0] == 200:
                state = json.loads(answer[2])["state"]
                if state in TERMINAL:
                    return
                if state in ("STARTED", "CHARGING") and (time.monotonic() > stop_at or self.load.ending.is_set()):
                    self.stop(session)
                    stop_at = time.monotonic() + 20
            time.sleep(0.7)
        self.load.error("not ended while watched")


