"""The checker that the whole-system tests use: good exchanges and records pass, each planted fault is seen."""
import copy
import json

import pytest
from contract_check import ContractViolation, StreamCheck, check_dead_letter, check_exchange, check_record, checked_session
from contract_files import Contracts

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
EDGE = {"traceresponse": f"00-{TRACE}-00f067aa0ba902b7-01", "server-timing": f'traceparent;desc="00-{TRACE}-00f067aa0ba902b7-01"'}
PERSONAL = {**EDGE, "content-type": "application/json", "cache-control": "no-store"}
SESSION = "0198c1d2-79ff-7abc-9def-000000005e55"
STARTED = {
    "sessionId": SESSION, "state": "AUTHORISED", "station": {"stationId": "BR-PRT-0001", "name": "Paraty"},
    "connector": {"connectorId": 1, "type": "CCS2", "maxPowerKw": 60}, "createdAt": "2026-11-23T17:04:05.123Z",
    "preauthorisation": {"amount": {"amount": 6570, "currency": "BRL"}, "reference": "pa-1"},
}
REQUEST = {"stationId": "BR-PRT-0001", "connectorId": 1, "paymentMethod": {"type": "simulated-card", "token": "approved"}}


def start(status=201, body=STARTED, headers=None, request=REQUEST) -> list[str]:
    fields = {**PERSONAL, "location": f"/charging/{SESSION}"} if headers is None else headers
    return check_exchange("POST", "/charging/start", status, fields, json.dumps(body).encode(), json.dumps(request).encode(), "application/json")


def problem(code: str, status: int, path: str = "/charging/start", method: str = "POST", headers=None, **changes) -> list[str]:
    title = Contracts().errors.get(code, {}).get("title", "?")
    body = {"type": f"/problems/{code}", "title": title, "status": status, "code": code, "traceId": TRACE, **changes}
    fields = {**EDGE, "content-type": "application/problem+json"} if headers is None else headers
    return check_exchange(method, path, status, fields, json.dumps(body).encode())


def without(mapping: dict, *names: str) -> dict:
    return {name: value for name, value in mapping.items() if name not in names}


def test_good_exchanges_pass():
    assert start() == []
    assert start(202) == []
    assert problem("station-offline", 409) == []
    assert problem("not-found", 404, "/nowhere", "GET") == []
    assert check_exchange("GET", "https://localhost:8443/stations?near=-23,-44", 200, {**EDGE, "content-type": "application/json"}, b'{"stations":[]}') == []
    assert check_exchange("POST", "/auth/register", 202, EDGE, b"", b'{"email":"a@b.c","password":"fifteen-letters","name":"A"}', "application/json") == []


def test_a_stop_without_a_body_and_with_an_empty_object():
    answer = json.dumps({"sessionId": SESSION, "state": "STOPPING"}).encode()
    assert check_exchange("POST", f"/charging/{SESSION}/stop", 202, PERSONAL, answer) == []
    assert check_exchange("POST", f"/charging/{SESSION}/stop", 202, PERSONAL, answer, b"{}", "application/json") == []


BAD_EXCHANGES = {
    "an unknown member": lambda: start(body={**STARTED, "debug": 1}),
    "a missing member": lambda: start(body=without(STARTED, "preauthorisation")),
    "a wrong type": lambda: start(body={**STARTED, "connector": {"connectorId": "1", "type": "CCS2", "maxPowerKw": 60}}),
    "money as a fraction": lambda: start(body={**STARTED, "preauthorisation": {"amount": {"amount": 65.7, "currency": "BRL"}, "reference": "pa-1"}}),
    "an undocumented status": lambda: start(200),
    "no Location": lambda: start(headers=PERSONAL),
    "personal and cacheable": lambda: start(headers={**without(PERSONAL, "cache-control"), "location": "/x"}),
    "no trace": lambda: start(headers={**without(PERSONAL, "traceresponse"), "location": "/x"}),
    "an accepted request that is not in the contract": lambda: start(request={**REQUEST, "discount": 1}),
    "another content type": lambda: start(headers={**PERSONAL, "content-type": "text/plain", "location": "/x"}),
    "a served path without an operation": lambda: check_exchange("GET", "/debug", 200, EDGE, b""),
    "an internal operation at the edge": lambda: check_exchange("GET", "/internal/stations", 200, PERSONAL, b'{"version":0,"more":false,"stations":[]}'),
    "a problem of another operation": lambda: problem("payment-not-found", 404),
    "a code that does not exist": lambda: problem("station-lost", 404),
    "a status that is not the code's": lambda: problem("station-offline", 404),
    "another title": lambda: problem("station-offline", 409, title="Oops"),
    "a problem without a trace": lambda: problem("station-offline", 409, traceId="0" * 32),
    "another trace than the answer's": lambda: problem("station-offline", 409, traceId="a" * 32),
    "an unknown member of a problem": lambda: problem("station-offline", 409, stack="at main()"),
    "an error that is no problem": lambda: problem("station-offline", 409, headers={**EDGE, "content-type": "application/json"}),
    "no Retry-After": lambda: problem("service-unavailable", 503),
    "a body where none is documented": lambda: check_exchange("POST", "/auth/register", 202, {**EDGE, "content-type": "application/json"}, b"{}"),
}


