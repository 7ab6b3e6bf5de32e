"""What the whole-system tests share: the running platform, reached as its users and its administrator reach it.

`./evcosta test e2e` starts a platform on ports and a folder of its own and names that folder in EVCOSTA_E2E_RUN_DIR.
`./evcosta test e2e -- tests/e2e/test_ports.py -k tls` runs a part of it, `./evcosta test e2e -- --long tests/e2e` the long ones too.
"""
import json
import os
import socket
import ssl
import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "tests/contract"), str(ROOT / "tests/e2e")]


class Platform:
    """Paths, addresses and helpers of one running platform."""

    def __init__(self, run_dir: Path):
        about = json.loads((run_dir / "platform.json").read_text(encoding="utf-8"))
        self.root = ROOT
        self.run_dir = run_dir
        self.base_url = about["base_url"]
        self.processes = about["processes"]
        self.left_out = about["left_out"]
        self.speaks = {name: port["speaks"] for name, port in about["ports"].items()}
        self.ports = {name: port["port"] for name, port in about["ports"].items()}
        self.kafka = about["kafka"]
        self.ca_file = run_dir / "tls/ca.pem"
        self.log_dir = run_dir / "log"
        self.mail_dir = run_dir / "mail"

    def port(self, name: str) -> int:
        """By its name in deploy/processes.yaml, for example GATEWAY_PORT."""
        return self.ports[name]

    def certificate(self, name: str) -> tuple[str, str]:
        """(certificate, key) of a process, as `requests` and `ssl` want them."""
        return str(self.run_dir / f"tls/{name}.crt"), str(self.run_dir / f"tls/{name}.key")

    def secret(self, name: str) -> str:
        return (self.run_dir / "secrets" / name).read_text(encoding="utf-8").strip()

    def admin_url(self, process: str) -> str:
        return f"http://127.0.0.1:{self.processes[process]['admin_port']}"

    def tls_context(self, certificate: str | None = None) -> ssl.SSLContext:
        context = ssl.create_default_context(cafile=str(self.ca_file))
        if certificate:
            context.load_cert_chain(*self.certificate(certificate))
        return context

    def postgres(self, database: str, role: str, certificate: str) -> str:
        """A libpq conninfo."""
        crt, key = self.certificate(certificate)
        return (f"host=localhost port={self.port('POSTGRES_PORT')} dbname={database} user={role} sslmode=verify-full "
                f"sslrootcert={self.ca_file} sslcert={crt} sslkey={key}")

    def kafka_settings(self, principal: str) -> dict:
        """For confluent_kafka."""
        crt, key = self.certificate(principal)
        return {"bootstrap.servers": self.kafka, "security.protocol": "ssl", "ssl.ca.location": str(self.ca_file),
                "ssl.certificate.location": crt, "ssl.key.location": key}

    def evcosta(self, *arguments: str, timeout: float = 120) -> subprocess.CompletedProcess:
        """Runs ./evcosta against this platform."""
        return subprocess.run([str(ROOT / "evcosta"), *arguments], env={**os.environ, "EVCOSTA_RUN_DIR": str(self.run_dir)},
                              stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=timeout, check=False)

    def supervised(self) -> dict:
        """Process name → pid, state, restarts, as the supervisor knows them."""
        answer = self.evcosta("status", "--json")
        assert answer.returncode == 0, answer.stderr
        return {process["name"]: process for process in json.loads(answer.stdout)}


def pytest_addoption(parser):
    parser.addoption("--long", action="store_true", help="also what takes minutes: every process killed, long outages, a second copy")


def pytest_configure(config):
    config.addinivalue_line("markers", "long: takes minutes; runs with --long or EVCOSTA_E2E_LONG=1")


def pytest_collection_modifyitems(config, items):
    """What breaks the platform comes last, so that a fault there hides nothing else."""
    order = {"test_crash": 1, "test_outage": 2, "test_timeouts": 3, "test_two_copies": 4, "test_dead_letters": 5}
    items.sort(key=lambda item: order.get(item.module.__name__, 0))
    if not (config.getoption("--long") or os.environ.get("EVCOSTA_E2E_LONG") == "1"):
        for item in items:
            if item.get_closest_marker("long"):
                item.add_marker(pytest.mark.skip(reason="long: --long"))


@pytest.fixture(scope="session")
def platform() -> Platform:
    run_dir = os.environ.get("EVCOSTA_E2E_RUN_DIR")
    if not run_dir:
        pytest.exit("no platform to test: use `./evcosta test e2e`, or set EVCOSTA_E2E_RUN_DIR to the run folder of a running one", returncode=2)
    return Platform(Path(run_dir))


@pytest.fixture(scope="session")
def eventually():
    """eventually(check, within_s): waits until check() is true or returns something, and returns that; fails after within_s."""
    def wait(check, within_s: float = 10.0, every_s: float = 0.05, what: str = "the condition"):
        deadline = time.monotonic() + within_s
        while True:
            value = check()
            if value:
                return value
            if time.monotonic() >= deadline:
                pytest.fail(f"{what} did not come true within {within_s} s")
            time.sleep(every_s)
    return wait


@pytest.fixture
def listening_on():
    """True when something accepts TCP connections on a loopback port."""
    def check(port: int) -> bool:
        with socket.socket() as probe:
            probe.settimeout(2)
            return probe.connect_ex(("127.0.0.1", port)) == 0
    return check


@pytest.fixture(scope="session")
def somebody(platform):
    """somebody(): a new driver, registered, verified and signed in, from a loopback address of its own."""
    from person import Person

    def make(**options):
        return Person(platform, **options).signed_in()
    return make


@pytest.fixture(scope="module")
def driver(somebody):
    """One driver for a module's tests."""
    return somebody()


@pytest.fixture(scope="session")
def journey(platform, somebody):
    """The main job done once: who, where, the session at its end, its payment."""
    from person import Person

    person: Person = somebody()
    person.request("GET", "/users/me")
    trip = person.get("/routing", **{"from": "-23.5505,-46.6333", "to": "-23.2178,-44.7131", "vehicle": "byd-dolphin-gs", "soc": 0.5})
    accepted, station = person.started()
    person.until_charging(accepted["sessionId"], kwh=1)
    assert person.stop(accepted["sessionId"]).status_code == 202
    session = person.until_terminal(accepted["sessionId"])
    return {"person": person, "trip": trip, "station": station, "accepted": accepted, "session": session, "sessionId": accepted["sessionId"],
            "traceId": session["supportCode"], "payment": person.payment(accepted["sessionId"])}
