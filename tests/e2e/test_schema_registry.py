"""The schema registry as it runs: what is registered, who may, what it refuses, and that nothing depends on it while it is away."""
import base64
import copy
import json
import re
import urllib.request
from pathlib import Path

import psycopg
import pytest
import requests
from contract_check import checked_session, contracts
from jsonschema import Draft202012Validator
from schema_compatibility import incompatibilities
from settled import assert_one_end, assert_streams_whole
from streams import read_topics
from supervisor import Supervisor, readiness
from test_mutations import COMPATIBLE, INCOMPATIBLE

PRODUCERS = ("charging", "payment", "integrations")
ENDED = "charging.events-ChargingSessionEnded"
PREFIX = "urn:evcosta:schema:"


class Registry:
    """The door, as one of its callers; every exchange is held against contracts/http/registry.yaml."""

    def __init__(self, platform, certificate: str):
        self.base = f"https://localhost:{platform.port('REGISTRY_PORT')}/internal/schemas"
        self.session = checked_session(requests.Session(), edge=False)
        self.session.trust_env = False
        self.session.verify, self.session.cert = str(platform.ca_file), platform.certificate(certificate)

    def get(self, path: str = "") -> requests.Response:
        return self.session.get(self.base + path, timeout=20)

    def put(self, subject: str, version: int, schema: dict) -> requests.Response:
        return self.session.put(f"{self.base}/{subject}/versions/{version}", json={"schema": json.dumps(schema)}, timeout=20)

    def judge(self, subject: str, schema: dict) -> dict:
        answer = self.session.post(f"{self.base}/{subject}/compatibility", json={"schema": json.dumps(schema)}, timeout=20)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def schema(self, reference: str) -> dict:
        subject, _, version = reference.removeprefix(PREFIX).rpartition(":")
        answer = self.get(f"/{subject}/versions/{version}")
        assert answer.status_code == 200, answer.text
        return json.loads(answer.json()["schema"])


@pytest.fixture(scope="module")
def registry(platform) -> Registry:
    return Registry(platform, "platform-admin")


@pytest.fixture(scope="module")
def supervisor(platform) -> Supervisor:
    return Supervisor(platform)


def every_version():
    """(subject, version, schema) of all that the contracts hold."""
    known = contracts()
    for event, newest in known.event_schemas.items():
        for schema in [*known.earlier_schemas.get(event, {}).values(), newest]:
            subject, _, version = schema["$id"].removeprefix(PREFIX).rpartition(":")
            yield subject, int(version), schema


def agreed(platform, service: str) -> bool:
    with urllib.request.urlopen(platform.admin_url(service) + "/metrics", timeout=5) as answer:
        return re.search(r"^schema_registry_agreed 1$", answer.read().decode(), re.MULTILINE) is not None


def test_every_producer_has_its_agreement(platform, eventually):
    for service in PRODUCERS:
        eventually(lambda: agreed(platform, service), 60, 0.5, f"the agreement of {service}")


def test_every_version_is_registered_as_it_is_written(registry):
    subjects = {subject for subject, _, _ in every_version()}
    assert set(registry.get().json()["subjects"]) == subjects
    for subject, version, schema in every_version():
        assert version in registry.get(f"/{subject}/versions").json()["versions"]
        assert registry.schema(f"{PREFIX}{subject}:{version}") == schema


def test_an_events_reference_resolves_to_the_schema_it_was_written_with(platform, registry, journey):
    records = [record for record in read_topics(platform) if record.key == journey["sessionId"] or record.topic == "integration.events"]
    assert {record.topic for record in records} == {"charging.events", "payment.events", "integration.events"}
    resolved = {}
    for record in records:
        reference = dict(record.headers)["ce_dataschema"].decode()
        if reference not in resolved:
            resolved[reference] = Draft202012Validator(registry.schema(reference))
        assert list(resolved[reference].iter_errors(record.event)) == [], reference
    assert f"{PREFIX}{ENDED}:2" in resolved


def test_the_receipt_tells_what_version_2_brought(platform, journey):
    ended = next(record for record in read_topics(platform, ("charging.events",)) if record.key == journey["sessionId"] and record.type == "ChargingSessionEnded")
    assert 0 < ended.event["data"]["endSoc"] <= 1
    assert journey["payment"]["receipt"]["endSoc"] == ended.event["data"]["endSoc"]