@pytest.mark.parametrize("name", BAD_EXCHANGES)
def test_a_bad_exchange_is_seen(name):
    assert BAD_EXCHANGES[name]() != []


def test_a_checked_session_raises():
    class Session:
        hooks = {"response": []}

    class Answer:
        request = type("Request", (), {"method": "GET", "url": "https://localhost:8443/stations", "body": None, "headers": {}})
        status_code, content = 200, b'{"stations":[],"total":0}'
        headers = {**EDGE, "content-type": "application/json"}

    hook = checked_session(Session()).hooks["response"][-1]
    with pytest.raises(ContractViolation, match="total"):
        hook(Answer)
    Answer.content = b'{"stations":[]}'
    assert hook(Answer) is Answer


# --- records

def record(event_type: str = "ChargingSessionEnded", topic: str = "charging.events", index: int = 0):
    schema = Contracts().event_schemas[event_type]
    event = copy.deepcopy(schema["examples"][index])
    data = event["data"]
    key = data["sessionId"] if topic != "integration.events" else data["stationId"]
    subject = key if topic != "integration.events" or not data.get("connectorId") else f"{key}/{data['connectorId']}"
    source = {"charging.events": "charging", "payment.events": "payment", "integration.events": "integrations"}[topic]
    headers = {"ce_specversion": "1.0", "ce_id": event["eventId"], "ce_type": event_type, "ce_source": f"/services/{source}", "ce_time": event["occurredAt"],
               "ce_subject": subject, "ce_partitionkey": key, "ce_correlationid": event["correlationId"], "ce_sequence": str(event["sequence"]),
               "ce_dataschema": schema["$id"], "content-type": "application/json", "traceparent": f"00-{event['traceId']}-00f067aa0ba902b7-01"}
    return topic, key, headers, event


def problems_of(topic, key, headers, event) -> list[str]:
    return check_record(topic, key, [(name, value.encode()) for name, value in headers.items()], json.dumps(event).encode())


def test_every_example_is_a_good_record():
    known = Contracts()
    for topic in known.topics["topics"]:
        for event_type in topic["events"]:
            for index in range(len(known.event_schemas[event_type]["examples"])):
                assert problems_of(*record(event_type, topic["name"], index)) == []


HEADER_FAULTS = {
    "ce_id": "0198c1d2-7a3b-7c4d-8e5f-000000000000", "ce_type": "ChargingSessionStarted", "ce_source": "/services/payment", "ce_time": "2026-11-23T17:04:06.123Z",
    "ce_subject": "other", "ce_partitionkey": "other", "ce_correlationid": "0198c1d2-7a3b-7c4d-8e5f-000000000000", "ce_sequence": "4", "ce_specversion": "0.3",
    "ce_dataschema": "urn:evcosta:schema:charging.events-ChargingSessionStarted:1", "content-type": "text/plain", "traceparent": f"00-{'a' * 32}-00f067aa0ba902b7-01",
}


@pytest.mark.parametrize("field", HEADER_FAULTS)
def test_a_header_that_disagrees_or_is_missing_is_seen(field):
    topic, key, headers, event = record()
    assert problems_of(topic, key, {**headers, field: HEADER_FAULTS[field]}, event) != []
    assert problems_of(topic, key, without(headers, field), event) != []


