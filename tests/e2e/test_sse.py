"""Server-sent events: a charge live, stations live."""
import threading
import time

from person import TERMINAL, server_sent_events


def test_a_charge_is_seen_live_until_its_end(driver):
    accepted, _ = driver.started()
    session_id, seen, stopped = accepted["sessionId"], [], False
    with driver.stream(f"/charging/{session_id}/events", timeout=90) as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        for event_id, name, session in server_sent_events(answer):
            assert name == "session"
            assert event_id == str(session["version"])
            seen.append(session)
            if len({one["energyKwh"] for one in seen if one["state"] == "CHARGING" and one["energyKwh"] > 0}) >= 2 and not stopped:
                stopped = True
                assert driver.stop(session_id).status_code == 202
    assert seen[-1]["state"] == "CAPTURED", seen[-1]
    versions, energies, costs = [one["version"] for one in seen], [one["energyKwh"] for one in seen], [one["cost"]["amount"] for one in seen]
    assert versions == sorted(set(versions))
    assert energies == sorted(energies)
    assert costs == sorted(costs) and costs[-1] > 0
    assert any(session.get("powerKw", 0) > 1 and 0 < session.get("soc", 0) <= 1 for session in seen if session["state"] == "CHARGING")
    assert driver.session(session_id)["version"] == versions[-1]


def test_a_finished_session_is_one_event_and_the_end(journey):
    with journey["person"].stream(f"/charging/{journey['sessionId']}/events", timeout=20) as answer:
        events = list(server_sent_events(answer))
    assert [session["state"] for _, _, session in events] == ["CAPTURED"]


def test_a_stream_that_was_cut_goes_on_where_it_was(driver):
    accepted, _ = driver.started()
    session_id = accepted["sessionId"]
    with driver.stream(f"/charging/{session_id}/events", timeout=60) as answer:
        for event_id, _, session in server_sent_events(answer):
            if session["state"] == "CHARGING":
                break
    driver.stop_patiently(session_id)
    with driver.stream(f"/charging/{session_id}/events", {"Last-Event-ID": event_id}, timeout=60) as answer:
        later = [session for _, _, session in server_sent_events(answer)]
    assert later[-1]["state"] in TERMINAL
    assert all(session["version"] >= int(event_id) for session in later)


def test_a_stream_ends_with_the_sign_in(driver, somebody):
    """Signed out: the stream says nothing more, and is over at the latest with its next sign of life (15 s)."""
    session_id = driver.started()[0]["sessionId"]
    driver.until_charging(session_id)
    person, told = somebody(), []
    with driver.stream(f"/charging/{session_id}/events", timeout=40) as own, person.stream("/stations/events?bbox=-46.7,-23.6,-46.6,-23.5", timeout=40) as stations:
        sessions = server_sent_events(own)
        next(sessions)
        assert person.request("POST", "/auth/logout").status_code == 204
        signed_out = time.monotonic()
        for line in stations.iter_lines(chunk_size=1):
            told.append((time.monotonic() - signed_out, line))
            if told[-1][0] > 30:
                break
        assert time.monotonic() - signed_out < 25
        # Others' sign-ins are their own, and their streams go on.
        assert next(sessions)[2]["state"] == "CHARGING"
    assert not [line for after_s, line in told if after_s > 2 and line], told
    driver.stop_patiently(session_id)


def test_another_persons_stream_is_not_there(journey, somebody):
    answer = somebody().request("GET", f"/charging/{journey['sessionId']}/events", headers={"Accept": "text/event-stream"})
    assert answer.status_code == 404
    assert answer.json()["code"] == "session-not-found"


def test_connector_changes_are_seen_in_the_box(driver):
    station, connector = driver.free_connector()
    lat, lon = station["position"]["lat"], station["position"]["lon"]
    seen, ready = [], threading.Event()

    def watch():
        with driver.stream(f"/stations/events?bbox={lon - 0.01},{lat - 0.01},{lon + 0.01},{lat + 0.01}", timeout=60) as answer:
            for _, name, change in server_sent_events(answer):
                if name == "connector" and change["stationId"] == station["stationId"] and change["connectorId"] == connector["connectorId"]:
                    seen.append(change["status"])
                    ready.set()
                    if "charging" in seen:
                        return
    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    assert ready.wait(20), "the stream did not begin with what is known"
    assert seen[0] == "available"
    answer = driver.start(driver.order(station, connector))
    assert answer.status_code == 201, answer.text
    watcher.join(60)
    assert "charging" in seen, seen
    driver.stop_patiently(answer.json()["sessionId"])
    driver.until_terminal(answer.json()["sessionId"])


def test_a_stream_does_not_hold_up_a_stop_of_the_client(driver, journey):
    """Opening and leaving many streams costs nothing that stays."""
    started = time.monotonic()
    for _ in range(20):
        driver.stream("/stations/events?bbox=-46.7,-23.6,-46.6,-23.5", timeout=10).close()
    assert time.monotonic() - started < 20
