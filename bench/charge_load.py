"""Scenario charges: starts at a fixed rate whatever the platform answers (open loop), each stopped some seconds later, and how they ended.

A start's latency counts from the moment at which it was due, so that a platform that falls behind shows it."""
import heapq
import itertools
import json
import threading
import time
import uuid
from pathlib import Path

from load_driver import Driver, StepFailed, persistently
from load_fleet import wait_for_fleet
from processes import Meter
from read_load import wrk

TERMINAL = ("FAILED", "VOIDED", "EXPIRED", "CAPTURED", "RECEIVABLE")
CLIENTS = 96
ENDED_WITHIN_S = 60
ANY = tuple(range(100, 600))


class Charge:
    """One charge as the load saw it."""

    def __init__(self, driver, station: str, connector: int, due: float):
        self.driver, self.station, self.connector, self.due = driver, station, connector, due
        self.latency_ms = self.late_ms = 0.0
        self.status, self.session_id, self.state, self.stop = 0, None, None, None


class Schedule:
    """What is due when; threads wait here for the next thing to do. Ends when nothing is due and nothing is being done."""

    def __init__(self):
        self.changed, self.due, self.order, self.working = threading.Condition(), [], itertools.count(), 0

    def add(self, at: float, action) -> None:
        with self.changed:
            heapq.heappush(self.due, (at, next(self.order), action))
            self.changed.notify()

    def next(self):
        with self.changed:
            while True:
                if self.due:
                    wait_s = self.due[0][0] - time.monotonic()
                    if wait_s <= 0:
                        self.working += 1
                        return heapq.heappop(self.due)[2]
                    self.changed.wait(wait_s)
                elif self.working:
                    self.changed.wait(0.1)
                else:
                    return None

    def done(self) -> None:
        with self.changed:
            self.working -= 1


class Load:
    """The run: what is started, what was answered."""

    def __init__(self, run_dir: Path, hold_s: float):
        self.run_dir, self.hold_s, self.schedule = run_dir, hold_s, Schedule()
        self.errors: dict[str, int] = {}
        self.lock = threading.Lock()

    def error(self, step: str, what: str) -> None:
        with self.lock:
            self.errors[f"{step}: {what}"] = self.errors.get(f"{step}: {what}", 0) + 1

    def ask(self, client: Driver, driver, step: str, path: str, body=None):
        """The status and what was answered; (0, None) when there was no answer."""
        client.token = driver.token
        try:
            status, _, answer = client.call("POST", path, body, key=str(uuid.uuid4()), expect=ANY)
        except StepFailed as failure:
            self.error(step, str(failure.__cause__.__class__.__name__))
            return 0, None
        if status >= 400:
            self.error(step, f"{status} {answer.get('code') if isinstance(answer, dict) else ''}".strip())
        return status, answer

    def start(self, client: Driver, charge: Charge) -> None:
        charge.late_ms = (time.monotonic() - charge.due) * 1000
        order = {"stationId": charge.station, "connectorId": charge.connector, "energyLimitKwh": 30,
                 "paymentMethod": {"type": "simulated-card", "token": "approved"}}
        charge.status, answer = self.ask(client, charge.driver, "start", "/charging/start", order)
        charge.latency_ms = (time.monotonic() - charge.due) * 1000
        if charge.status in (201, 202):
            charge.session_id = answer["sessionId"]
            self.schedule.add(time.monotonic() + self.hold_s, lambda other: self.stop(other, charge))

    def stop(self, client: Driver, charge: Charge) -> None:
        charge.stop, _ = self.ask(client, charge.driver, "stop", f"/charging/{charge.session_id}/stop")

    def client(self) -> None:
        client = Driver(self.run_dir)
        while action := self.schedule.next():
            try:
                action(client)
            finally:
                self.schedule.done()


def note_states(driver, charges: list[Charge]) -> None:
    seen = persistently(lambda: driver.get("/charging/sessions", limit=200), "sessions")["sessions"]
    states = {session["sessionId"]: session["state"] for session in seen}
    for charge in charges:
        charge.state = states.get(charge.session_id, charge.state)


