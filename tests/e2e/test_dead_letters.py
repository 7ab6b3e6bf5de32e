"""An event that cannot be applied lands in its dead-letter topic with everything that a person needs, stops only its own subject, and takes effect when it is replayed."""
import json
import os
import time
import uuid

import confluent_kafka
import psycopg
import pytest
from operators import make_operator

TOPIC, GROUP = "payment.events", "charging"


def uuid7() -> str:
    value = (int(time.time() * 1000) << 80) | (0x7 << 76) | (int.from_bytes(os.urandom(2), "big") % 4096 << 64) | (0b10 << 62) | int.from_bytes(os.urandom(8), "big") >> 2
    return str(uuid.UUID(int=value))


def poisoned_record(puid: str, session_id: str) -> tuple[dict, dict]:
    """PaymentAuthorized for a session that charging does not have (yet): well-formed, and yet it cannot be applied."""
    event_id, correlation_id, trace_id = uuid7(), uuid7(), os.urandom(16).hex()
    moment = time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime())
    value = {"eventId": event_id, "eventType": "PaymentAuthorized", "occurredAt": moment, "correlationId": correlation_id, "traceId": trace_id, "userId": puid, "sequence": 1,
             "data": {"sessionId": session_id, "reference": f"pa-{session_id}", "paymentId": uuid7(), "held": {"amount": 100, "currency": "BRL"}, "expiresAt": moment}}
    headers = {"ce_specversion": "1.0", "ce_id": event_id, "ce_type": "PaymentAuthorized", "ce_source": "/services/payment", "ce_time": moment, "ce_subject": session_id,
               "ce_partitionkey": session_id, "ce_correlationid": correlation_id, "ce_sequence": "1", "ce_dataschema": "urn:evcosta:schema:payment.events-PaymentAuthorized:1",
               "content-type": "application/json", "traceparent": f"00-{trace_id}-{os.urandom(8).hex()}-01"}
    return value, headers


def produce(platform, key: str, value: dict, headers: dict) -> None:
    producer = confluent_kafka.Producer({**platform.kafka_settings("payment"), "enable.idempotence": True})
    producer.produce(TOPIC, key=key, value=json.dumps(value), headers=list(headers.items()))
    assert producer.flush(15) == 0


def dead_record(platform, session_id: str, within_s: float = 30):
    consumer = confluent_kafka.Consumer({**platform.kafka_settings("platform-admin"), "group.id": f"test-{uuid.uuid4()}", "auto.offset.reset": "earliest", "enable.auto.commit": False})
    consumer.subscribe([f"{TOPIC}.{GROUP}.dlq"])
    try:
        deadline = time.monotonic() + within_s
        while time.monotonic() < deadline:
            record = consumer.poll(0.5)
            if record is not None and record.error() is None and record.key() == session_id.encode():
                return record
    finally:
        consumer.close()
    pytest.fail("no dead letter arrived")


@pytest.mark.timeout(180)
def test_a_failing_event_is_parked_told_and_replayed_by_two_people(platform, eventually, driver):
    accepted, _ = driver.started()  # a row to make the missing session from
    session_id = uuid7()
    value, headers = poisoned_record(driver.claims()["puid"], session_id)
    produce(platform, session_id, value, headers)

    record = dead_record(platform, session_id)
    told = {name: content.decode() for name, content in record.headers()}
    assert {name: told[name] for name in headers} == headers, "the original headers stay as they were"
    assert json.loads(record.value()) == value
    assert told["dlq-original-topic"] == TOPIC and told["dlq-original-group"] == GROUP
    assert {"dlq-original-partition", "dlq-original-offset", "dlq-original-timestamp", "dlq-error-code", "dlq-error-detail", "dlq-attempts", "dlq-first-failed-at"} <= set(told)

    first, second = make_operator(platform, "admin"), make_operator(platform, "admin")
    listed = first.get(f"/operations/{GROUP}/dead-letters", limit=200)["deadLetters"]
    assert value["eventId"] in [letter["eventId"] for letter in listed]
    assert driver.request("GET", f"/operations/{GROUP}/dead-letters").status_code == 403

    def replay(person):
        answer = person.request("POST", f"/operations/{GROUP}/dead-letters/replay", headers={"Idempotency-Key": str(uuid.uuid4())},
                                json={"eventIds": [value["eventId"]], "reason": "the session is there now"})
        assert answer.status_code == 200, answer.text
        return answer.json()["results"][0]["result"]

    assert replay(first) == "approvalRequired"
    assert replay(first) == "approvalRequired", "the same person twice is one person"
    assert replay(second) == "deadAgain", "the session is still missing"

    with psycopg.connect(platform.postgres("charging", "charging", "charging"), autocommit=True) as database:
        columns = [row[0] for row in database.execute("SELECT column_name FROM information_schema.columns WHERE table_name = 'session' ORDER BY ordinal_position")]
        other = {"id": "%(id)s", "correlation_id": "%(correlation)s", "reference": "%(reference)s", "connector_id": "255", "state": "'REQUESTED'", "version": "1",
                 "deadline_at": "now() + interval '10 minutes'"}
        chosen = ", ".join(other.get(column, column) for column in columns)
        database.execute(f"INSERT INTO session ({', '.join(columns)}) SELECT {chosen} FROM session WHERE id = %(from)s",
                         {"id": session_id, "correlation": value["correlationId"], "reference": f"pa-{session_id}", "from": accepted["sessionId"]})
        assert replay(second) == "applied"
        assert database.execute("SELECT state FROM session WHERE id = %s", [session_id]).fetchone()[0] == "AUTHORISED"
    assert replay(second) in ("applied", "notFound"), "replaying again changes nothing"
    driver.until_charging(accepted["sessionId"])
    driver.stop(accepted["sessionId"])
    assert driver.until_terminal(accepted["sessionId"])["state"] == "CAPTURED", "others were never held up"
