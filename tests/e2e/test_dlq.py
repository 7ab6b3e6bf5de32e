"""What an operator does by `./evcosta dlq` about events that stand still, without SQL: dead letters, gaps, and keys that the relay had to park."""
import json
import uuid

import psycopg
import pytest
from operators import PASSWORD, make_operator
from planted_events import authorised, event, header_bytes, now, produce, simulated, uuid7

TOPIC = "payment.events"


@pytest.fixture(scope="module")
def operators(platform):
    return make_operator(platform, "admin"), make_operator(platform, "admin")


@pytest.fixture(scope="module")
def charging(platform):
    with psycopg.connect(platform.postgres("charging", "charging", "charging"), autocommit=True) as connection:
        yield connection


@pytest.fixture(scope="module")
def dlq(platform):
    """dlq(operator, words…): the command's lines as JSON; `status` is what it must end with."""
    def run(operator, *words, status: int = 0):
        done = platform.evcosta("dlq", *words, "--as", operator.email, "--json", typed=PASSWORD + "\n", timeout=60)
        assert done.returncode == status, (words, done.returncode, done.stdout, done.stderr)
        return [json.loads(line) for line in done.stdout.splitlines()]
    return run


def standing(database, key: str) -> list:
    """Everything that stands still about a key."""
    return [database.execute(f"SELECT t::text FROM {table} t WHERE {column} = %s ORDER BY 1", [key]).fetchall()
            for table, column in (("inbox", "key"), ("inbox_stream", "key"), ("inbox_parked", "key"), ("dead_letter", "key"), ("parked", "subject"), ("outbox", "key"))]


@pytest.mark.timeout(120)
def test_a_dead_letter_is_found_looked_at_tried_and_given_up(platform, eventually, driver, operators, charging, dlq):
    first, second = operators
    key = uuid7()
    value, headers = authorised(driver.claims()["puid"], key)
    produce(platform, "payment", TOPIC, key, value, headers)
    behind, behind_headers = simulated(driver.claims()["puid"], key, 2)
    produce(platform, "payment", TOPIC, key, behind, behind_headers)
    found = eventually(lambda: [letter for letter in dlq(first, "list", "--key", key) if letter["waiting"] == 1], 30, every_s=0.5, what="the dead letter")
    assert [letter["eventId"] for letter in found] == [value["eventId"]]
    assert dlq(first, "list", "--key", key, "--reason", "conflict") == [] and dlq(first, "list", "--key", key, "--until", "1h") == []
    assert [letter["eventId"] for letter in dlq(first, "list", "--consumer", "charging", "--type", "PaymentAuthorized", "--since", "15m", "--key", key)] == [value["eventId"]]

    shown = dlq(first, "show", value["eventId"])[0]
    assert json.loads(shown["value"]) == value and {header["name"]: header["value"] for header in shown["headers"]} == headers
    assert shown["errorCode"] == "constraint-violation" and shown["history"] == []

    before = standing(charging, key)
    tried = dlq(first, "dry-run", value["eventId"], status=1)
    assert [(result["result"], result["errorCode"]) for result in tried] == [("deadAgain", "constraint-violation")]
    assert standing(charging, key) == before, "a dry run changes nothing"

    words = ("discard", value["eventId"], "--why", "a sessão nunca existiu")
    assert platform.evcosta("dlq", *words[:2], "--as", first.email).returncode == 2, "no decision without its reason"
    assert dlq(first, *words)[0]["result"] == "approvalRequired"
    assert dlq(first, *words)[0]["result"] == "approvalRequired", "one person twice is one person"
    assert [wish["requestedBy"] for wish in dlq(second, "approvals") if wish.get("eventId") == value["eventId"]] == [first.claims()["puid"]]
    assert standing(charging, key) == before
    done = dlq(second, *words)[0]
    assert (done["result"], done["followed"]) == ("discarded", 1)
    assert charging.execute("SELECT status FROM inbox WHERE event_id = %s", [value["eventId"]]).fetchone()[0] == "discarded"
    assert dlq(first, "list", "--key", key) == []

    history = dlq(first, "runs", "--event", value["eventId"])
    assert [(run["action"], run["result"]) for run in history] == [("discard", "discarded"), ("discard", "approvalRequired"), ("discard", "approvalRequired"), ("dryRun", "deadAgain")]
    assert history[0]["by"] == second.claims()["puid"] and history[0]["requestedBy"] == first.claims()["puid"] and history[0]["reason"] == "a sessão nunca existiu"
    with pytest.raises(psycopg.Error):
        charging.execute("DELETE FROM event_run")


