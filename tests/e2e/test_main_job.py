"""The main job: a driver charges and pays, and one trace shows it all."""
import json
import sys

import pytest
from streams import read_topics
from traces import jaeger_trace, orphans

SERVICES = ("gateway", "charging", "payment", "integrations")
# producer, topic, consumer: the hops that every charge makes.
HOPS = [("charging", "charging.events", "payment"), ("charging", "charging.events", "integrations"), ("payment", "payment.events", "charging"),
        ("integrations", "integration.events", "charging")]
# A stop is a request of its own, so this fact, and the result of the command that it leads to, belong to the stop's trace.
OF_THE_STOP = {"ChargingSessionStopRequested"}


def hops(spans):
    """(producer, topic, consumer) of every `process` span whose parent is a `create` span of the same trace."""
    by_id = {span["id"]: span for span in spans}
    found = set()
    for span in spans:
        if span["kind"] == "consumer" and span["name"].startswith("process "):
            for parent in (by_id.get(one) for one in span["parents"]):
                if parent and parent["kind"] == "producer" and parent["name"].startswith("create "):
                    assert parent["name"].split()[1] == span["name"].split()[1]
                    found.add((parent["service"], span["name"].split()[1], span["service"]))
    return found


@pytest.fixture(scope="module")
def spans(platform, journey, eventually):
    def whole():
        found = jaeger_trace(platform, journey["traceId"])
        return found if hops(found) >= set(HOPS) else None
    try:
        return eventually(whole, 20, every_s=0.5, what="the whole trace")
    except pytest.fail.Exception:
        return jaeger_trace(platform, journey["traceId"])


def test_the_charge_ends_captured_with_its_whole_story(journey):
    session = journey["session"]
    assert session["state"] == "CAPTURED"
    states = [entry["state"] for entry in session["timeline"]]
    for state in ("REQUESTED", "AUTHORISED", "STARTED", "CHARGING", "STOPPING", "ENDED", "CAPTURED"):
        assert state in states, states
    assert [entry["at"] for entry in session["timeline"]] == sorted(entry["at"] for entry in session["timeline"])


def test_the_capture_is_the_metered_energy_times_the_tariff(platform, journey):
    sys.path.insert(0, str(platform.root / "tools"))
    from driver import price_of

    payment, receipt = journey["payment"], journey["payment"]["receipt"]
    assert receipt["energyKwh"] == journey["session"]["energyKwh"] >= 1
    due = price_of(journey["station"]["price"], receipt)
    assert payment["captured"] == {"amount": due, "currency": "BRL"} == receipt["total"] == journey["session"]["cost"]
    assert sum(line["amount"]["amount"] for line in receipt["lines"]) == due
    assert payment["held"]["amount"] == payment["captured"]["amount"] + payment["released"]["amount"]
    assert payment["receivable"]["amount"] == 0


def test_the_receipt_can_be_read_by_its_id_and_by_nobody_else(journey, somebody):
    payment_id = journey["payment"]["paymentId"]
    assert journey["person"].get(f"/payments/{payment_id}") == journey["payment"]
    stranger = somebody()
    for path in (f"/payments/{payment_id}", f"/charging/{journey['sessionId']}"):
        assert stranger.request("GET", path).status_code == 404
    assert stranger.get("/payments", sessionId=journey["sessionId"])["payments"] == []


def test_the_session_is_in_the_drivers_list(journey):
    sessions = journey["person"].get("/charging/sessions")["sessions"]
    assert [session["sessionId"] for session in sessions] == [journey["sessionId"]]


def test_one_trace_holds_spans_of_every_service(spans):
    assert set(SERVICES) <= {span["service"] for span in spans}, sorted({(span["service"], span["name"]) for span in spans})
    roots = [span for span in spans if span["service"] == "gateway" and span["kind"] == "server"]
    assert any(span["name"] == "POST /charging/start" for span in roots), [span["name"] for span in roots]


def test_kafka_hops_are_parent_and_child(spans):
    missing = set(HOPS) - hops(spans)
    assert not missing, sorted(span["service"] + ": " + span["name"] for span in spans if span["kind"] in ("producer", "consumer"))


def test_every_span_has_its_parent_in_the_trace(platform, journey, eventually, spans):
    def whole():
        """Each process exports in its own rhythm: a child may be there before its parent."""
        known = jaeger_trace(platform, journey["traceId"])
        return len(known) >= len(spans) and not orphans(known)
    eventually(whole, 20, every_s=0.5, what="every span's parent")


def test_the_trace_id_is_in_the_logs_of_each_service(platform, journey, eventually):
    def missing():
        without = []
        for service in SERVICES:
            lines = (platform.log_dir / f"{service}.log").read_text(encoding="utf-8", errors="replace").splitlines()
            found = [json.loads(line) for line in lines if journey["traceId"] in line and line.startswith("{")]
            if not any(entry["traceId"] == journey["traceId"] and entry["service.name"] == service and len(entry["spanId"]) == 16 for entry in found):
                without.append(service)
        return without
    eventually(lambda: not missing(), 5, what=f"log lines of every service (missing: {missing()})")


def test_the_events_of_the_session_carry_the_trace_and_a_pseudonym(platform, journey):
    claims = journey["person"].claims()
    records = [record for record in read_topics(platform) if record.event["data"].get("sessionId") == journey["sessionId"]
               or dict(record.headers).get("ce_correlationid", b"").decode() == journey["sessionId"]]
    types = {record.type for record in records}
    assert {"ChargingSessionRequested", "ChargingSessionAuthorized", "ChargingSessionStarted", "ChargingSessionUpdated", "ChargingSessionStopRequested",
            "ChargingSessionEnded", "PaymentSimulated", "PaymentAuthorized", "PaymentCaptured"} <= types
    for record in records:
        event = record.event
        assert event["userId"] == claims["puid"]
        if record.type not in OF_THE_STOP and event["data"].get("kind") != "commandResult":
            assert event["traceId"] == journey["traceId"], record.type
    assert len({record.event["correlationId"] for record in records}) == 1


def test_what_the_station_said_joins_the_drivers_trace(platform, journey):
    kinds = {record.event["data"]["kind"] for record in read_topics(platform, ("integration.events",)) if record.event["traceId"] == journey["traceId"]}
    assert {"transactionStarted", "meterValues", "transactionEnded"} <= kinds


def test_evcosta_trace_shows_it_to_a_person(platform, journey, eventually):
    def shown():
        answer = platform.evcosta("trace", journey["traceId"])
        text = answer.stdout
        return answer if answer.returncode == 0 and all(service in text for service in SERVICES) and "create charging.events" in text and "PaymentCaptured" in text else None
    text = eventually(shown, 30, every_s=1, what="./evcosta trace with every service, hops and events").stdout
    for hop in ("create charging.events", "process charging.events", "create payment.events", "process payment.events", "create integration.events", "process integration.events"):
        assert hop in text, text


def test_the_demo_does_the_main_job(platform):
    answer = platform.evcosta("demo", "--json", "--count", "3", timeout=280)
    charges = [json.loads(line) for line in answer.stdout.splitlines()]
    assert answer.returncode == 0, answer.stdout + answer.stderr
    assert len(charges) == 3
    assert all(charge["ok"] and charge["captured"] == charge["due"] > 0 for charge in charges)


@pytest.mark.long
@pytest.mark.timeout(3600)
def test_fifty_demos_in_a_row(platform):
    answer = platform.evcosta("demo", "--quiet", "--count", "50", timeout=3500)
    assert answer.returncode == 0, answer.stdout + answer.stderr
    assert "50 successes, 0 failures" in answer.stdout