def wait_for_ends(charges: list[Charge], deadline: float) -> float:
    """Asks for the sessions of drivers whose charges are not over, at a pace that is no load itself; when the last one was over."""
    open_by_driver: dict[object, list[Charge]] = {}
    for charge in charges:
        if charge.session_id:
            open_by_driver.setdefault(charge.driver, []).append(charge)
    while open_by_driver and time.monotonic() < deadline:
        for driver in list(open_by_driver):
            note_states(driver, open_by_driver[driver])
            if all(charge.state in TERMINAL for charge in open_by_driver[driver]):
                driver.close()
                del open_by_driver[driver]
            time.sleep(0.01)
    return time.monotonic()


def percentiles(values: list[float]) -> dict[str, float]:
    ordered = sorted(values) or [0.0]
    return {f"p{share}": round(ordered[min(len(ordered) - 1, len(ordered) * share // 100)], 1) for share in (50, 90, 99, 100)}


def run_load(run_dir: Path, charges: list[Charge], hold_s: float) -> Load:
    load = Load(run_dir, hold_s)
    for charge in charges:
        load.schedule.add(charge.due, lambda client, charge=charge: load.start(client, charge))
    clients = [threading.Thread(target=load.client) for _ in range(CLIENTS)]
    for client in clients:
        client.start()
    for client in clients:
        client.join()
    return load


def yardstick(run_dir: Path) -> dict:
    """CPU of the gateway for a request that it answers by itself, in the same run: see read_load."""
    base_url = json.loads((run_dir / "platform.json").read_text(encoding="utf-8"))["base_url"]
    meter = Meter(run_dir)
    seen = wrk(base_url, "/there-is-no-such-path", None, 3, 16)
    return {"per_second": round(seen["requests"] / seen["duration_us"] * 1e6, 1), "p50_us": seen["p50_us"],
            "cpu_us": round(meter.read()["cpu_ms"]["gateway"] * 1000 / max(1, seen["requests"]), 1)}


def measure(run_dir: Path, drivers: list, seconds: int, rate: float, hold_s: float, stations: int) -> dict:
    wait_for_fleet(drivers[0], stations)
    edge = yardstick(run_dir)
    first, count = time.monotonic() + 1, int(seconds * rate)
    charges = [Charge(drivers[n % len(drivers)], f"LOAD-{n % stations + 1:05}", n // stations % 2 + 1, first + n / rate) for n in range(count)]
    meter = Meter(run_dir)
    load = run_load(run_dir, charges, hold_s)
    stopped = time.monotonic()
    after_last_s = wait_for_ends(charges, stopped + ENDED_WITHIN_S) - stopped
    cost = meter.read()
    started = [charge for charge in charges if charge.session_id]
    answered = max((charge.due + charge.latency_ms / 1000 for charge in started), default=first + 1)
    ends: dict[str, int] = {}
    for charge in started:
        ends[charge.state or "unknown"] = ends.get(charge.state or "unknown", 0) + 1
    cpu = {process: round(spent / max(1, len(started)), 3) for process, spent in cost["cpu_ms"].items()}
    return {"seconds": seconds, "rate": rate, "hold_s": hold_s, "stations": stations, "drivers": len(drivers), "asked": count, "started": len(started),
            "started_per_second": round(len(started) / (answered - first), 1), "start_ms": percentiles([charge.latency_ms for charge in started]),
            "client_late_ms": percentiles([charge.late_ms for charge in charges]), "ends": ends,
            "captured_share": round(ends.get("CAPTURED", 0) / count, 4),
            "captured_share_of_started": round(ends.get("CAPTURED", 0) / max(1, len(started)), 4), "all_ended_after_last_stop_s": round(after_last_s, 1),
            "errors": load.errors, "cost": cost, "cpu_ms_per_charge": cpu, "yardstick": edge,
            "ratios": {"cpu_per_charge_in_edge_requests": round(sum(cpu.values()) * 1000 / max(0.1, edge["cpu_us"])),
                       "start_p50_in_edge_p50": round(percentiles([charge.latency_ms for charge in started])["p50"] * 1000 / max(1, edge["p50_us"]), 1)}}