@pytest.mark.timeout(120)
def test_a_gap_is_accepted_by_two_people(platform, eventually, driver, operators, charging, dlq):
    first, second = operators
    key, puid = uuid7(), driver.claims()["puid"]
    for sequence in (1, 3):
        produce(platform, "payment", TOPIC, key, *simulated(puid, key, sequence))
    gap = eventually(lambda: [gap for gap in dlq(first, "gaps", "--consumer", "charging") if gap["key"] == key], 30, every_s=0.5, what="the gap")[0]
    assert (gap["missingFrom"], gap["missingTo"], gap["waiting"]) == (2, 2, 1)
    words = ("accept-gap", "charging", TOPIC, key, "2-2", "--why", "o registro se perdeu")
    assert dlq(first, *words)[0]["result"] == "approvalRequired"
    dlq(second, *words[:4], "2-3", *words[5:], status=1)
    assert dlq(second, *words)[0]["result"] == "accepted"
    assert charging.execute("SELECT sequence FROM inbox_stream WHERE key = %s", [key]).fetchone()[0] == 3
    assert [run["result"] for run in dlq(first, "runs", "--key", key)] == ["accepted", "approvalRequired"]


@pytest.mark.timeout(120)
def test_a_key_that_the_relay_parked_goes_on_without_the_refused_event(platform, eventually, operators, charging, dlq):
    operator, _ = operators
    topic, key = "integration.events", f"parked-{uuid.uuid4().hex[:12]}"
    written = []
    with psycopg.connect(platform.postgres("integrations", "integrations", "integrations")) as database:
        for sequence, firmware in ((1, "x" * 1_100_000), (2, "1.0.0")):
            value, headers = event(topic, "integrations", "ExternalUpdate", key, sequence,
                                   {"kind": "stationRegistered", "provider": "ocpp", "stationId": key, "timestamp": now(), "protocol": "ocpp1.6", "vendor": "EV-Costa", "model": "Sim-60",
                                    "firmwareVersion": firmware, "connectors": [{"connectorId": 1, "type": "CCS2", "maxPowerW": 60000}]})
            database.execute("INSERT INTO outbox (event_id, topic, key, seq, subject, headers, payload) VALUES (%s, %s, %s, %s, %s, %s, %s)",
                             [value["eventId"], topic, key, sequence, key, header_bytes(headers), json.dumps(value).encode()])
            written.append(value["eventId"])
        database.execute("INSERT INTO stream (topic, key, seq) VALUES (%s, %s, 2)", [topic, key])
    parked = eventually(lambda: [parked for parked in dlq(operator, "parked", "--consumer", "integrations") if parked["key"] == key], 30, every_s=0.5, what="the parked key")[0]
    assert parked["waiting"] == 2 and [refused["eventId"] for refused in parked["refused"]] == written[:1]
    assert charging.execute("SELECT count(*) FROM inbox WHERE key = %s", [key]).fetchone()[0] == 0, "nothing of the key passes the refused event"
    place = ("integrations", topic, key)
    assert dlq(operator, "give-up", *place, "1", "--why", "grande demais")[0]["result"] == "discarded"
    assert dlq(operator, "release", *place, "--why", "segue sem ele")[0]["result"] == "released"
    eventually(lambda: charging.execute("SELECT status FROM inbox WHERE event_id = %s", [written[1]]).fetchone() == ("applied",), 40, every_s=0.3, what="the event behind it")
    assert [parked for parked in dlq(operator, "parked") if parked["key"] == key] == []
    assert [run["action"] for run in dlq(operator, "runs", "--key", key)] == ["release", "discardRejected"]


@pytest.mark.timeout(60)
def test_only_an_admin_decides_and_only_an_operator_looks(platform, driver, operators):
    viewer = make_operator(platform, "viewer")
    decision = {"eventIds": [uuid7()], "reason": "nada"}
    for person, looking, deciding in ((driver, 403, 403), (viewer, 200, 403), (operators[0], 200, 200)):
        for path in ("dead-letters", "gaps", "parked-keys", "event-approvals", "event-runs"):
            assert person.request("GET", f"/operations/payment/{path}").status_code == looking, path
        for verb in ("dry-run", "replay", "discard"):
            answer = person.request("POST", f"/operations/payment/dead-letters/{verb}", json=decision, headers={"Idempotency-Key": str(uuid.uuid4())})
            assert answer.status_code == deciding, verb
            if deciding == 200:
                assert answer.json()["results"] == [{"eventId": decision["eventIds"][0], "result": "notFound"}]
