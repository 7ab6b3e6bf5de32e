"""Events that no service wrote: records that a test puts on a topic or into an outbox as its producer would."""
import json
import os
import time
import uuid

import confluent_kafka


def uuid7() -> str:
    value = (int(time.time() * 1000) << 80) | (0x7 << 76) | (int.from_bytes(os.urandom(2), "big") % 4096 << 64) | (0b10 << 62) | int.from_bytes(os.urandom(8), "big") >> 2
    return str(uuid.UUID(int=value))


def now() -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime())


def event(topic: str, producer: str, kind: str, key: str, sequence: int, data: dict, user_id: str | None = None) -> tuple[dict, dict]:
    """(value, headers) of a well-formed event; its subject is its key."""
    event_id, correlation_id, trace_id, moment = uuid7(), uuid7(), os.urandom(16).hex(), now()
    if user_id is None:
        correlation_id = event_id
    value = {"eventId": event_id, "eventType": kind, "occurredAt": moment, "correlationId": correlation_id, "traceId": trace_id, "userId": user_id, "sequence": sequence, "data": data}
    headers = {"ce_specversion": "1.0", "ce_id": event_id, "ce_type": kind, "ce_source": f"/services/{producer}", "ce_time": moment, "ce_subject": key,
               "ce_partitionkey": key, "ce_correlationid": correlation_id, "ce_sequence": str(sequence), "ce_dataschema": f"urn:evcosta:schema:{topic}-{kind}:1",
               "content-type": "application/json", "traceparent": f"00-{trace_id}-{os.urandom(8).hex()}-01"}
    return value, headers


def authorised(puid: str, session_id: str, sequence: int = 1) -> tuple[dict, dict]:
    """PaymentAuthorized for a session that charging does not have (yet): well-formed, and yet it cannot be applied."""
    return event("payment.events", "payment", "PaymentAuthorized", session_id, sequence, user_id=puid,
                 data={"sessionId": session_id, "reference": f"pa-{session_id}", "paymentId": uuid7(), "held": {"amount": 100, "currency": "BRL"}, "expiresAt": now()})


def simulated(puid: str, session_id: str, sequence: int) -> tuple[dict, dict]:
    """PaymentSimulated, which charging passes over."""
    return event("payment.events", "payment", "PaymentSimulated", session_id, sequence, user_id=puid,
                 data={"sessionId": session_id, "reference": f"pa-{session_id}", "paymentId": uuid7(), "amount": {"amount": 100, "currency": "BRL"}, "method": "simulatedCard"})


def produce(platform, principal: str, topic: str, key: str, value: dict, headers: dict) -> None:
    producer = confluent_kafka.Producer({**platform.kafka_settings(principal), "enable.idempotence": True})
    producer.produce(topic, key=key, value=json.dumps(value), headers=list(headers.items()))
    assert producer.flush(15) == 0


def header_bytes(headers: dict) -> bytes:
    """As the column `headers` of an outbox holds them (kit/messaging/header_bytes.cpp)."""
    parts = [part.encode() for pair in headers.items() for part in pair]
    return b"".join(len(part).to_bytes(4, "big") + part for part in parts)
