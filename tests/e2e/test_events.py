"""What stands in Kafka: valid events, sequences without a gap, pseudonyms, and nothing about a person."""
import base64
import re

import pytest
from person import Person
from streams import TOPICS, checked, dead_letter_problems, dead_letter_topics, read_topics

PSEUDONYM = re.compile(r"p1\.[a-z2-7]{26}")


@pytest.fixture(scope="module")
def records(platform, journey):
    return read_topics(platform)


@pytest.fixture(scope="module")
def dead_letters(platform, journey):
    return read_topics(platform, dead_letter_topics())


@pytest.mark.parametrize("topic", TOPICS)
def test_every_record_is_valid_and_sequences_have_no_gap(records, topic):
    mine = [record for record in records if record.topic == topic]
    assert mine
    check = checked(mine)
    assert not check.problems, "\n".join(check.problems[:20])


def test_each_topic_carries_the_events_of_a_charge(records):
    types = {record.type for record in records}
    assert {"ChargingSessionRequested", "ChargingSessionAuthorized", "ChargingSessionStarted", "ChargingSessionUpdated", "ChargingSessionEnded", "PaymentSimulated",
            "PaymentAuthorized", "PaymentCaptured", "ExternalUpdate"} <= types


def test_people_are_pseudonyms(records):
    for record in records:
        user = record.event["userId"]
        assert user is None or PSEUDONYM.fullmatch(user), record.type
        if record.topic != "integration.events":
            assert user, record.type


def test_one_person_has_one_pseudonym_in_every_topic(records, journey):
    of_session = {record.event["userId"] for record in records if journey["sessionId"] in (record.key, record.event["data"].get("sessionId"))}
    assert of_session == {journey["person"].claims()["puid"]}


def test_the_same_key_is_always_in_the_same_partition(records):
    places = {}
    for record in records:
        places.setdefault((record.topic, record.key), set()).add(record.partition)
    assert all(len(partitions) == 1 for partitions in places.values())


def test_no_address_name_or_internal_id_in_any_topic(records, dead_letters):
    everything = b"\n".join(record.everything() for record in [*records, *dead_letters]).lower()
    for person in Person.everybody:
        secrets = [person.email, person.name]
        if person.tokens:
            secrets += [person.claims()["sub"], person.claims()["sid"]]
        for text in secrets:
            raw = text.lower().encode()
            for form in (raw, raw.hex().encode(), base64.b64encode(text.encode()).rstrip(b"=").lower()):
                assert form not in everything, f"{text} was found in Kafka"


def test_dead_letters_are_whole_and_were_not_needed(dead_letters):
    assert not dead_letter_problems(dead_letters)
    assert [(record.topic, record.type, dict(record.headers).get("dlq-error-detail")) for record in dead_letters] == []
