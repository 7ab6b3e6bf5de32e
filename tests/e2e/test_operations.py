"""What operators read of everybody's sessions, of stations, and of the telemetry stores through the gateway: by pseudonym, bounded, for operators only."""
import re
import time

import pytest
from contract_files import Contracts
from operators import make_operator
from person import Person, assert_problem, server_sent_events

BY_THE_GATEWAY = [operation for operation in Contracts().operations if operation.service == "gateway" and operation.path.startswith("/operations/")]
NO_TRACE = "0123456789abcdef0123456789abcdef"


@pytest.fixture(scope="module")
def viewer(platform):
    return make_operator(platform, "viewer")


@pytest.fixture(scope="module")
def charge(driver):
    """A whole charge of its own: the trace store may have forgotten the journey's."""
    return driver.charged()


def test_a_session_is_found_by_its_support_code_and_tells_everything(viewer, charge):
    found = viewer.get("/operations/charging/sessions", supportCode=charge["traceId"])["sessions"]
    assert [session["sessionId"] for session in found] == [charge["sessionId"]]
    whole = viewer.get(f"/operations/charging/sessions/{charge['sessionId']}")
    assert whole["session"]["userId"] == charge["person"].claims()["puid"]
    assert [entry["state"] for entry in whole["timeline"]][-1] == "CAPTURED"
    assert [event["sequence"] for event in whole["events"]] == list(range(1, len(whole["events"]) + 1))
    assert {"ChargingSessionRequested", "ChargingSessionStarted", "ChargingSessionEnded"} <= {event["type"] for event in whole["events"]}
    money = viewer.get(f"/operations/payment/sessions/{charge['sessionId']}")
    assert money["payments"][0]["captured"] == charge["payment"]["captured"]
    assert money["transfers"] and money["events"][-1]["type"] == "PaymentCaptured"


def test_nothing_in_it_names_the_person(viewer, charge):
    person = charge["person"]
    for path in (f"/operations/charging/sessions/{charge['sessionId']}", f"/operations/payment/sessions/{charge['sessionId']}", f"/operations/traces/{charge['traceId']}", f"/operations/logs?traceId={charge['traceId']}"):
        text = viewer.request("GET", path).text
        assert person.email not in text and person.name not in text and person.claims()["sub"] not in text, path


def test_sessions_come_page_by_page(viewer, charge):
    first = viewer.get("/operations/charging/sessions", limit=1)
    assert len(first["sessions"]) == 1
    if "nextCursor" in first:
        second = viewer.get("/operations/charging/sessions", limit=1, cursor=first["nextCursor"])["sessions"]
        assert second and second[0]["createdAt"] <= first["sessions"][0]["createdAt"]
    for query in ({"state": "ASLEEP"}, {"supportCode": "x"}, {"limit": 201}, {"live": "perhaps"}):
        assert_problem(viewer.request("GET", "/operations/charging/sessions", params=query), 422, "validation-failed")


def test_a_charge_is_seen_on_its_connector_while_it_runs(viewer, driver):
    accepted, station = driver.started()
    driver.until_charging(accepted["sessionId"])
    box = "{0:.4f},{1:.4f},{2:.4f},{3:.4f}".format(station["position"]["lon"] - .01, station["position"]["lat"] - .01, station["position"]["lon"] + .01, station["position"]["lat"] + .01)
    with viewer.request("GET", "/operations/stations/events", params={"bbox": box}, stream=True, headers={"Accept": "text/event-stream"}, timeout=60) as answer:
        assert answer.status_code == 200
        seen = next(change for _, name, change in server_sent_events(answer) if name == "connector" and change["connector"].get("charge", {}).get("sessionId") == accepted["sessionId"])
    assert seen["connector"]["charge"]["energyKwh"] > 0
    shown = viewer.get(f"/operations/stations/{station['stationId']}")
    assert accepted["sessionId"] in {connector.get("charge", {}).get("sessionId") for connector in shown["connectors"]}
    driver.stop_patiently(accepted["sessionId"])
    driver.until_terminal(accepted["sessionId"])


def test_the_trace_is_whole_with_its_lines_and_events(viewer, eventually, charge):
    trace = eventually(lambda: (answer := viewer.request("GET", f"/operations/traces/{charge['traceId']}")).status_code == 200 and answer.json(), 30, 0.5, "the trace")
    services = {span["service"] for span in trace["spans"]}
    assert {"gateway", "charging", "payment", "integrations"} <= services
    spans = {span["spanId"]: span for span in trace["spans"]}
    hops = [span for span in trace["spans"] if span["kind"] == "consumer" and span.get("parentSpanId") in spans]
    assert hops and all(spans[hop["parentSpanId"]]["kind"] == "producer" for hop in hops), "consumers hang below what was created for them"
    records = viewer.get("/operations/logs", traceId=charge["traceId"])["records"]
    assert {"log", "event"} == {record["kind"] for record in records}
    assert records == sorted(records, key=lambda record: record["at"])


def test_the_map_knows_calls_and_topics(viewer, eventually, charge):
    def known():
        edges = {(edge["client"], edge["server"]) for edge in viewer.get("/operations/services/map")["edges"]}
        return {("gateway", "charging"), ("charging", "kafka/charging.events"), ("kafka/charging.events", "payment")} <= edges
    eventually(known, 60, 1, "the edges of a charge")


def test_metrics_are_asked_within_bounds(viewer):
    now = time.time()
    up = viewer.get("/operations/metrics/query", query="up")["data"]
    assert up["resultType"] == "vector" and up["result"]
    matrix = viewer.get("/operations/metrics/query_range", query="up", start=now - 60, end=now, step=15)["data"]
    assert matrix["resultType"] == "matrix" and matrix["result"]
    refused = assert_problem(viewer.request("GET", "/operations/metrics/query", params={"query": "rate("}), 422, "validation-failed")
    assert refused["errors"][0]["pointer"] == "?query"
    for query in ({}, {"query": "up", "start": 0, "end": now, "step": 1}, {"query": "up", "start": now, "end": now - 1, "step": 15}, {"query": "u" * 4097, "start": now - 1, "end": now, "step": 1}):
        assert_problem(viewer.request("GET", "/operations/metrics/query_range", params=query), 422, "validation-failed")


def test_a_trace_that_is_not_there(viewer):
    assert_problem(viewer.request("GET", f"/operations/traces/{NO_TRACE}"), 404, "not-found")
    assert_problem(viewer.request("GET", "/operations/traces/x"), 422, "validation-failed")
    assert viewer.get("/operations/logs", traceId=NO_TRACE)["records"] == []


@pytest.mark.parametrize("operation", BY_THE_GATEWAY, ids=lambda operation: operation.id)
def test_what_the_gateway_answers_operators_is_for_them(platform, driver, operation):
    """The other operations are walked by test_authorisation; these the gateway answers itself."""
    path = re.sub(r"{\w+}", NO_TRACE, operation.path)
    assert_problem(Person(platform).request(operation.method, path), 401, "unauthenticated")
    assert_problem(driver.request(operation.method, path), 403, "forbidden")
