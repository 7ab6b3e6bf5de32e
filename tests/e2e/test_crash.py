"""Each process killed by SIGKILL in the middle of a charge: it comes back, the session has exactly one end, no event is lost.
`--long` kills them at other moments too: while the charge starts and while it ends."""
import os
import signal

import pytest
from settled import assert_one_end, assert_streams_whole
from supervisor import KILLED_IN_A_CHARGE, Supervisor, children, command_line

SERVICES_WITH_DATABASES = ["auth", "user", "charging", "payment", "integrations"]


@pytest.fixture(scope="module")
def supervisor(platform):
    return Supervisor(platform)


@pytest.fixture
def driver(somebody):
    """One for each test: all kills together outlast a token."""
    return somebody()


@pytest.fixture
def charge(driver):
    accepted, _ = driver.started()
    driver.until_charging(accepted["sessionId"])
    return accepted["sessionId"]


def kill_and_wait(supervisor, process):
    before = supervisor.processes()[process]
    supervisor.wait_for_return(process, supervisor.kill(process), 120)
    assert supervisor.processes()[process]["restarts"] == before["restarts"] + 1
    supervisor.wait_until_all_ready(180)


def finish(platform, eventually, driver, session_id):
    driver.stop_patiently(session_id)
    return assert_one_end(platform, eventually, driver, session_id)


@pytest.mark.timeout(400)
@pytest.mark.parametrize("process", KILLED_IN_A_CHARGE)
def test_a_killed_process_comes_back_and_the_charge_has_one_end(platform, eventually, supervisor, driver, charge, process):
    kill_and_wait(supervisor, process)
    session = finish(platform, eventually, driver, charge)
    # Only the station itself may have lost energy; everybody else must go on as if nothing had been.
    assert session["state"] == "CAPTURED" or process == "charge-points"
    assert_streams_whole(platform)


@pytest.mark.timeout(400)
@pytest.mark.parametrize("service", ["charging", *(pytest.param(name, marks=pytest.mark.long) for name in SERVICES_WITH_DATABASES if name != "charging")])
def test_a_killed_database_backend_loses_nothing(platform, eventually, supervisor, driver, charge, service):
    """PostgreSQL then ends every other backend too and recovers: all services lose their connections at once."""
    # A service that nobody has asked for a while may hold no connection: being asked, it opens one.
    backend = eventually(lambda: driver.get("/users/me") and next((pid for pid in children(supervisor.pid("postgres")) if f" {service} " in command_line(pid)), None), 20,
                         what=f"a connection of {service}")
    os.kill(backend, signal.SIGKILL)
    supervisor.wait_until_all_ready(180)
    assert finish(platform, eventually, driver, charge)["state"] == "CAPTURED"
    assert_streams_whole(platform)


@pytest.mark.long
@pytest.mark.timeout(400)
@pytest.mark.parametrize("process", KILLED_IN_A_CHARGE)
def test_a_process_killed_while_the_charge_ends(platform, eventually, supervisor, driver, charge, process):
    driver.stop_patiently(charge)
    kill_and_wait(supervisor, process)
    session = assert_one_end(platform, eventually, driver, charge)
    assert session["state"] == "CAPTURED" or process == "charge-points"
    assert_streams_whole(platform)


@pytest.mark.timeout(400)
@pytest.mark.parametrize("process", ["payment", *(pytest.param(name, marks=pytest.mark.long) for name in ("charging", "payment-provider", "gateway", "postgres", "kafka"))])
def test_a_process_killed_while_it_is_asked_to_start_holds_at_most_once(platform, eventually, supervisor, driver, process):
    """The kill meets the pre-authorisation: the provider answers slowly, the process dies meanwhile; the same key is asked until an answer comes."""
    import threading
    import time
    import uuid

    import requests

    order, key = driver.order(*driver.free_connector(), token="slow"), str(uuid.uuid4())
    answers = []

    def ask():
        deadline = time.monotonic() + 120
        while time.monotonic() < deadline:
            try:
                answer = driver.start(order, key)
            except requests.RequestException:
                answer = None
            if answer is not None and answer.status_code in (201, 202):
                answers.append(answer)
                return
            time.sleep(0.5)
    asking = threading.Thread(target=ask, daemon=True)
    asking.start()
    eventually(lambda: driver.get("/charging/sessions", limit=1)["sessions"] and driver.get("/charging/sessions", limit=1)["sessions"][0]["state"] == "REQUESTED", 10,
               what="the session to be written")
    supervisor.wait_for_return(process, supervisor.kill(process), 120)
    asking.join(130)
    assert answers, "the start was never accepted"
    session_id = answers[0].json()["sessionId"]
    if answers[0].status_code == 201:
        driver.stop_patiently(session_id)
    assert_one_end(platform, eventually, driver, session_id, 180)
    assert_streams_whole(platform)
