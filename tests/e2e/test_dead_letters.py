"""An event that cannot be applied lands in its dead-letter topic with everything that a person needs, stops only its own subject, and takes effect when it is replayed."""
import hashlib
import json
import time
import uuid

import confluent_kafka
import psycopg
import pytest
from operators import make_operator
from person import TERMINAL
from planted_events import authorised, produce, uuid7

TOPIC, GROUP = "payment.events", "charging"


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


def effects_of(database, event_id: str, session_id: str) -> list[str]:
    """What charging holds because of one event: its own rows, the facts that name it as their cause, and what it made of its session."""
    queries = (("inbox", "event_id = %(event)s::uuid"), ("dead_letter", "event_id = %(event)s::uuid"), ("outbox", "key = %(session)s AND position(%(event)s::bytea IN headers) > 0 AND topic LIKE '%%.events'"),
               ("session_timeline", "session_id = %(session)s::uuid AND state = 'AUTHORISED'"))
    return [f"{table} {row[0]}" for table, where in queries
            for row in database.execute(f"SELECT t::text FROM {table} t WHERE {where} ORDER BY 1", {"event": event_id, "session": session_id})]


def state_of_session(database, session_id: str) -> str:
    """A digest over every row that charging holds about one session, in its own tables and in those of its events; the run log only grows."""
    rows = []
    for table, where in (("session", "id = %(id)s::uuid"), ("session_timeline", "session_id = %(id)s::uuid"), ("reconciliation_case", "session_id = %(id)s::uuid"),
                         ("outbox", "key = %(id)s"), ("stream", "key = %(id)s"), ("inbox", "key = %(id)s"), ("inbox_stream", "key = %(id)s"),
                         ("inbox_parked", "key = %(id)s"), ("parked", "subject = %(id)s"), ("dead_letter", "key = %(id)s")):
        rows += [f"{table} {row[0]}" for row in database.execute(f"SELECT t::text FROM {table} t WHERE {where} ORDER BY 1", {"id": session_id})]
    assert any(row.startswith("session ") for row in rows)
    return hashlib.sha256("\n".join(rows).encode()).hexdigest()


@pytest.mark.timeout(180)
def test_a_failing_event_is_parked_told_and_replayed_by_two_people(platform, eventually, driver):
    accepted, _ = driver.started()  # a row to make the missing session from
    session_id = uuid7()
    value, headers = authorised(driver.claims()["puid"], session_id)
    produce(platform, "payment", TOPIC, session_id, value, headers)

    record = dead_record(platform, session_id)
    assert record.headers()[:len(headers)] == [(name, content.encode()) for name, content in headers.items()], "the original headers stay as they were, in their order"
    assert record.value() == json.dumps(value).encode() and record.key() == session_id.encode(), "byte for byte"
    added = record.headers()[len(headers):]
    told = {name: content.decode() for name, content in added}
    assert [name for name, _ in added] == ["dlq-original-topic", "dlq-original-partition", "dlq-original-offset", "dlq-original-timestamp", "dlq-original-group",
                                           "dlq-error-code", "dlq-error-detail", "dlq-attempts", "dlq-first-failed-at"]
    assert told["dlq-original-topic"] == TOPIC and told["dlq-original-group"] == GROUP
    assert told["dlq-error-code"] == "constraint-violation" and told["dlq-attempts"] == "1"

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
        once = effects_of(database, value["eventId"], session_id)
        assert replay(second) == "applied", "it took effect earlier"
        assert effects_of(database, value["eventId"], session_id) == once, "replaying again changes nothing, while another charge flows"
        assert len([row for row in once if row.startswith("session_timeline")]) == 1
    driver.until_charging(accepted["sessionId"])
    driver.stop(accepted["sessionId"])
    assert driver.until_terminal(accepted["sessionId"])["state"] == "CAPTURED", "others were never held up"

    # The planted session goes its own way meanwhile: its station has no such connector. Where nothing moves any more, a replay moves nothing.
    with psycopg.connect(platform.postgres("charging", "charging", "charging"), autocommit=True) as database:
        eventually(lambda: database.execute("SELECT state FROM session WHERE id = %s", [session_id]).fetchone()[0] in TERMINAL, 90, every_s=0.3, what="the end of the planted session")
        settled = state_of_session(database, session_id)
        assert replay(second) == "applied"
        assert state_of_session(database, session_id) == settled
