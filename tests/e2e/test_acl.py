"""Who may do what in Kafka: the whole matrix of contracts/topics.yaml, asked from the broker, and every refusal tried for real."""
import ssl
import time

import pytest
from confluent_kafka import Consumer, ConsumerGroupTopicPartitions, KafkaError, KafkaException, Producer, TopicCollection, TopicPartition
from confluent_kafka.admin import AclBinding, AclBindingFilter, AclOperation, AclPermissionType, AdminClient, NewTopic, ResourcePatternType, ResourceType
from contract_check import contracts

CATALOGUE = contracts().topics
TOPICS = [row["name"] for row in CATALOGUE["topics"]] + [row["name"] for row in CATALOGUE["dead_letters"]]
GRANTS = {row["name"]: {(grant["topic"], operation) for grant in row["topics"] for operation in grant["operations"]} for row in CATALOGUE["principals"]}
# Certificates of the platform that have no business in Kafka.
OUTSIDERS = ["gateway", "auth", "user", "routing", "payment-provider", "charge-points", "relay-charging", "postgres", "redis"]
PRINCIPALS = [*GRANTS, *OUTSIDERS]
REFUSED = {KafkaError.TOPIC_AUTHORIZATION_FAILED, KafkaError.GROUP_AUTHORIZATION_FAILED, KafkaError.CLUSTER_AUTHORIZATION_FAILED}


def may(principal, topic, operation):
    """WRITE and READ imply DESCRIBE, as in Kafka."""
    granted = GRANTS.get(principal, set())
    return (topic, operation) in granted or operation == "DESCRIBE" and any(name == topic for name, _ in granted)


@pytest.fixture(scope="module", params=PRINCIPALS)
def principal(request):
    return request.param


@pytest.fixture(scope="module")
def allowed(platform, principal):
    """Topic → operations, as the broker itself tells this principal."""
    admin = AdminClient(platform.kafka_settings(principal))
    found = {}
    for topic, future in admin.describe_topics(TopicCollection(TOPICS), include_authorized_operations=True, request_timeout=20).items():
        try:
            found[topic] = {operation.name for operation in future.result().authorized_operations or []}
        except KafkaException as error:
            assert error.args[0].code() == KafkaError.TOPIC_AUTHORIZATION_FAILED
            found[topic] = set()
    return found


def test_the_matrix_of_topics_is_exactly_what_is_written(principal, allowed):
    for topic in TOPICS:
        expected = {operation for operation in ("WRITE", "READ", "DESCRIBE") if may(principal, topic, operation)}
        assert allowed[topic] == expected, f"{principal} on {topic}"


def test_a_refused_write_writes_nothing(platform, principal):
    refused = [topic for topic in TOPICS if not may(principal, topic, "WRITE")]
    admin = Consumer({**platform.kafka_settings("platform-admin"), "group.id": "acl-test"})
    before = {topic: ends(admin, topic) for topic in refused}
    outcomes = {}
    producer = Producer({**platform.kafka_settings(principal), "message.timeout.ms": 8000, "enable.idempotence": False})
    for topic in refused:
        producer.produce(topic, key=b"acl", value=b"{}", on_delivery=lambda error, message: outcomes.setdefault(message.topic(), error))
    producer.flush(15)
    assert {topic: error and error.code() for topic, error in outcomes.items()} == dict.fromkeys(refused, KafkaError.TOPIC_AUTHORIZATION_FAILED)
    if principal in OUTSIDERS:  # nothing of ours writes there meanwhile in the name of an outsider
        dead = [topic for topic in refused if topic.endswith(".dlq")]
        assert {topic: ends(admin, topic) for topic in dead} == {topic: before[topic] for topic in dead}
    admin.close()


def ends(consumer, topic):
    partitions = consumer.list_topics(topic, timeout=15).topics[topic].partitions
    return [consumer.get_watermark_offsets(TopicPartition(topic, partition), timeout=15)[1] for partition in sorted(partitions)]


def first_refusal_or_record(consumer, topic):
    """The refusal of the topic, or whatever record came. The refusal of the group that nobody joins comes as well and does not count."""
    deadline = time.monotonic() + 15
    while time.monotonic() < deadline:
        message = consumer.poll(1)
        if message is not None and not (message.error() and message.error().code() == KafkaError.GROUP_AUTHORIZATION_FAILED):
            return message
    pytest.fail(f"{topic}: neither a refusal nor a record within 15 s")


