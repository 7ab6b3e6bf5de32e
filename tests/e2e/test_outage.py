"""A part is away for a while: what goes on, what is refused, and that everything is whole afterwards."""
import time

import pytest
import requests
from person import PASSWORD, assert_problem
from settled import CONSUMERS, assert_one_end, assert_streams_whole
from streams import first_occurrences, read_topics
from supervisor import Supervisor, readiness


@pytest.fixture(scope="module")
def supervisor(platform):
    return Supervisor(platform)


@pytest.fixture
def without(supervisor):
    """without(process): stops it; it is started again at the end, and everything is ready before the next test."""
    stopped = []

    def stop(process):
        stopped.append(process)
        supervisor.stop(process)
    yield stop
    for process in stopped:
        if supervisor.processes()[process]["pid"] is None:
            supervisor.start(process)
    supervisor.wait_until_all_ready(180)


@pytest.mark.timeout(400)
def test_without_redis_sign_in_is_refused_and_a_running_charge_goes_on(platform, eventually, supervisor, driver, without):
    accepted, _ = driver.started()
    before = driver.until_charging(accepted["sessionId"])["energyKwh"]
    without("redis")
    refused = driver.request("POST", "/auth/login", json={"email": driver.email, "password": PASSWORD})
    assert refused.status_code == 503
    assert int(refused.headers["Retry-After"]) >= 1
    assert refused.json()["code"] in ("cache-unavailable", "service-unavailable")
    driver.until(accepted["sessionId"], lambda session: session["energyKwh"] > before, 30, "more energy")
    driver.stop_patiently(accepted["sessionId"])
    assert assert_one_end(platform, eventually, driver, accepted["sessionId"])["state"] == "CAPTURED"
    second, _ = driver.started()
    driver.until_charging(second["sessionId"])
    driver.stop_patiently(second["sessionId"])
    assert driver.until_terminal(second["sessionId"])["state"] == "CAPTURED"
    supervisor.start("redis")
    eventually(lambda: driver.request("POST", "/auth/login", json={"email": driver.email, "password": PASSWORD}).status_code == 200, 60, every_s=1, what="sign-in with Redis back")
    assert_streams_whole(platform)


@pytest.mark.timeout(400)
def test_without_the_user_service_a_charge_starts_without_its_vehicle(driver, without):
    vehicle = driver.request("POST", "/users/me/vehicles", json={"model": "byd-dolphin-gs"}).json()["vehicleId"]
    without("user")
    accepted, _ = driver.started(vehicleId=vehicle)
    assert "vehicleId" not in driver.session(accepted["sessionId"]), "whose it is was not checked"
    driver.until_charging(accepted["sessionId"])
    driver.stop_patiently(accepted["sessionId"])
    assert driver.until_terminal(accepted["sessionId"])["state"] == "CAPTURED"


@pytest.mark.timeout(400)
def test_without_the_collector_nothing_else_notices(platform, eventually, supervisor, driver, without):
    without("collector")
    for _ in range(3):
        accepted, _ = driver.started()
        driver.until_charging(accepted["sessionId"])
        driver.stop_patiently(accepted["sessionId"])
        assert assert_one_end(platform, eventually, driver, accepted["sessionId"])["state"] == "CAPTURED"
    states = {name: about["state"] for name, about in supervisor.processes().items() if name != "collector"}
    assert set(states.values()) <= {"running", "done"}, states


@pytest.mark.long
@pytest.mark.timeout(600)
def test_without_kafka_for_a_minute_rest_goes_on_and_events_arrive_in_order(platform, eventually, supervisor, driver, without):
    running, _ = driver.started()
    driver.until_charging(running["sessionId"])
    known = len(read_topics(platform))
    without("kafka")
    stopped_at, answers = time.monotonic(), []
    while time.monotonic() - stopped_at < 60:
        for path in ("/users/me", f"/charging/{running['sessionId']}", "/stations?near=-23.55,-46.63&limit=5"):
            try:
                answers.append(driver.request("GET", path).status_code)
            except requests.RequestException as error:
                answers.append(repr(error))
        time.sleep(1)
    assert set(answers) == {200}, sorted(set(map(str, answers)))
    for service in CONSUMERS:
        status, health = readiness(platform, service)
        assert status == 200 and health["checks"]["inbox"]["required"] is False, "who only serves requests goes on serving them"
        assert health["checks"]["inbox"]["ok"] is False and health["checks"]["inbox"]["reason"], "and yet it says that events wait"
    meanwhile = driver.start(driver.order(*driver.free_connector()))
    assert meanwhile.status_code == 201, meanwhile.text
    driver.stop_patiently(running["sessionId"])
    supervisor.start("kafka")
    supervisor.wait_until_all_ready(180)
    assert assert_one_end(platform, eventually, driver, running["sessionId"], 240)["state"] == "CAPTURED"
    driver.until(meanwhile.json()["sessionId"], lambda session: session["state"] not in ("REQUESTED", "AUTHORISED"), 120, "leaving AUTHORISED")
    driver.stop_patiently(meanwhile.json()["sessionId"])
    assert_one_end(platform, eventually, driver, meanwhile.json()["sessionId"], 240)
    assert len(read_topics(platform)) > known
    for service in CONSUMERS:
        assert readiness(platform, service)[1]["checks"]["inbox"]["ok"], service
    for topic in ("charging.events", "payment.events"):
        sequences = [record.event["sequence"] for record in first_occurrences(read_topics(platform, (topic,)), key=running["sessionId"])]
        assert sequences == list(range(1, len(sequences) + 1)), topic
    assert_streams_whole(platform)


@pytest.mark.timeout(300)
def test_without_the_payment_provider_a_start_is_never_a_guess(platform, eventually, driver, without):
    without("payment-provider")
    answer = driver.start(driver.order(*driver.free_connector()))
    assert answer.status_code in (202, 502, 503), answer.text
    if answer.status_code == 202:
        session = driver.session(answer.json()["sessionId"])
        assert session["state"] in ("PREAUTH_UNKNOWN", "VOIDING", "VOIDED", "FAILED", "EXPIRED")
    else:
        assert_problem(answer, answer.status_code, answer.json()["code"])