def test_both_judges_refuse_the_same(registry):
    """What tests/contract says without a registry, the registry says too: each change of the mutation tests."""
    differing = []
    for changes, wanted in ((INCOMPATIBLE, False), (COMPATIBLE, True)):
        for name, (event, change, _) in ((name, (*row, None)[:3]) for name, row in changes.items()):
            present = contracts().event_schemas[event]
            changed = copy.deepcopy(present)
            subject, _, version = present["$id"].removeprefix(PREFIX).rpartition(":")
            changed["$id"] = f"{PREFIX}{subject}:{int(version) + 1}"
            change(changed)
            answer = registry.judge(subject, changed)
            assert (incompatibilities(present, changed) == []) is wanted, name
            if answer["compatible"] is not wanted:
                differing.append((name, answer))
            elif {row["pointer"] for row in answer["differences"]} != {problem.split(": ")[0] for problem in incompatibilities(present, changed)}:
                differing.append((name, answer, incompatibilities(present, changed)))
    assert not differing, differing


def test_judging_stores_nothing(registry):
    assert registry.get(f"/{ENDED}/versions").json()["versions"] == [1, 2]


def test_the_producer_alone_may_register(platform):
    schema = contracts().event_schemas["ChargingSessionEnded"]
    for stranger, code in (("payment", 403), ("integrations", 403), ("platform-admin", 403), ("gateway", 403), ("relay-charging", 403)):
        assert Registry(platform, stranger).put(ENDED, 2, schema).status_code == code, stranger
    assert Registry(platform, "charging").put(ENDED, 2, schema).status_code == 200, "the same again changes nothing"


def test_every_service_may_read_and_a_stranger_may_not(platform):
    for caller in ("gateway", "auth", "user", "routing", "charging", "payment", "integrations", "relay-charging", "relay-payment", "relay-integrations", "observability"):
        assert Registry(platform, caller).get(f"/{ENDED}/versions").status_code == 200, caller
    for stranger in ("charge-points", "payment-provider", "redis"):
        assert Registry(platform, stranger).get(f"/{ENDED}/versions").status_code == 403, stranger


def test_a_released_version_does_not_change(platform):
    changed = copy.deepcopy(contracts().event_schemas["ChargingSessionEnded"])
    changed["description"] = "something else"
    answer = Registry(platform, "charging").put(ENDED, 2, changed)
    assert (answer.status_code, answer.json()["code"]) == (409, "conflict")


def test_an_incompatible_version_is_refused_with_its_member(platform):
    schema = copy.deepcopy(contracts().event_schemas["ChargingSessionEnded"])
    schema["$id"] = f"{PREFIX}{ENDED}:3"
    schema["properties"]["data"]["required"].append("transactionId")
    answer = Registry(platform, "charging").put(ENDED, 3, schema)
    assert (answer.status_code, answer.json()["code"]) == (409, "conflict")
    assert {error["pointer"] for error in answer.json()["errors"]} == {"/data/transactionId"}, answer.text


def test_nobody_goes_around_the_door(platform):
    """Apicurio's own port asks for a password that only the door has."""
    url = f"https://localhost:{platform.port('APICURIO_PORT')}/apis"
    for path in ("/registry/v3/system/info", "/registry/v3/groups/default/artifacts", "/ccompat/v7/subjects", "/registry/v3/admin/rules"):
        for auth in (None, ("evcosta-registry", "guess"), ("admin", "admin")):
            answer = requests.get(url + path, auth=auth, verify=str(platform.ca_file), cert=platform.certificate("charging"), timeout=10)
            assert answer.status_code == 401, (path, auth, answer.status_code)
    with pytest.raises(requests.exceptions.RequestException):
        requests.get(f"http://localhost:{platform.port('APICURIO_PORT')}/apis", timeout=10)


def test_the_command_lists_resolves_and_checks(platform, tmp_path):
    listed = platform.evcosta("schema")
    assert listed.returncode == 0 and re.search(rf"^{re.escape(ENDED)} +1 2$", listed.stdout, re.MULTILINE), listed.stderr
    shown = platform.evcosta("schema", f"{PREFIX}{ENDED}:1")
    assert json.loads(shown.stdout) == contracts().earlier_schemas["ChargingSessionEnded"][1]
    broken = copy.deepcopy(contracts().event_schemas["ChargingSessionEnded"])
    broken["properties"]["data"]["properties"].pop("transactionId")
    (tmp_path / "broken.json").write_text(json.dumps(broken), encoding="utf-8")
    judged = platform.evcosta("schema", "check", str(tmp_path / "broken.json"))
    assert judged.returncode == 1 and "NOT compatible" in judged.stdout, judged.stdout + judged.stderr
    assert platform.evcosta("schema", f"{PREFIX}{ENDED}:99").returncode == 1


