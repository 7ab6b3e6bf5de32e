"""What the whole-system tests share: the running platform, reached as its users and its administrator reach it.

`./evcosta test e2e` starts a platform on ports and a folder of its own and names that folder in EVCOSTA_E2E_RUN_DIR.
`./evcosta test e2e -- tests/e2e/test_ports.py -k tls` runs a part of it, `./evcosta test e2e --long` the long ones too.
"""
import os
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / folder) for folder in ("tests/contract", "tests/harness", "tests/e2e")]

from running_platform import Platform


# What breaks the platform comes last, so that a fault there hides nothing else. After test_dead_letters there are events that a
# person gave up, after test_gap some that the topic no longer holds: what counts whole streams comes before. The journey's trace is
# looked at first: the trace store keeps the last ten thousand.
ORDER = {"test_main_job": -1, "test_erasure": 1, "test_crash": 1, "test_outage": 2, "test_timeouts": 3, "test_two_copies": 4, "test_certificates": 4, "test_three_brokers": 5, "test_kafka_lost": 6, "test_schema_registry": 7, "test_dead_letters": 8, "test_dlq": 9, "test_gap": 10}


def pytest_addoption(parser):
    parser.addoption("--long", action="store_true", help="also what takes minutes: every process killed, long outages, a second copy")
    parser.addoption("--part", choices=("steady", "breaking"), help="one of two parts for two platforms at once: what breaks the platform, and the rest")


def pytest_configure(config):
    config.addinivalue_line("markers", "long: takes minutes; runs with --long or EVCOSTA_E2E_LONG=1")


def pytest_collection_modifyitems(config, items):
    items.sort(key=lambda item: ORDER.get(item.module.__name__, 0))
    part = config.getoption("--part")
    if part:
        chosen = [item for item in items if (ORDER.get(item.module.__name__, 0) > 0) == (part == "breaking")]
        config.hook.pytest_deselected(items=[item for item in items if item not in chosen])
        items[:] = chosen
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