def test_a_stored_event_is_held_against_the_version_it_was_written_with():
    topic, key, headers, event = record()
    first = Contracts().earlier_schemas["ChargingSessionEnded"][1]
    headers["ce_dataschema"] = first["$id"]
    assert any("endSoc" in problem for problem in problems_of(topic, key, headers, event)), "version 1 knew no endSoc"
    event["data"].pop("endSoc")
    assert problems_of(topic, key, headers, event) == []
    headers["ce_dataschema"] = first["$id"].replace(":1", ":99")
    assert problems_of(topic, key, headers, event) != [], "a version that was never written down"


def test_unknown_headers_and_doubled_ones_are_seen():
    topic, key, headers, event = record()
    assert problems_of(topic, key, {**headers, "x-debug": "1"}, event) != []
    doubled = [(name, value.encode()) for name, value in headers.items()] + [("ce_id", event["eventId"].encode())]
    assert check_record(topic, key, doubled, json.dumps(event).encode()) != []


VALUE_FAULTS = {
    "a renamed member": lambda event: event["data"].update(energy=event["data"].pop("energyWh")),
    "an unknown member": lambda event: event["data"].update(email="x"),
    "an internal user id": lambda event: event.update(userId="7f1c2d3e"),
    "no user": lambda event: event.update(userId=None),
    "a fraction of money": lambda event: event["data"]["finalPrice"].update(amount=48.86),
    "a type of another topic": lambda event: event.update(eventType="PaymentCaptured"),
    "a sequence from zero": lambda event: event.update(sequence=0),
}


@pytest.mark.parametrize("name", VALUE_FAULTS)
def test_a_value_that_is_not_in_the_contract_is_seen(name):
    topic, key, headers, event = record()
    VALUE_FAULTS[name](event)
    assert problems_of(topic, key, headers, event) != []


def test_events_about_no_person_correlate_with_themselves():
    topic, key, headers, event = record("ExternalUpdate", "integration.events")
    event["correlationId"] = headers["ce_correlationid"] = "0198c1d2-7a3b-7c4d-8e5f-00000000ffff"
    assert problems_of(topic, key, headers, event) != []


def test_sequences_are_counted_on_first_occurrences():
    stream = StreamCheck()

    def add(sequence: int, **changes):
        topic, key, headers, event = record()
        event["eventId"] = headers["ce_id"] = f"0198c1d2-7a3b-7c4d-8e5f-{sequence:012x}"
        event["sequence"], headers["ce_sequence"] = sequence, str(sequence)
        event["data"].update(changes)
        stream.add(topic, key, [(name, value.encode()) for name, value in headers.items()], json.dumps(event).encode())

    for sequence in (1, 2, 1, 2, 3):  # a relay that starts again writes old ones once more
        add(sequence)
    assert stream.problems == []
    add(5)
    assert "sequence 5 where 4 was due" in stream.problems[-1]
    add(2, energyWh=1)
    assert "different values" in stream.problems[-1]


def test_an_address_in_an_event_is_seen():
    topic, key, headers, event = record()
    event["data"]["stationName"] = "ana@example.org"
    stream = StreamCheck()
    stream.add(topic, key, [(name, value.encode()) for name, value in headers.items()], json.dumps(event).encode())
    assert any("e-mail" in problem for problem in stream.problems)


def test_dead_letters():
    headers = {"dlq-original-topic": "charging.events", "dlq-original-partition": "3", "dlq-original-offset": "17", "dlq-original-timestamp": "1700000000000",
               "dlq-original-group": "payment", "dlq-error-code": "schema-invalid", "dlq-error-detail": "no data", "dlq-attempts": "1", "dlq-first-failed-at": "2026-11-23T17:04:05.123Z"}

    def check(topic, **changes):
        return check_dead_letter(topic, [(name, value.encode()) for name, value in {**headers, **changes}.items()])

    assert check("charging.events.payment.dlq") == []
    assert check("charging.events.integrations.dlq") != []
    assert check("charging.events.payment.dlq", **{"dlq-error-code": "oops"}) != []
    assert check("charging.events.payment.dlq", **{"dlq-attempts": "0"}) != []
