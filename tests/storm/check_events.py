"""Nothing lost, nothing out of order, nothing dead: outboxes against topics against inboxes."""
from collections import Counter, defaultdict

from evidence import Evidence
from violation import Found, Violation

# Topic → the groups that read it (what they have no handler for they still receive, and discard).
READERS = {"charging.events": ("payment", "integrations"), "payment.events": ("charging",), "integration.events": ("charging",)}
ONCE_A_SESSION = ("ChargingSessionRequested", "ChargingSessionAuthorized", "ChargingSessionEnded", "PaymentSimulated", "PaymentAuthorized", "PaymentDeclined", "PaymentCaptured",
                  "PaymentVoided")


def check_events(evidence: Evidence) -> Found:
    yield from carried(evidence)
    yield from numbered(evidence)
    yield from ordered_on_topics(evidence)
    yield from consumed(evidence)
    yield from applied_in_order(evidence)
    yield from standing_still(evidence)
    yield from said_once(evidence)


def carried(evidence: Evidence) -> Found:
    arrived = {(record["topic"], record["event_id"]): record for record in evidence["topic"]}
    committed = set()
    for row in evidence["outbox"]:
        place = row["topic"], row["event_id"]
        committed.add(place)
        record = arrived.get(place)
        if record is None:
            yield Violation("lost", row["event_id"], f"{row['type']} of {row['topic']}, key {row['key']}, sequence {row['seq']}")
        elif (record["key"], record["sha"]) != (row["key"], row["sha"]):
            yield Violation("altered", row["event_id"], f"{row['type']} of {row['topic']}, key {row['key']}, offset {record['partition']}/{record['offset']}")
    for place, record in arrived.items():
        if place not in committed:
            yield Violation("phantom", record["event_id"], f"{record['type']} of {record['topic']}, offset {record['partition']}/{record['offset']}")


def numbered(evidence: Evidence) -> Found:
    sequences = defaultdict(list)
    for row in evidence["outbox"]:
        sequences[row["topic"], row["key"]].append(row["seq"])
    for (topic, key), found in sequences.items():
        if sorted(found) != list(range(1, len(found) + 1)):
            yield Violation("numbering", key, f"{topic}: {len(found)} rows numbered {min(found)} to {max(found)}")


def ordered_on_topics(evidence: Evidence) -> Found:
    sequence_of = {(row["topic"], row["event_id"]): row["seq"] for row in evidence["outbox"]}
    seen, last, place = set(), {}, {}
    for record in sorted(evidence["topic"], key=lambda record: (record["topic"], record["partition"], record["offset"])):
        event, stream = (record["topic"], record["event_id"]), (record["topic"], record["key"])
        if place.setdefault(stream, record["partition"]) != record["partition"]:
            yield Violation("topic-order", record["key"], f"{record['topic']}: the key is in partitions {place[stream]} and {record['partition']}")
        if event in seen or event not in sequence_of:
            continue
        seen.add(event)
        sequence = sequence_of[event]
        if sequence != last.get(stream, 0) + 1:
            yield Violation("topic-order", record["key"], f"{record['topic']}: {record['type']} has sequence {sequence} after {last.get(stream, 0)}, "
                                                          f"offset {record['partition']}/{record['offset']}")
        last[stream] = max(sequence, last.get(stream, 0))


def consumed(evidence: Evidence) -> Found:
    received = {(row["consumer"], row["event_id"]) for row in evidence["inbox"]}
    for row in evidence["outbox"]:
        for group in READERS.get(row["topic"], ()):
            if (group, row["event_id"]) not in received:
                yield Violation("unconsumed", row["event_id"], f"{row['type']} of {row['topic']}, key {row['key']}, sequence {row['seq']}, by {group}")


def applied_in_order(evidence: Evidence) -> Found:
    streams = defaultdict(list)
    for row in evidence["inbox"]:
        streams[row["consumer"], row["topic"], row["key"]].append((row["sequence"], row["at"], row["event_id"], row["status"]))
    wanted = {(row["topic"], row["event_id"]): row["seq"] for row in evidence["outbox"]}
    for (consumer, topic, key), rows in streams.items():
        rows.sort()
        for before, row in zip([None, *rows], rows):
            if row[0] != wanted.get((topic, row[2]), row[0]):
                yield Violation("inbox-order", key, f"{consumer}: event {row[2]} of {topic} was taken as sequence {row[0]}")
            if before and row[0] == before[0]:
                yield Violation("inbox-order", key, f"{consumer}: sequence {row[0]} of {topic} was applied twice")
            if before and row[1] < before[1]:
                yield Violation("inbox-order", key, f"{consumer}: sequence {row[0]} of {topic} was applied {before[1] - row[1]:.3f} s before {before[0]}")


def standing_still(evidence: Evidence) -> Found:
    for row in evidence["waiting"]:
        yield Violation("stuck", row["key"], f"{row['consumer']}: sequence {row['sequence']} of {row['topic']} waits ({row['reason']})")
    for row in evidence["rejected"]:
        yield Violation("stuck", row["key"], f"{row['topic']}: the broker refused sequence {row['seq']}: {row['reason']}")
    for row in evidence["dead_letters"]:
        yield Violation("dead-letter", row["subject"], f"{row['consumer']}: {row['type']} {row['event_id']}: {row['error_code']} {row['error_detail']}")
    for row in evidence["topic"]:
        if row["topic"].endswith(".dlq"):
            yield Violation("dead-letter", row["key"], f"{row['topic']}: {row['type']} {row['event_id']}")


def said_once(evidence: Evidence) -> Found:
    said = Counter((row["key"], row["type"]) for row in evidence["outbox"] if row["type"] in ONCE_A_SESSION and row["topic"] in READERS)
    for (session, what), times in said.items():
        if times > 1:
            yield Violation("said-twice", session, f"{what} was said {times} times")
