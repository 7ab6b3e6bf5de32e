"""POST /charging/start: what each case answers, and that no case starts or holds twice."""
import concurrent.futures
import uuid

import pytest
from person import TERMINAL, assert_problem
from streams import first_occurrences, read_topics
from traces import jaeger_trace, orphans


@pytest.fixture
def order(driver):
    station, connector = driver.free_connector()
    return driver.order(station, connector)


def start_without(driver, order, key):
    headers = {} if key is None else {"Idempotency-Key": key}
    return driver.request("POST", "/charging/start", json=order, headers=headers)


def end(driver, session_id):
    """Leaves the connector free for others."""
    driver.until(session_id, lambda s: s["state"] not in ("REQUESTED", "AUTHORISED", "PREAUTH_UNKNOWN"), 60, "leaving its first states")
    driver.stop_patiently(session_id)
    return driver.until_terminal(session_id)


def sessions_of(driver):
    return {session["sessionId"] for session in driver.get("/charging/sessions", limit=200)["sessions"]}


def holds(platform, session_id):
    """What payment said about the holds of a session, once it is settled."""
    records = first_occurrences(read_topics(platform, ("payment.events",)), key=session_id)
    return [record.type for record in records]


def test_without_a_key(driver, order):
    assert_problem(start_without(driver, order, None), 400, "idempotency-key-missing")


@pytest.mark.parametrize("key", ["with space", "acentuação", "", "k" * 256])
def test_a_key_must_be_visible_characters(driver, order, key):
    answer = start_without(driver, order, key.encode("latin-1").decode("latin-1"))
    assert answer.status_code == 400
    assert answer.json()["code"] in ("idempotency-key-invalid", "idempotency-key-missing", "bad-request")


def test_nothing_started_without_a_good_key(driver):
    assert sessions_of(driver) == set()


def test_without_a_token(driver, order, platform):
    from person import Person
    assert_problem(Person(platform).start(order), 401, "unauthenticated")


def test_the_same_key_and_body_is_answered_with_the_same_bytes(driver, order):
    key, before = str(uuid.uuid4()), sessions_of(driver)
    first = driver.start(order, key)
    assert first.status_code == 201, first.text
    assert "Idempotency-Replayed" not in first.headers
    again = driver.start(order, key)
    assert (again.status_code, again.content) == (201, first.content)
    assert again.headers["Idempotency-Replayed"] == "true"
    assert again.headers["Location"] == first.headers["Location"] == f"/charging/{first.json()['sessionId']}"
    assert sessions_of(driver) - before == {first.json()["sessionId"]}
    assert_problem(driver.start({**order, "energyLimitKwh": 29}, key), 422, "idempotency-key-reused")
    end(driver, first.json()["sessionId"])
    late = driver.start(order, key)
    assert (late.status_code, late.content) == (201, first.content)


def test_the_same_key_of_another_person_is_another_key(driver, somebody):
    key, other = str(uuid.uuid4()), somebody()
    mine, theirs = driver.start(driver.order(*driver.free_connector()), key), None
    assert mine.status_code == 201, mine.text
    theirs = other.start(other.order(*other.free_connector()), key)
    assert theirs.status_code == 201, theirs.text
    assert theirs.json()["sessionId"] != mine.json()["sessionId"]
    end(driver, mine.json()["sessionId"])
    end(other, theirs.json()["sessionId"])


def test_a_hundred_concurrent_duplicates_start_one_session_and_hold_once(platform, somebody):
    person = somebody(pool_size=100)
    order, key = person.order(*person.free_connector()), str(uuid.uuid4())
    with concurrent.futures.ThreadPoolExecutor(100) as pool:
        answers = list(pool.map(lambda _: person.start(order, key), range(100)))
    statuses = sorted({answer.status_code for answer in answers})
    assert set(statuses) <= {201, 409, 429, 503}, statuses
    accepted = [answer for answer in answers if answer.status_code == 201]
    assert accepted, statuses
    assert len({answer.content for answer in accepted}) == 1
    for answer in answers:
        if answer.status_code == 409:
            assert_problem(answer, 409, "request-in-progress")
    assert len([answer for answer in accepted if "Idempotency-Replayed" not in answer.headers]) <= 1
    session_id = accepted[0].json()["sessionId"]
    assert sessions_of(person) == {session_id}
    end(person, session_id)
    said = holds(platform, session_id)
    assert said.count("PaymentSimulated") == said.count("PaymentAuthorized") == 1, said
    assert len(person.get("/payments")["payments"]) == 1


def test_a_declined_card(driver, order):
    key = str(uuid.uuid4())
    order["paymentMethod"]["token"] = "declined"
    first = driver.start(order, key)
    assert_problem(first, 402, "payment-declined")
    again = driver.start(order, key)
    assert (again.status_code, again.content, again.headers["Idempotency-Replayed"]) == (402, first.content, "true")
    failed = driver.get("/charging/sessions", state="FAILED")["sessions"]
    assert failed and failed[0]["state"] == "FAILED"


def test_a_silent_provider_is_202_and_a_clean_end(platform, eventually, driver, order):
    order["paymentMethod"]["token"] = "silent"
    key = str(uuid.uuid4())
    first = driver.start(order, key)
    assert first.status_code == 202, first.text
    session_id = first.json()["sessionId"]
    again = driver.start(order, key)
    assert (again.status_code, again.content) == (202, first.content)
    session = driver.until_terminal(session_id, within_s=120)
    assert session["state"] in ("FAILED", "VOIDED", "EXPIRED")
    assert "STARTED" not in [entry["state"] for entry in session["timeline"]]
    assert session.get("captured", {"amount": 0})["amount"] == 0
    # What a deadline did after the answer hangs below the start, too: its event has a parent that is there.
    trace_id = first.headers["traceresponse"].split("-")[1]

    def whole():
        spans = jaeger_trace(platform, trace_id)
        failed = [span for span in spans if span["name"] == "create charging.events" and span["tags"].get("ev.event.type") == "ChargingSessionFailed"]
        return failed and failed[0]["parents"] and not orphans(spans)
    eventually(whole, 20, every_s=0.5, what="the failed session's event, with its parents, in the start's trace")


