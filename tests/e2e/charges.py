"""A crowd that charges in every way that a charge can go, well and badly, and never lets a command go unanswered: for tests that kill the
platform meanwhile. Each command is repeated under its key until it has an answer that stays; everything that was answered is kept."""
import hashlib
import hmac
import itertools
import json
import os
import secrets
import signal
import threading
import time
import uuid

import psycopg
import requests
from deaf_station import DeafStation
from operators import make_operator
from person import Person, TERMINAL
from planted_events import uuid7
from supervisor import supervised_pids
from test_webhook import PAYMENT, PROVIDER, send, update_of

# What leads to a step that a plain charge does not come by; the others are found by going every way in turn.
LEADS_TO = {"charging.stop.commit": "stop", "charging.refusal.commit": "unknown-station", "payment.look.lease": "look", "payment.hold.known": "look",
            "payment.void.commit": "void", "payment.webhook.stranger": "stranger", "integrations.update.commit": "update", "integrations.command.write": "command",
            "integrations.station.reading": "long", "integrations.station.lost": "lost-station",
            "charging.increment.answer": "growing", "payment.increment.write": "growing", "payment.increment.outcome": "growing"}
# Answers that are kept under their key (others are repeated; those of an obstacle at the station mean another station and another key).
KEPT = (201, 202, 402, 404, 422)
OBSTACLES = ("connector-unavailable", "station-offline")
PATIENCE_S = 150
DRIVEN = ("charge", "charge", "stop", "charge", "declined", "charge", "stop", "expired-hold", "drop-after-effect", "charge", "capture-fails", "unknown-station",
          "offline-station", "silent", "charge", "rejected", "webhook-first", "flapping", "lost-station", "update", "error-after-effect", "void", "look", "long", "growing", "stranger", "command")
# It stops the provider for a while, and with it every other way: only when nothing else is wanted.
LAST = {"payment.expiry.commit": "unsaid-expiry"}


def live_places(person: Person) -> list[tuple[dict, dict]]:
    """(station, connector) of every free CCS2 connector that a simulated charge point plays, in no order."""
    found = person.get("/stations", near="-23.55,-46.63", connector="CCS2", available="true", limit=200)["stations"]
    live = [(station, connector) for station in found if station["status"] == "online" for connector in station["connectors"]
            if connector["type"] == "CCS2" and connector["status"] == "available"]
    secrets.SystemRandom().shuffle(live)
    return live


class Answer:
    """What a command was answered at last, and what asks for it again."""

    def __init__(self, person: Person, order: dict, key: str, response: requests.Response):
        self.person, self.order, self.key = person, order, key
        self.status, self.content = response.status_code, response.content
        self.session_id = response.json().get("sessionId")


