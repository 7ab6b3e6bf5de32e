"""Records that are really gone from Kafka: the consumer misses them, asks the producer's outbox, and ends where it would have ended. Last of all, for
afterwards the topic no longer holds what the outboxes hold."""
import re
import urllib.request

import psycopg
import pytest
import requests
from confluent_kafka import Consumer, TopicPartition
from confluent_kafka.admin import AdminClient
from person import assert_problem
from settled import APPLIED, assert_ledger_is_balanced
from streams import read_topics
from supervisor import Supervisor

TOPIC = "charging.events"


@pytest.fixture(scope="module")
def supervisor(platform):
    return Supervisor(platform)


def rows(platform, database, statement, *values):
    with psycopg.connect(platform.postgres(database, database, database)) as connection:
        return connection.execute(statement, values).fetchall()


def written(platform, key):
    return [sequence for sequence, in rows(platform, "charging", "SELECT seq FROM outbox WHERE topic = %s AND key = %s ORDER BY seq", TOPIC, key)]


def heard(platform, key):
    """The last sequence that payment has consumed."""
    return (rows(platform, "payment", "SELECT coalesce(max(sequence), 0) FROM inbox_stream WHERE topic = %s AND key = %s", TOPIC, key) or [(0,)])[0][0]


def on_topic(platform, key):
    return {record.event["sequence"] for record in read_topics(platform, (TOPIC,)) if record.key == key}


def delete_records(platform):
    """Everything that stands on the topic now."""
    consumer = Consumer({**platform.kafka_settings("platform-admin"), "group.id": "observability"})
    places = [TopicPartition(TOPIC, partition) for partition in consumer.list_topics(TOPIC, timeout=20).topics[TOPIC].partitions]
    for place in places:
        place.offset = consumer.get_watermark_offsets(place, timeout=20)[1]
    consumer.close()
    administrator = AdminClient(platform.kafka_settings("platform-admin"))  # whose end would leave its answers waiting
    for deleted in administrator.delete_records(places).values():
        deleted.result(20)


def counted(platform, process, metric, **labels):
    with urllib.request.urlopen(platform.admin_url(process) + "/metrics", timeout=5) as answer:
        text = answer.read().decode()
    wanted = [f'{name}="{value}"' for name, value in labels.items()]
    return sum(float(value) for found, value in re.findall(rf"^{metric}\{{(.*)\}} (\S+)$", text, re.MULTILINE) if all(one in found for one in wanted))


@pytest.mark.timeout(300)
def test_events_that_kafka_has_lost_come_from_the_outbox(platform, eventually, supervisor, driver):
    accepted, _ = driver.started()
    key = accepted["sessionId"]
    driver.until_charging(key)
    eventually(lambda: heard(platform, key) >= 3, 30, what="payment reading along")
    supervisor.stop("payment")
    try:
        before = heard(platform, key)
        # Meter values go on meanwhile; they reach Kafka, and are deleted there before payment has seen them.
        eventually(lambda: max(on_topic(platform, key)) >= before + 2, 30, 0.5, "two more events on the topic")
        delete_records(platform)
        assert not on_topic(platform, key), "the records are gone"
        gone_until = max(written(platform, key))
        driver.stop_patiently(key)
        eventually(lambda: any(sequence > gone_until + 1 for sequence in on_topic(platform, key)), 30, 0.5, "later events")
    finally:
        supervisor.start("payment")
    assert driver.until_terminal(key, 120)["state"] == "CAPTURED"

    present = on_topic(platform, key)
    lost = [sequence for sequence in written(platform, key) if before < sequence and sequence not in present]
    assert len(lost) >= 2
    fates = dict(rows(platform, "payment", "SELECT sequence, status FROM inbox WHERE topic = %s AND key = %s", TOPIC, key))
    assert {fates.get(sequence) for sequence in lost} <= {"applied", "discarded"}, "each of them was taken in"
    kinds = dict(rows(platform, "charging", "SELECT seq, convert_from(payload, 'UTF8')::json->>'eventType' FROM outbox WHERE topic = %s AND key = %s", TOPIC, key))
    assert all(fates[sequence] == "applied" for sequence, kind in kinds.items() if kind in APPLIED["payment"])
    assert counted(platform, "payment", "inbox_gap_events_total", topic=TOPIC, outcome="fetched") >= len(lost)
    eventually(lambda: counted(platform, "payment", "inbox_gap_keys", group="payment") == 0, 15, 0.3, "no key that waits")
    payment = driver.payment(key)
    assert payment["captured"] == payment["receipt"]["total"]
    assert_ledger_is_balanced(platform)


def test_only_a_consumer_of_the_topic_may_ask_for_its_events(platform):
    address = f"https://localhost:{platform.port('CHARGING_PORT')}/internal/charging/events"
    question = {"topic": TOPIC, "key": "x", "from": 1, "to": 2}

    def ask(service, token_of):
        token = requests.post(f"https://localhost:{platform.port('AUTH_PORT')}/internal/oauth2/token", verify=str(platform.ca_file), cert=platform.certificate(token_of),
                              data={"grant_type": "client_credentials", "client_id": token_of}, timeout=10).json()["access_token"]
        return requests.get(address, params=question, verify=str(platform.ca_file), cert=platform.certificate(service), timeout=10,
                            headers={"Authorization": f"Bearer {token}"})

    answer = ask("payment", "payment")
    assert (answer.status_code, answer.json()) == (200, {"until": 2, "events": []})
    assert ask("integrations", "integrations").status_code == 200
    assert_problem(ask("routing", "routing"), 403, "forbidden")
    assert_problem(ask("payment", "integrations"), 403, "forbidden")  # a token of another
    assert_problem(requests.get(address, params=question, verify=str(platform.ca_file), cert=platform.certificate("payment"), timeout=10), 401, "unauthenticated")
