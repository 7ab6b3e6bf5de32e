"""What stands in Kafka, read as platform-admin without a group, and its proofs."""
import json

from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaException, TopicPartition
from contract_check import StreamCheck, check_dead_letter, contracts

TOPICS = ("charging.events", "payment.events", "integration.events")


class Record:
    """One record as it is stored."""

    def __init__(self, message):
        self.topic, self.partition, self.offset = message.topic(), message.partition(), message.offset()
        self.key = (message.key() or b"").decode()
        self.headers = message.headers() or []
        self.bytes = message.value() or b""

    @property
    def event(self) -> dict:
        return json.loads(self.bytes)

    @property
    def type(self) -> str:
        return dict(self.headers).get("ce_type", b"").decode()

    def everything(self) -> bytes:
        return b"\n".join([self.key.encode(), self.bytes, *(name.encode() + b": " + (value or b"") for name, value in self.headers)])


def read_topics(platform, topics=TOPICS, principal: str = "platform-admin") -> list[Record]:
    """Everything between the beginning and the end as it is now, per topic in order of partition and offset."""
    consumer = Consumer({**platform.kafka_settings(principal), "group.id": "observability", "enable.auto.commit": False, "enable.auto.offset.store": False,
                         "auto.offset.reset": "earliest", "enable.partition.eof": False})
    try:
        ends = {}
        for topic in topics:
            for partition in consumer.list_topics(topic, timeout=20).topics[topic].partitions:
                low, high = consumer.get_watermark_offsets(TopicPartition(topic, partition), timeout=20)
                if high > low:
                    ends[topic, partition] = high
        consumer.assign([TopicPartition(topic, partition, OFFSET_BEGINNING) for topic, partition in ends])
        records, open_ends = [], dict(ends)
        while open_ends:
            message = consumer.poll(20)
            if message is None:
                raise AssertionError(f"Kafka gave no record within 20 s; still missing: {open_ends}")
            if message.error():
                raise KafkaException(message.error())
            place = message.topic(), message.partition()
            if message.offset() < ends[place]:
                records.append(Record(message))
            if message.offset() + 1 >= ends[place]:
                open_ends.pop(place, None)
        return sorted(records, key=lambda record: (record.topic, record.partition, record.offset))
    finally:
        consumer.close()


def dead_letter_topics() -> list[str]:
    return [row["name"] for row in contracts().topics["dead_letters"]]


def checked(records: list[Record]) -> StreamCheck:
    check = StreamCheck()
    for record in records:
        check.add(record.topic, record.key, record.headers, record.bytes)
    return check


def dead_letter_problems(records: list[Record]) -> list[str]:
    return [problem for record in records for problem in check_dead_letter(record.topic, record.headers)]


def first_occurrences(records: list[Record], key: str | None = None, subject: str | None = None) -> list[Record]:
    """Each event once, in order; a relay that was killed may write some again."""
    seen, kept = set(), []
    for record in records:
        if key is not None and record.key != key or subject is not None and dict(record.headers).get("ce_subject", b"").decode() != subject:
            continue
        if record.event["eventId"] not in seen:
            seen.add(record.event["eventId"])
            kept.append(record)
    return kept