@pytest.mark.timeout(400)
def test_without_the_registry_charges_go_on_and_a_service_restarts(platform, eventually, supervisor, driver):
    accepted, _ = driver.started()
    driver.until_charging(accepted["sessionId"])
    for process in ("registry", "apicurio"):
        supervisor.stop(process)
    try:
        for service in PRODUCERS:
            supervisor.wait_for_return(service, supervisor.kill(service), 60)
            assert not agreed(platform, service), "nobody could have said yes"
            assert readiness(platform, service)[0] == 200
        driver.stop_patiently(accepted["sessionId"])
        assert assert_one_end(platform, eventually, driver, accepted["sessionId"])["state"] == "CAPTURED"
        second, _ = driver.started()
        driver.until_charging(second["sessionId"])
        driver.stop_patiently(second["sessionId"])
        assert assert_one_end(platform, eventually, driver, second["sessionId"])["state"] == "CAPTURED"
        # Written while nobody could be asked, and yet they say what they were written with.
        assert_streams_whole(platform)
    finally:
        for process in ("apicurio", "registry"):
            supervisor.start(process)
        supervisor.wait_until_all_ready(120)
    for service in PRODUCERS:
        eventually(lambda: agreed(platform, service), 90, 0.5, f"the agreement of {service} afterwards")


class Foreign:
    """A version in Apicurio's own store that no build of ours knows, put there around the door: with the door's password."""

    def __init__(self, platform):
        self.platform = platform
        self.url = f"https://localhost:{platform.port('APICURIO_PORT')}/apis/registry/v3/groups/default/artifacts/{ENDED}/versions"
        self.headers = {"authorization": "Basic " + base64.b64encode(f"evcosta-registry:{platform.secret('registry-apicurio')}".encode()).decode()}

    def forget(self, version: str) -> None:
        with psycopg.connect(self.platform.postgres("registry", "registry", "apicurio")) as connection:
            connection.execute("DELETE FROM versions WHERE artifactid = %s AND version = %s", (ENDED, version))

    def put(self, version: str, schema: dict) -> None:
        body = {"version": version, "content": {"content": json.dumps(schema), "contentType": "application/json"}}
        answer = requests.post(self.url, json=body, headers=self.headers, verify=str(self.platform.ca_file), timeout=20)
        assert answer.status_code == 200, answer.text


@pytest.mark.timeout(300)
def test_a_producer_whose_schema_is_refused_does_not_start(platform, eventually, supervisor, driver):
    """The registry comes to hold what contradicts charging's version 2: first another version 2, then a version that took a member which ours does not know."""
    foreign, log = Foreign(platform), Path(platform.log_dir / "charging.log")
    other = copy.deepcopy(contracts().earlier_schemas["ChargingSessionEnded"][1])
    other["properties"]["data"]["properties"]["tariffName"] = {"type": "string"}
    other["$id"] = f"{PREFIX}{ENDED}:2"

    def told(words: str, since: int):
        def found():
            with log.open(encoding="utf-8") as lines:
                lines.seek(since)
                return re.search(rf"{re.escape(ENDED)} version 2 {words}", lines.read())
        return eventually(found, 60, 0.3, f"“{words}” in charging's log")
    foreign.forget("2")
    try:
        foreign.put("2", other)
        seen = log.stat().st_size
        supervisor.kill("charging")
        told(r"is registered with another content: it differs at /properties/data/properties/\w+", seen)
        foreign.forget("2")
        foreign.put("somebody-elses", other)
        told(r"is not compatible with the versions before it: /data", log.stat().st_size)
        assert supervisor.processes()["charging"]["state"] != "running"
    finally:
        foreign.forget("somebody-elses")
        foreign.forget("2")
    supervisor.wait_until_all_ready(120)
    eventually(lambda: agreed(platform, "charging"), 60, 0.5, "charging's agreement afterwards")
    assert Registry(platform, "platform-admin").get(f"/{ENDED}/versions").json()["versions"] == [1, 2]
    accepted, _ = driver.started()
    driver.until_charging(accepted["sessionId"])
    driver.stop_patiently(accepted["sessionId"])
    assert assert_one_end(platform, eventually, driver, accepted["sessionId"])["state"] == "CAPTURED"