def test_a_slow_provider_never_starts_behind_the_drivers_back(driver, order):
    order["paymentMethod"]["token"] = "slow"
    answer = driver.start(order)
    assert answer.status_code in (201, 202), answer.text
    session_id = answer.json()["sessionId"]
    if answer.status_code == 201:
        end(driver, session_id)
        return
    session = driver.until_terminal(session_id, within_s=120)
    assert session["state"] in ("FAILED", "VOIDED", "EXPIRED")
    assert driver.payment(session_id)["state"] in ("voided", "failed", "expired")


@pytest.mark.parametrize("token", ["drop-after-effect", "error-after-effect", "duplicate-webhook", "webhook-first", "out-of-order", "flapping"])
def test_a_misbehaving_provider_still_has_one_hold_and_one_end(driver, order, platform, token):
    order["paymentMethod"]["token"] = token
    answer = driver.start(order)
    assert answer.status_code in (201, 202), answer.text
    session_id = answer.json()["sessionId"]
    if answer.status_code == 201:
        driver.until_charging(session_id)
        driver.stop_patiently(session_id)
    session = driver.until_terminal(session_id, within_s=120)
    assert session["state"] == "CAPTURED" if answer.status_code == 201 else session["state"] in ("FAILED", "VOIDED", "EXPIRED")
    said = holds(platform, session_id)
    assert said.count("PaymentAuthorized") <= 1
    assert said.count("PaymentCaptured") + said.count("PaymentVoided") <= 1, said


def test_an_unknown_station(driver, order):
    assert_problem(driver.start({**order, "stationId": "BR-XX-9999"}), 404, "station-not-found")


def test_an_unknown_connector(driver, order):
    assert_problem(driver.start({**order, "connectorId": 99}), 404, "connector-not-found")


def test_a_station_that_is_not_connected(driver, order):
    stations = driver.get("/stations", bbox="-75,-35,-30,6", limit=200)["stations"]
    away = next(station for station in stations if station["status"] != "online")
    answer = driver.start({**order, "stationId": away["stationId"], "connectorId": away["connectors"][0]["connectorId"]})
    assert_problem(answer, 409, "station-offline")


def test_an_occupied_connector(driver, order, somebody):
    first = driver.start(order)
    assert first.status_code == 201, first.text
    driver.until_charging(first.json()["sessionId"])
    assert_problem(somebody().start(order), 409, "connector-unavailable")
    end(driver, first.json()["sessionId"])


@pytest.mark.parametrize("wrong", [{"energyLimitKwh": 0}, {"energyLimitKwh": "30"}, {"energyLimitKwh": 501}, {"targetSoc": 1.5}, {"unknownMember": 1}, {"paymentMethod": {"type": "cash"}},
                                   {"connectorId": 0}, {"stationId": "../etc"}])
def test_a_wrong_body_names_the_member_and_changes_nothing(driver, order, wrong):
    before = sessions_of(driver)
    answer = driver.start({**order, **wrong})
    assert answer.status_code in (400, 404, 422), answer.text
    if answer.status_code == 422:
        assert any(error["pointer"].startswith("/" + next(iter(wrong))) for error in answer.json()["errors"]), answer.text
    assert sessions_of(driver) == before


def test_a_vehicle_must_be_ones_own(driver, order, somebody):
    def vehicle_of(person):
        answer = person.request("POST", "/users/me/vehicles", json={"model": "byd-dolphin-gs"})
        assert answer.status_code == 201, answer.text
        return answer.json()["vehicleId"]
    before = sessions_of(driver)
    for foreign in (vehicle_of(somebody()), str(uuid.uuid4())):
        problem = assert_problem(driver.start({**order, "vehicleId": foreign}), 422, "validation-failed")
        assert [error["pointer"] for error in problem["errors"]] == ["/vehicleId"]
    assert sessions_of(driver) == before
    own = vehicle_of(driver)
    started = driver.start({**order, "vehicleId": own})
    assert started.status_code == 201, started.text
    assert driver.session(started.json()["sessionId"])["vehicleId"] == own
    end(driver, started.json()["sessionId"])


def test_a_stop_needs_a_key_and_a_session_of_ones_own(driver, order, somebody):
    started = driver.start(order)
    assert started.status_code == 201, started.text
    session_id = started.json()["sessionId"]
    assert_problem(driver.request("POST", f"/charging/{session_id}/stop"), 400, "idempotency-key-missing")
    assert_problem(somebody().stop(session_id), 404, "session-not-found")
    assert_problem(driver.stop(str(uuid.uuid4())), 404, "session-not-found")
    driver.until_charging(session_id)
    key = str(uuid.uuid4())
    first, again = driver.stop(session_id, key), driver.stop(session_id, key)
    assert first.status_code == again.status_code == 202
    assert first.content == again.content
    assert driver.until_terminal(session_id)["state"] == "CAPTURED"
    assert_problem(driver.stop(session_id), 409, "session-not-active")


def test_every_session_of_the_driver_ended(driver):
    for session in driver.get("/charging/sessions", limit=200)["sessions"]:
        assert driver.until_terminal(session["sessionId"], 120)["state"] in TERMINAL
