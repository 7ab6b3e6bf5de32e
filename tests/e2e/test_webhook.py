"""Signed calls of partners: a good one is published once, a wrong or old one changes nothing."""
import base64
import hashlib
import hmac
import json
import time
import uuid

import pytest
from person import Person, assert_problem
from streams import first_occurrences, read_topics

PROVIDER = "/integrations/demo-provider/updates"
PAYMENT = "/payments/provider/webhooks"


def signature(secret: str, call_id: str, timestamp: str, body: bytes) -> str:
    digest = hmac.new(secret.encode(), f"{call_id}.{timestamp}.".encode() + body, hashlib.sha256).digest()
    return "v1," + base64.b64encode(digest).decode()


@pytest.fixture(scope="module")
def partner(platform):
    """Somebody without a token: the signature is all that counts."""
    return Person(platform)


@pytest.fixture(scope="module")
def station(driver):
    """A station that no simulated charge point serves: what the provider says about it disturbs nobody."""
    return next(s for s in driver.get("/stations", bbox="-75,-35,-30,6", limit=200)["stations"] if s["status"] == "unknown")


def update_of(station, status="unavailable") -> bytes:
    return json.dumps({"kind": "connectorStatus", "stationId": station["stationId"], "connectorId": station["connectors"][0]["connectorId"], "status": status,
                       "timestamp": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())}).encode()


def send(partner, path, secret, body, call_id=None, timestamp=None, **replaced):
    call_id, timestamp = call_id or uuid.uuid4().hex, timestamp or str(int(time.time()))
    headers = {"Content-Type": "application/json", "webhook-id": call_id, "webhook-timestamp": timestamp, "webhook-signature": signature(secret, call_id, timestamp, body)}
    headers = {name: value for name, value in {**headers, **replaced}.items() if value is not None}
    return partner.request("POST", path, data=body, headers=headers)


@pytest.fixture(scope="module")
def secret(platform):
    """Each provider has a secret of its own (services/integrations/README.md)."""
    return hmac.new(platform.secret("integrations-webhook").encode(), b"demo-provider", hashlib.sha256).hexdigest()


def test_a_signed_update_is_published_once_however_often_it_is_sent(platform, partner, station, secret, driver, eventually):
    call_id, body = uuid.uuid4().hex, update_of(station)
    first = send(partner, PROVIDER, secret, body, call_id)
    assert first.status_code == 202, first.text
    again = send(partner, PROVIDER, secret, body, call_id, str(int(time.time()) + 1))
    assert (again.status_code, again.json()) == (202, first.json())

    def published():
        return [r for r in first_occurrences(read_topics(platform, ("integration.events",))) if r.event["eventId"] == first.json()["eventId"]]
    events = eventually(published, 20, every_s=0.5, what="the ExternalUpdate")
    assert len(events) == 1
    assert events[0].event["data"]["kind"] == "connectorStatus"
    assert events[0].event["userId"] is None
    eventually(lambda: driver.get(f"/stations/{station['stationId']}")["connectors"][0]["status"] == "unavailable", 20, every_s=0.5, what="the station's new status")


@pytest.mark.parametrize("timestamp_off_s", [-301, -86400, 301, 86400])
def test_an_old_or_future_signature_is_refused(partner, station, secret, timestamp_off_s):
    assert_problem(send(partner, PROVIDER, secret, update_of(station), timestamp=str(int(time.time()) + timestamp_off_s)), 401, "signature-invalid")


@pytest.mark.parametrize("header", ["webhook-id", "webhook-timestamp", "webhook-signature"])
def test_a_missing_header_is_refused(partner, station, secret, header):
    assert_problem(send(partner, PROVIDER, secret, update_of(station), **{header: None}), 401, "signature-invalid")


@pytest.mark.parametrize("wrong", ["v1,", "v1,AAAA", "", "v2,x", "v1," + "A" * 44, "v1," + "A" * 2000])
def test_a_wrong_signature_is_refused(partner, station, secret, wrong):
    assert_problem(send(partner, PROVIDER, secret, update_of(station), **{"webhook-signature": wrong}), 401, "signature-invalid")


def test_a_changed_body_is_refused(partner, station, secret):
    body = update_of(station)
    call_id, timestamp = uuid.uuid4().hex, str(int(time.time()))
    good = signature(secret, call_id, timestamp, body)
    assert_problem(send(partner, PROVIDER, secret, body + b" ", call_id, timestamp, **{"webhook-signature": good}), 401, "signature-invalid")


def test_another_secret_and_another_call_id_are_refused(partner, station, secret):
    assert_problem(send(partner, PROVIDER, "0" * 64, update_of(station)), 401, "signature-invalid")
    body, timestamp = update_of(station), str(int(time.time()))
    assert_problem(send(partner, PROVIDER, secret, body, "one", timestamp, **{"webhook-signature": signature(secret, "two", timestamp, body)}), 401, "signature-invalid")


def test_one_good_signature_of_several_is_enough(partner, station, secret):
    body, call_id, timestamp = update_of(station), uuid.uuid4().hex, str(int(time.time()))
    both = f"{signature('0' * 64, call_id, timestamp, body)} {signature(secret, call_id, timestamp, body)}"
    assert send(partner, PROVIDER, secret, body, call_id, timestamp, **{"webhook-signature": both}).status_code == 202


def test_a_signed_update_that_says_nothing_known_is_refused_with_its_member(partner, station, secret):
    wrong = json.dumps({**json.loads(update_of(station)), "status": "onFire"}).encode()
    answer = send(partner, PROVIDER, secret, wrong)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"] == "/status"


def test_an_unknown_provider_is_no_different_from_a_wrong_signature(partner, station, secret):
    answer = send(partner, "/integrations/nobody/updates", secret, update_of(station))
    assert answer.status_code in (401, 404), answer.text


@pytest.mark.parametrize("fault", [{"webhook-signature": "v1,AAAA"}, {"webhook-signature": None}, {"timestamp": "1"}])
def test_a_payment_webhook_without_a_good_signature_is_refused(platform, partner, journey, fault):
    body = json.dumps({"type": "void.succeeded", "reference": journey["payment"]["reference"], "operationKey": "x", "amount": journey["payment"]["held"],
                       "occurredAt": "2026-01-01T00:00:00Z"}).encode()
    assert_problem(send(partner, PAYMENT, platform.secret("payment-provider-webhook"), body, **fault), 401, "signature-invalid")
    assert journey["person"].payment(journey["sessionId"]) == journey["payment"]
