"""People at the public HTTPS port: what the whole-system tests do as a driver. Every exchange is held against the contracts."""
import base64
import itertools
import json
import os
import re
import secrets
import time
import uuid

import requests
import requests.adapters
from contract_check import checked_session

PASSWORD = "uma-viagem-pela-costa"
TERMINAL = ("FAILED", "VOIDED", "EXPIRED", "CAPTURED", "RECEIVABLE")
# Limits count addresses: people of a test come from addresses of their own inside 127/8, other ones in the next run.
ADDRESSES = itertools.count(int.from_bytes(os.urandom(2), "big") << 6)


def loopback_address() -> str:
    number = next(ADDRESSES) & 0x3FFFFF
    return f"127.{64 + (number >> 16)}.{number >> 8 & 0xFF}.{1 + number % 254}"


class FromAddress(requests.adapters.HTTPAdapter):
    """Connections that start at one loopback address."""

    def __init__(self, address: str, pool_size: int):
        self.address = address
        super().__init__(pool_connections=4, pool_maxsize=pool_size)

    def init_poolmanager(self, *arguments, **keywords):
        super().init_poolmanager(*arguments, source_address=(self.address, 0), **keywords)


class Person:
    """One client of the platform: a session of `requests`, and once signed in its tokens."""

    everybody: list["Person"] = []  # of this run, for the search of what must not be found anywhere

    def __init__(self, platform, pool_size: int = 4):
        self.platform = platform
        self.address = loopback_address()
        self.http = checked_session(requests.Session())
        self.http.mount("https://", FromAddress(self.address, pool_size))
        self.http.trust_env = False  # else a CA bundle or a proxy of the environment wins
        self.http.verify = str(platform.ca_file)
        self.http.headers["Accept"] = "application/json"
        unique = secrets.token_hex(8)
        self.email = f"pessoa.{unique}@correio.example"
        self.name = f"Zuleica {unique} Ferrão"
        self.tokens: dict = {}
        Person.everybody.append(self)

    # --- HTTP

    def request(self, method: str, path: str, **more) -> requests.Response:
        more.setdefault("timeout", 25)
        if not path.startswith("/auth/"):
            self.stay_signed_in()
        return self.http.request(method, self.platform.base_url + path, **more)

    def get(self, path: str, **query):
        """The decoded body of a 200."""
        answer = self.request("GET", path, params=query)
        assert answer.status_code == 200, f"GET {path} → {answer.status_code} {answer.text[:500]}"
        return answer.json()

    # --- the account

    def register(self) -> "Person":
        answer = self.request("POST", "/auth/register", json={"email": self.email, "password": PASSWORD, "name": self.name})
        assert answer.status_code == 202, answer.text
        return self

    def mails(self, address: str | None = None) -> list[str]:
        """Texts of what was mailed to the person (or to another address), the latest first."""
        texts = (path.read_text(encoding="utf-8") for path in sorted(self.platform.mail_dir.glob("*.eml"), key=lambda path: -path.stat().st_mtime))
        return [text for text in texts if f"<{address or self.email}>" in text]

    def mailed(self, pattern: str, address: str | None = None, within_s: float = 15) -> str:
        """What `pattern` finds in the latest mail that has it."""
        deadline = time.monotonic() + within_s
        while time.monotonic() < deadline:
            found = next(filter(None, (re.search(pattern, text) for text in self.mails(address))), None)
            if found:
                return found.group()
            time.sleep(0.05)
        raise AssertionError(f"no mail with {pattern} within {within_s} s")

    def verification_path(self, within_s: float = 15) -> str:
        return self.mailed(r"/auth/verify\?token=[A-Za-z0-9_-]+", within_s=within_s)

    def verify(self) -> "Person":
        answer = self.request("GET", self.verification_path())
        assert answer.status_code == 200, answer.text
        return self

    def login(self) -> "Person":
        answer = self.try_login()
        assert answer.status_code == 200, answer.text
        self.use(answer.json())
        return self

    def try_login(self, password: str = PASSWORD, **more) -> requests.Response:
        return self.request("POST", "/auth/login", json={"email": self.email, "password": password, **more})

    def elsewhere(self) -> "Person":
        """The same person on another device, at another address, not signed in there."""
        other = Person(self.platform)
        other.email, other.name = self.email, self.name
        return other

    def use(self, tokens: dict) -> None:
        self.tokens = tokens
        self.http.headers["Authorization"] = f"Bearer {tokens['accessToken']}"

    def stay_signed_in(self) -> None:
        """As any client: the access token lives for a quarter of an hour, and somebody whom many tests share lives longer."""
        if self.tokens and time.time() > self.claims()["exp"] - 120:
            answer = self.request("POST", "/auth/refresh", json={"refreshToken": self.tokens["refreshToken"]})
            if answer.status_code == 200:
                self.use(answer.json())

    def claims(self) -> dict:
        payload = self.tokens["accessToken"].split(".")[1]
        return json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))

    def signed_in(self) -> "Person":
        return self.register().verify().login()

    # --- charging

    def free_connector(self, within_s: float = 30):
        """(station, connector) of a live charge point with a CCS2 connector that is free: a different one each time, so that tests do not meet."""
        deadline = time.monotonic() + within_s
        while True:
            found = self.get("/stations", near="-23.55,-46.63", connector="CCS2", available="true", limit=200)["stations"]
            free = [(s, c) for s in found if s["status"] == "online" for c in s["connectors"] if c["status"] == "available" and c["type"] == "CCS2"]
            if free:
                return secrets.choice(free)
            assert time.monotonic() < deadline, "no station is online with a free CCS2 connector"
            time.sleep(0.2)

    @staticmethod
    def order(station: dict, connector: dict, token: str = "approved", **more) -> dict:
        return {"stationId": station["stationId"], "connectorId": connector["connectorId"], "energyLimitKwh": 30,
                "paymentMethod": {"type": "simulated-card", "token": token}, **more}

    def start(self, order: dict, key: str | None = None) -> requests.Response:
        return self.request("POST", "/charging/start", json=order, headers={"Idempotency-Key": key or str(uuid.uuid4())})

    def started(self, token: str = "approved", **more) -> tuple[dict, dict]:
        """(session, station) of a charge that was accepted."""
        station, connector = self.free_connector()
        answer = self.start(self.order(station, connector, token, **more))
        assert answer.status_code == 201, answer.text
        return answer.json(), station

    def stop(self, session_id: str, key: str | None = None) -> requests.Response:
        return self.request("POST", f"/charging/{session_id}/stop", headers={"Idempotency-Key": key or str(uuid.uuid4())})

    def session(self, session_id: str) -> dict:
        return self.get(f"/charging/{session_id}")

    def patient_session(self, session_id: str) -> dict | None:
        """None while the platform cannot answer: for tests that break it."""
        try:
            answer = self.request("GET", f"/charging/{session_id}", timeout=20)
        except requests.RequestException:
            return None
        return answer.json() if answer.status_code == 200 else None

    def until(self, session_id: str, reached, within_s: float, what: str) -> dict:
        deadline = time.monotonic() + within_s
        last = None
        while time.monotonic() < deadline:
            session = self.patient_session(session_id)
            last = session or last
            if session and reached(session):
                return session
            time.sleep(0.2)
        raise AssertionError(f"session {session_id}: {what} not within {within_s} s; last seen {last and (last['state'], last['energyKwh'], last.get('failure'), last['supportCode'])}")

    def until_charging(self, session_id: str, kwh: float = 0.2, within_s: float = 60) -> dict:
        return self.until(session_id, lambda s: s["state"] == "CHARGING" and s["energyKwh"] >= kwh or s["state"] in TERMINAL, within_s, f"charging with {kwh} kWh")

    def until_terminal(self, session_id: str, within_s: float = 60) -> dict:
        return self.until(session_id, lambda s: s["state"] in TERMINAL, within_s, "a terminal state")

    def stop_patiently(self, session_id: str, within_s: float = 90) -> None:
        """Asks with one key until the platform has taken it: for tests that break it."""
        key, deadline, answer = str(uuid.uuid4()), time.monotonic() + within_s, None
        while time.monotonic() < deadline:
            try:
                answer = self.stop(session_id, key)
            except requests.RequestException:
                answer = None
            if answer is not None and answer.status_code == 202:
                return
            if answer is not None and answer.status_code == 409 and answer.json()["code"] == "session-not-active":
                return
            time.sleep(0.5)
        raise AssertionError(f"the stop was not taken within {within_s} s: {answer and answer.text}")

    def payment(self, session_id: str) -> dict:
        payments = self.get("/payments", sessionId=session_id)["payments"]
        assert len(payments) == 1, payments
        return payments[0]

    def stream(self, path: str, headers: dict | None = None, timeout: float = 60):
        """An open event stream; use `server_sent_events` on it."""
        answer = self.request("GET", path, stream=True, timeout=timeout, headers={"Accept": "text/event-stream", **(headers or {})})
        assert answer.status_code == 200, answer.text
        return answer


def server_sent_events(answer: requests.Response):
    """(id, name, data) of each event; comments are skipped."""
    fields: dict = {"data": []}
    for line in answer.iter_lines(decode_unicode=True):
        if not line:
            if fields["data"]:
                yield fields.get("id"), fields.get("event", "message"), json.loads("\n".join(fields["data"]))
            fields = {"data": []}
        elif not line.startswith(":"):
            name, _, value = line.partition(":")
            value = value.removeprefix(" ")
            if name == "data":
                fields["data"].append(value)
            else:
                fields[name] = value


def assert_problem(answer: requests.Response, status: int, code: str) -> dict:
    assert answer.status_code == status, f"{answer.status_code} {answer.text[:500]}"
    problem = answer.json()
    assert problem["code"] == code, problem
    assert re.fullmatch(r"[0-9a-f]{32}", problem["traceId"])
    return problem