def test_a_refused_read_reads_nothing(platform, principal):
    for topic in TOPICS:
        if may(principal, topic, "READ"):
            continue
        consumer = Consumer({**platform.kafka_settings(principal), "group.id": f"acl-{principal}", "auto.offset.reset": "earliest"})
        if not may(principal, topic, "DESCRIBE"):
            # Not even that it is there: librdkafka learns no leader, so it never gets to fetch.
            error = consumer.list_topics(topic, timeout=15).topics[topic].error
            consumer.close()
            assert error and error.code() == KafkaError.TOPIC_AUTHORIZATION_FAILED, f"{principal} sees {topic}"
            continue
        consumer.assign([TopicPartition(topic, partition, 0) for partition in consumer.list_topics(topic, timeout=15).topics[topic].partitions])
        message = first_refusal_or_record(consumer, topic)
        consumer.close()
        assert message.error() and message.error().code() == KafkaError.TOPIC_AUTHORIZATION_FAILED, f"{principal} read {topic}: {message.value()}"


def test_a_reader_reads(platform, principal):
    readable = [topic for topic in TOPICS if may(principal, topic, "READ") and not topic.endswith(".dlq")]
    for topic in readable:
        consumer = Consumer({**platform.kafka_settings(principal), "group.id": f"acl-{principal}"})
        assert len(ends(consumer, topic)) == 6
        consumer.close()


def test_only_the_own_group_may_be_joined(platform, principal):
    owner = next((row for row in CATALOGUE["principals"] if row["name"] == principal), {"groups": []})
    own = {grant["group"] for grant in owner["groups"] if "READ" in grant["operations"]}
    admin = AdminClient(platform.kafka_settings(principal))
    for group in sorted({row["name"] for row in CATALOGUE["principals"]} - own):
        topic = next((topic for topic in TOPICS if may(principal, topic, "READ")), TOPICS[0])
        future = admin.alter_consumer_group_offsets([ConsumerGroupTopicPartitions(group, [TopicPartition(topic, 0, 0)])], request_timeout=15)[group]
        try:
            error = future.result().topic_partitions[0].error
        except KafkaException as refusal:
            error = refusal.args[0]
        assert error and error.code() in REFUSED, f"{principal} changed offsets of {group}: {error}"


def test_nobody_but_the_administrator_may_administer(platform, principal):
    admin = AdminClient(platform.kafka_settings(principal))
    binding = AclBinding(ResourceType.TOPIC, "charging.events", ResourcePatternType.LITERAL, f"User:{principal}", "*", AclOperation.WRITE, AclPermissionType.ALLOW)
    everything = AclBindingFilter(ResourceType.ANY, None, ResourcePatternType.ANY, None, None, AclOperation.ANY, AclPermissionType.ANY)
    attempts = {"create topics": admin.create_topics([NewTopic("acl-test", 1, 1)], request_timeout=15)["acl-test"],
                "delete topics": admin.delete_topics(["charging.events"], request_timeout=15)["charging.events"],
                "create access rules": admin.create_acls([binding], request_timeout=15)[binding]}
    for what, future in attempts.items():
        try:
            future.result()
        except KafkaException as refusal:
            assert refusal.args[0].code() in REFUSED, f"{principal}, {what}: {refusal}"
        else:
            pytest.fail(f"{principal} may {what}")
    # This client answers a refusal with an empty list.
    assert admin.describe_acls(everything, request_timeout=15).result() == []


def test_a_client_without_a_certificate_gets_nothing(platform):
    settings = {key: value for key, value in platform.kafka_settings("charging").items() if key not in ("ssl.certificate.location", "ssl.key.location")}
    with pytest.raises(KafkaException):
        AdminClient({**settings, "socket.timeout.ms": 5000}).list_topics(timeout=6)


def test_a_client_in_plain_text_gets_nothing(platform):
    with pytest.raises(KafkaException):
        AdminClient({"bootstrap.servers": platform.kafka, "socket.timeout.ms": 5000}).list_topics(timeout=6)


def test_tls_1_2_is_refused(platform):
    import socket
    host, port = platform.kafka.split(",")[0].rsplit(":", 1)
    context = platform.tls_context("charging")
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    with pytest.raises((ssl.SSLError, ConnectionError)):
        context.wrap_socket(socket.create_connection((host, int(port)), timeout=10), server_hostname="localhost").close()