class Crowd:
    """So many drivers at the same time."""

    def __init__(self, platform, somebody, size: int):
        self.platform = platform
        self.people = [somebody() for _ in range(size)]
        self.places = itertools.cycle(live_places(self.people[0]))
        self.dark = next(station for station in self.people[0].get("/stations", bbox="-75,-35,-30,6", limit=200)["stations"] if station["status"] == "unknown")
        self.ways = itertools.cycle(DRIVEN)
        self.lock = threading.Lock()
        self.answers: list[Answer] = []
        self.failures: list[BaseException] = []
        self.taken = 0
        self.provider = threading.Lock()
        self.services, self.operator = Services(platform), make_operator(platform, "admin")

    def next_way(self, wanted: list[str]) -> str:
        """In turn, and every other time one that leads to a step that is wanted."""
        with self.lock:
            self.taken += 1
            if set(wanted) <= set(LAST):
                return LAST[wanted[0]]
            leading = [LEADS_TO[step] for step in wanted if step in LEADS_TO]
            return leading[self.taken // 2 % len(leading)] if leading and self.taken % 2 else next(self.ways)

    def run(self, wanted) -> None:
        """wanted(): the steps for whose sake it goes on. Until there is none; then everything that was begun has its answer."""
        def one(person):
            try:
                while not self.failures and (steps := wanted()):
                    way = self.next_way(steps)
                    getattr(self, "way_" + way.replace("-", "_"), lambda someone, token=way: self.accepted(someone, token))(person)
            except BaseException as error:  # told by the thread that waits
                self.failures.append(error)
        deaf = DeafStation(self.platform)
        threads = [threading.Thread(target=one, args=(person,), daemon=True) for person in self.people[1:]]
        threads.append(threading.Thread(target=self._at_a_deaf_station, args=(deaf, self.people[0], wanted), daemon=True))
        for thread in threads:
            thread.start()
        while any(thread.is_alive() for thread in threads):
            self.let_time_pass()
            threads[-1].join(2)
        deaf.close()
        if self.failures:
            raise self.failures[0]

    # --- commands

    def place(self):
        with self.lock:
            return next(self.places)

    def kept(self, person: Person, order: dict, key: str) -> requests.Response | None:
        """The answer that stays; None when the station is in the way."""
        deadline, last = time.monotonic() + PATIENCE_S, None
        while time.monotonic() < deadline:
            try:
                last = person.start(order, key)
            except requests.ConnectionError:
                last = None
            if last is not None:
                # A hold that the provider refused for good is kept as well, as the 502 of a payment.
                if last.status_code in KEPT or last.json()["code"] == "payment-failed":
                    return last
                if last.json()["code"] in OBSTACLES:
                    return None
            time.sleep(float(last.headers.get("Retry-After", 0.2)) if last is not None else 0.2)
        raise AssertionError(f"no answer to a start within {PATIENCE_S} s: {last and (last.status_code, last.text)}")

    def started_at(self, person: Person, token: str, at, **more) -> Answer | None:
        """None when the station is in the way."""
        key, order = str(uuid.uuid4()), person.order(*at, token=token, **{"energyLimitKwh": 2, **more})
        response = self.kept(person, order, key)
        if response is None:
            return None
        answer = Answer(person, order, key, response)
        with self.lock:
            self.answers.append(answer)
        return answer

    def accepted(self, person: Person, token: str, **more) -> Answer:
        for _ in range(200):
            answer = self.started_at(person, token, self.place(), **more)
            if answer is not None:
                return answer
            time.sleep(0.1)
        raise AssertionError("every station is in the way")

    # --- ways that are more than a token

    def way_charge(self, person):
        self.accepted(person, "approved")

    def way_stop(self, person):
        """As soon as it may be stopped, wherever it stands then."""
        answer = self.accepted(person, "approved", energyLimitKwh=30)
        if answer.status == 201:
            person.stop_patiently(answer.session_id, PATIENCE_S)

    def way_unknown_station(self, person):
        answer = self.started_at(person, "approved", ({"stationId": "BR-XX-9999"}, {"connectorId": 1}))
        assert answer is not None and answer.status == 404

    def way_offline_station(self, person):
        order = person.order(self.dark, self.dark["connectors"][0])
        assert self.kept(person, order, str(uuid.uuid4())) is None, "a station that is away started a charge"

    def way_rejected(self, person):
        at = self.place()
        self.services.fault(at[0]["stationId"], {"fault": "rejectStart"})
        self.started_at(person, "approved", at)

    def way_lost_station(self, _):
        self.services.fault(self.place()[0]["stationId"], {"fault": "offline", "durationMs": 300})

    def way_update(self, person):
        call_id = uuid.uuid4().hex
        self.patiently(lambda: send(person, PROVIDER, self.services.partner_secret, update_of(self.dark), call_id), 202)

    def way_long(self, person):
        """Long enough for readings that were held back."""
        self.accepted(person, "approved", energyLimitKwh=9)

    def way_growing(self, person):
        """Beyond the 10 kWh that are held at the start: the hold grows."""
        self.accepted(person, "approved", energyLimitKwh=16)

    def way_unsaid_expiry(self, person):
        """The hold's time is over while the provider says nothing: payment looks at the clock itself."""
        if not self.provider.acquire(blocking=False):
            time.sleep(0.5)
            return
        try:
            self.accepted(person, "expired-hold", energyLimitKwh=9)
            pid = supervised_pids(self.platform)["payment-provider"]
            os.kill(pid, signal.SIGSTOP)
            time.sleep(3.5)  # the hold lives 2 s, and payment looks every second
            os.kill(pid, signal.SIGCONT)
        finally:
            self.provider.release()

    def way_look(self, person):
        """Payment is asked by reference, and asked for the same hold once more, while nobody knows what became of it."""
        answer = self.accepted(person, "silent")
        if answer.status != 202:  # found out before the answer: a start that was resumed later
            return
        self.services.patiently("GET", f"/payments/preauthorisations/pa-{answer.session_id}")
        held = json.loads(answer.content)["preauthorisation"]["amount"]  # for all that was ordered: it may not grow
        self.services.patiently("POST", "/payments/preauthorisations", str(uuid.uuid4()),
                                {"reference": f"pa-{answer.session_id}", "sessionId": answer.session_id, "userId": person.claims()["puid"], "correlationId": uuid7(),
                                 "amount": held, "limit": held, "paymentMethod": answer.order["paymentMethod"]})

    def way_void(self, person):
        answer = self.accepted(person, "silent")
        if answer.status == 202:
            self.services.patiently("POST", f"/payments/preauthorisations/pa-{answer.session_id}/void", str(uuid.uuid4()))

    def way_stranger(self, person):
        """The provider speaks of a hold that nobody asked for."""
        body = json.dumps({"type": "void.succeeded", "reference": f"pa-{uuid7()}", "operationKey": "x", "amount": {"amount": 1, "currency": "BRL"},
                           "occurredAt": "2026-01-01T00:00:00Z"}).encode()
        self.patiently(lambda: send(person, PAYMENT, self.platform.secret("payment-provider-webhook"), body), 202)

    def way_command(self, _):
        """An operator asks a station for its status."""
        key, station_id = str(uuid.uuid4()), self.place()[0]["stationId"]
        self.patiently(lambda: self.operator.request("POST", f"/operations/stations/{station_id}/commands", headers={"Idempotency-Key": key},
                                                     json={"command": "trigger", "message": "statusNotification", "reason": "a look"}), 202, 409)

    @staticmethod
    def patiently(call, *wanted: int) -> None:
        deadline, answer = time.monotonic() + PATIENCE_S, None
        while time.monotonic() < deadline:
            try:
                answer = call()
            except requests.ConnectionError:
                answer = None
            # A conflict: what is asked for has ended meanwhile. That is an answer, too.
            if answer is not None and (answer.status_code in wanted or answer.json()["code"] == "conflict"):
                return
            time.sleep(0.2)
        raise AssertionError(f"{wanted} were wanted within {PATIENCE_S} s: {answer is not None and (answer.status_code, answer.text)}")

    def _at_a_deaf_station(self, station: DeafStation, person: Person, wanted):
        """It hangs up on what it is asked, then refuses: the command is asked again, and stays in doubt."""
        try:
            for place in itertools.cycle(station.places):
                if self.failures or not wanted():
                    return
                self.started_at(person, "approved", place)
                time.sleep(0.5)
        except BaseException as error:  # told by the thread that waits
            self.failures.append(error)

    # --- afterwards

    def let_time_pass(self) -> None:
        """Half a minute for sessions whose hold is to be let go: they ask payment what became of it when that is over."""
        with psycopg.connect(self.platform.postgres("charging", "charging", "charging"), autocommit=True) as database:
            database.execute("UPDATE session SET deadline_at = now() WHERE state = 'VOIDING' AND deadline_at > now() AND updated_at < now() - interval '2 seconds'")

    def sessions(self) -> list[tuple[Person, dict]]:
        found = []
        for person in self.people:
            cursor = {}
            while True:
                page = person.get("/charging/sessions", limit=200, **cursor)
                found += [(person, session) for session in page["sessions"]]
                if "nextCursor" not in page:
                    break
                cursor = {"cursor": page["nextCursor"]}
        return found

    def all_ended(self) -> bool:
        self.let_time_pass()
        return all(session["state"] in TERMINAL for _, session in self.sessions())

    def assert_answers_stand(self) -> None:
        """Each command asked once more is answered with the same bytes."""
        for answer in self.answers:
            again = self.kept(answer.person, answer.order, answer.key)
            assert again is not None and (again.status_code, again.content) == (answer.status, answer.content), (answer.status, answer.content, again and again.content)
            assert again.headers["Idempotency-Replayed"] == "true"


class Services:
    """What is no driver's: other services' calls to payment, partners, the faults of charge points."""

    def __init__(self, platform):
        self.platform, self.http = platform, requests.Session()
        self.http.verify, self.http.trust_env = str(platform.ca_file), False
        self.partner_secret = hmac.new(platform.secret("integrations-webhook").encode(), b"demo-provider", hashlib.sha256).hexdigest()
        issued = self.http.post(f"https://localhost:{platform.port('AUTH_PORT')}/internal/oauth2/token", cert=platform.certificate("charging"), timeout=10,
                                data={"grant_type": "client_credentials", "client_id": "charging"})
        assert issued.status_code == 200, issued.text
        self.token = issued.json()["access_token"]

    def fault(self, station_id: str, body: dict) -> None:
        answer = self.http.post(f"https://localhost:{self.platform.port('CHARGE_POINTS_PORT')}/stations/{station_id}/faults", json=body,
                                cert=self.platform.certificate("platform-admin"), timeout=10)
        assert answer.status_code < 300, answer.text

    def patiently(self, method: str, path: str, key: str | None = None, body: dict | None = None) -> None:
        """As charging asks payment, until payment answers."""
        headers = {"Authorization": f"Bearer {self.token}", **({"Idempotency-Key": key} if key else {})}
        Crowd.patiently(lambda: self.http.request(method, f"https://localhost:{self.platform.port('PAYMENT_PORT')}{path}", headers=headers, timeout=10, json=body,
                                                  cert=self.platform.certificate("charging")), 200, 201, 202, 404)
