"""A driver's side of the platform, by the public HTTPS port only: what the demo, the seed, the load and the storm share. Standard library only."""
import http.client
import json
import os
import re
import secrets
import ssl
import time
import urllib.parse
from fractions import Fraction
from pathlib import Path

TERMINAL = ("FAILED", "VOIDED", "EXPIRED", "CAPTURED", "RECEIVABLE")


class StepFailed(Exception):
    """A step of the driver's way did not work; the text says what was answered."""


class Driver:
    """One person at one running platform. Keeps one connection; calls raise StepFailed on an unexpected status."""

    def __init__(self, run_dir: Path):
        about = json.loads((run_dir / "platform.json").read_text(encoding="utf-8"))
        address = urllib.parse.urlparse(about["base_url"])
        self.host, self.port, self.run_dir = address.hostname, address.port, run_dir
        self.tls = ssl.create_default_context(cafile=str(run_dir / "tls/ca.pem"))
        self.tls.minimum_version = ssl.TLSVersion.TLSv1_3
        self.token = None
        self._connection = None

    def connect(self, timeout_s: float = 20):
        return http.client.HTTPSConnection(self.host, self.port, timeout=timeout_s, context=self.tls)

    def headers(self, more=None) -> dict:
        fields = {"Accept": "application/json", **(more or {})}
        if self.token:
            fields["Authorization"] = f"Bearer {self.token}"
        return fields

    def exchange(self, method: str, path: str, body=None, key: str | None = None):
        """(status, headers, content) of whatever was answered. A kept connection that was closed meanwhile is opened again."""
        fields = self.headers({"Idempotency-Key": key} if key else None)
        data = None
        if body is not None:
            data, fields["Content-Type"] = json.dumps(body).encode(), "application/json"
        for fresh in (self._connection is None, True):
            if fresh:
                self._connection = self.connect()
            try:
                self._connection.request(method, path, data, fields)
                answer = self._connection.getresponse()
                return answer.status, answer.headers, answer.read()
            except (http.client.HTTPException, OSError) as error:
                self._connection = None
                if fresh:
                    raise StepFailed(f"{method} {path}: {error!r}") from error

    def call(self, method: str, path: str, body=None, key: str | None = None, expect=(200, 201, 202, 204)):
        """(status, headers, decoded body)."""
        status, headers, content = self.exchange(method, path, body, key)
        value = json.loads(content) if content and "json" in headers.get("content-type", "") else content
        if status not in expect:
            raise StepFailed(f"{method} {path} → {status} {content.decode(errors='replace')[:500]}")
        return status, headers, value

    def get(self, path: str, **query):
        return self.call("GET", path + ("?" + urllib.parse.urlencode(query) if query else ""))[2]

    # --- the account

    def register(self, email: str, password: str, name: str) -> None:
        self.call("POST", "/auth/register", {"email": email, "password": password, "name": name}, expect=(202,))

    def verification_link(self, email: str, within_s: float = 15) -> str:
        """The link in the newest mail to the address; mails are files of the spool."""
        deadline = time.monotonic() + within_s
        while True:
            for mail in sorted((self.run_dir / "mail").glob("*.eml"), key=lambda path: path.stat().st_mtime, reverse=True):
                text = mail.read_text(encoding="utf-8")
                found = re.search(r"/auth/verify\?token=[A-Za-z0-9_-]+", text)
                if f"<{email}>" in text and found:
                    return found.group()
            if time.monotonic() > deadline:
                raise StepFailed(f"no verification mail for {email} in {self.run_dir / 'mail'} within {within_s:.0f} s")
            time.sleep(0.05)

    def login(self, email: str, password: str, expect=(200,)) -> bool:
        self.token = None
        status, _, tokens = self.call("POST", "/auth/login", {"email": email, "password": password}, expect=expect)
        self.token = tokens["accessToken"] if status == 200 else None
        return status == 200

    # --- the charge

    def watch(self, session_id: str, within_s: float):
        """Yields (event name, data) of a session's server-sent events, until the stream ends."""
        connection = self.connect(within_s)
        try:
            connection.request("GET", f"/charging/{session_id}/events", headers=self.headers({"Accept": "text/event-stream"}))
            answer = connection.getresponse()
            if answer.status != 200:
                raise StepFailed(f"GET /charging/{session_id}/events → {answer.status} {answer.read()[:500]!r}")
            name, data = "message", []
            deadline = time.monotonic() + within_s
            for line in answer:
                text = line.decode().rstrip("\r\n")
                if text.startswith("event:"):
                    name = text[6:].strip()
                elif text.startswith("data:"):
                    data.append(text[5:].strip())
                elif not text and data:
                    yield name, json.loads("\n".join(data))
                    name, data = "message", []
                if time.monotonic() > deadline:
                    raise StepFailed(f"the charge did not get further within {within_s:.0f} s")
        except OSError as error:
            raise StepFailed(f"the event stream broke: {error!r}") from error
        finally:
            connection.close()

    def session(self, session_id: str) -> dict:
        return self.get(f"/charging/{session_id}")


def new_address() -> str:
    return f"driver-{secrets.token_hex(6)}@evcosta.example"


def run_folder() -> Path:
    return Path(os.environ.get("RUN_DIR") or os.environ.get("EVCOSTA_RUN_DIR") or "run")


def price_of(price: dict, receipt: dict) -> int:
    """What the metered energy costs by the station's published price, in minor units: the exact sum, rounded once, half up."""
    energy_wh = round(receipt["energyKwh"] * 1000)
    usage = Fraction(energy_wh * price["perKwh"]["amount"], 1000)
    for line in receipt["lines"]:
        if line["kind"] == "idle":
            usage += Fraction(line["quantity"]) * price["idlePerMinute"]["amount"]
    return int(usage + Fraction(1, 2)) + price.get("startFee", {}).get("amount", 0)
