"""The checks are worth something: each change on one side only, made to a copy of contracts/, is seen."""
import json
import pathlib
import re
import shutil

import pytest

import consistency
from contract_files import ROOT, Contracts


@pytest.fixture
def copy(tmp_path) -> pathlib.Path:
    return pathlib.Path(shutil.copytree(ROOT / "contracts", tmp_path / "contracts"))


def edit(path: pathlib.Path, pattern: str, replacement: str) -> None:
    """Changes the first place that fits; a pattern that fits nowhere is a broken test."""
    text, changes = re.subn(pattern, replacement, path.read_text(encoding="utf-8"), count=1, flags=re.MULTILINE | re.DOTALL)
    assert changes == 1, f"{pattern} is not in {path.name} any more"
    path.write_text(text, encoding="utf-8")


def edit_json(path: pathlib.Path, change) -> None:
    document = json.loads(path.read_text(encoding="utf-8"))
    change(document)
    path.write_text(json.dumps(document), encoding="utf-8")


def assert_seen(copy: pathlib.Path, word: str) -> None:
    said = []
    for problem in consistency.check(Contracts(copy)):
        said.append(problem)
        if re.search(word, problem):
            return
    raise AssertionError(f"not seen; the checks said: {said}")


# what is changed → (file, pattern, replacement, a word of the complaint)
EDITS = {
    "a route is removed": ("routes.yaml", r"^  - [^\n]*operation: getStation,[^\n]*\n", "", "getStation"),
    "an operation is removed": ("http/user.yaml", r"    delete:\n      operationId: deleteVehicle.*?(?=\ncomponents)", "", "deleteVehicle"),
    "a route moves": ("routes.yaml", r"path: /routing/vehicles,", "path: /routing/models,", "listVehicleModels"),
    "a method changes": ("http/charging.yaml", r"  /stations:\n    get:", "  /stations:\n    delete:", "listStations"),
    "an operation becomes internal on one side": ("http/payment.yaml", r"(operationId: getPreauthorisation\n)      x-internal: true\n", r"\1", "getPreauthorisation"),
    "an internal row loses its mark": ("routes.yaml", r"(operation: getStationSnapshot.*?), internal: true, callers: \[routing\]", r"\1", "getStationSnapshot|/internal/stations"),
    "a consumer may not ask for what it misses": ("routes.yaml", r"callers: \[payment, integrations\]", "callers: [payment]", "charging's outbox"),
    "a consumer loses the scope to ask": ("routes.yaml", r"    payment:      \[events:read\]\n", "    payment:      [payments:preauthorise]\n", "payment has no scope"),
    "a keyed write loses its key": ("routes.yaml", r"(operation: startCharging,[^\n]*), key: required", r"\1", "startCharging"),
    "an operation loses its security": ("http/payment.yaml", r"operationId: listPayments\n", "operationId: listPayments\n      security: []\n", "listPayments"),
    "a request becomes open": ("http/charging.yaml", r"(    StartRequest:\n      type: object\n)      additionalProperties: false\n", r"\1", "startCharging"),
    "a request's inner object becomes open": ("http/shared.yaml", r"(    PaymentMethod:.*?type: object\n)          additionalProperties: false\n", r"\1", "startCharging"),
    "a reference leads nowhere": ("http/charging.yaml", r'schema: \{ \$ref: "#/components/schemas/StartRequest" \}', 'schema: { $ref: "#/components/schemas/Gone" }', "Gone"),
    "an example is wrong": ("http/charging.yaml", r"example: \{ stationId: BR-PRT-0001, connectorId: 1", "example: { stationId: BR-PRT-0001, connectorId: one", "example"),
    "a problem is unknown": ("http/charging.yaml", r"x-problems: \[station-not-found\]", "x-problems: [station-lost]", "station-lost"),
    "an error code disappears": ("errors.yaml", r"  station-offline:\n.*?(?=  connector-unavailable)", "", "station-offline"),
    "a text is not translated": ("errors.yaml", r"\n              es: \"Inicie sesión para continuar\.\"", "", "unauthenticated"),
    "a retryable status is called final": ("errors.yaml", r"(overloaded:\n    \{ status: 503, retryable: )true", r"\1false", "overloaded"),
    "an event is dropped from its topic": ("topics.yaml", r"      - PaymentVoided\n", "", "PaymentVoided"),
    "an event is dropped from AsyncAPI": ("asyncapi.yaml", r'      PaymentVoided: \{ \$ref: "#/components/messages/PaymentVoided" \}\n', "", "payment.events"),
    "partitions differ": ("asyncapi.yaml", r"partitions: 6", "partitions: 12", "partitions"),
    "a foreign principal may write": ("topics.yaml", r"(  - name: payment\n    topics:\n)", r"\1      - { topic: charging.events, operations: [WRITE] }\n", "charging.events"),
    "a reader loses its dead letters": ("topics.yaml", r"  - \{ name: charging.events.payment.dlq.*?\n", "", "dead-letter"),
    "a right is dropped": ("topics.yaml", r"      - \{ topic: payment.events, +operations: \[READ\] \}\n", "", "payment.events"),
    "a dead letter would not fit": ("topics.yaml", r'max.message.bytes: "1114112"', 'max.message.bytes: "1048576"', "64 KiB"),
    "a batch may be too large": ("topics.yaml", r"linger_ms: 0, batch_bytes: 262144", "linger_ms: 0, batch_bytes: 2097152", "batch"),
    "a rate class disappears": ("routes.yaml", r"^  search: .*?\n", "", "rate class"),
    "a public route counts by subject": ("routes.yaml", r"(operation: login,[^\n]*rate_class: )sign-in", r"\1read", "subject"),
}


@pytest.mark.parametrize("name", EDITS)
def test_a_change_on_one_side_is_seen(copy, name):
    file, pattern, replacement, word = EDITS[name]
    edit(copy / file, pattern, replacement)
    assert_seen(copy, word)


def rename(document: dict) -> None:
    data = document["properties"]["data"]
    data["properties"]["energy"] = data["properties"].pop("energyWh")
    data["required"][data["required"].index("energyWh")] = "energy"


SCHEMA_CHANGES = {
    "a member is renamed": ("ChargingSessionEnded", rename),
    "a member is retyped": ("PaymentCaptured", lambda document: document["$defs"]["money"]["properties"].update(amount={"type": "string"})),
    "a required member appears": ("PaymentVoided", lambda document: document["properties"]["data"]["required"].append("why")),
    "data becomes open": ("PaymentAuthorized", lambda document: document["properties"]["data"].pop("additionalProperties")),
    "the envelope differs": ("PaymentDeclined", lambda document: document["properties"]["sequence"].update(minimum=0)),
    "the name differs": ("PaymentFailed", lambda document: document["properties"]["eventType"].update(const="PaymentBroken")),
    "the id differs": ("PaymentUnknown", lambda document: document.update({"$id": "urn:evcosta:schema:payment.events-Other:1"})),
    "a kind has no example": ("ExternalUpdate", lambda document: document["examples"].pop()),
}


@pytest.mark.parametrize("name", SCHEMA_CHANGES)
def test_a_changed_schema_is_seen(copy, name):
    event, change = SCHEMA_CHANGES[name]
    edit_json(copy / "events" / f"{event}.schema.json", change)
    assert_seen(copy, f"{event}|envelope")


def test_a_dropped_schema_is_seen(copy):
    (copy / "events/ChargingSessionStarted.schema.json").unlink()
    assert_seen(copy, "ChargingSessionStarted")


def test_a_schema_without_a_topic_is_seen(copy):
    shutil.copy(copy / "events/PaymentVoided.schema.json", copy / "events/PaymentLost.schema.json")
    assert_seen(copy, "PaymentLost")


# --- a new version of an event

def data_of(document: dict) -> dict:
    return document["properties"]["data"]


def kinds_without(document: dict, kind: str) -> None:
    data_of(document)["oneOf"] = [branch for branch in data_of(document)["oneOf"] if branch["$ref"] != f"#/$defs/{kind}"]


# what changes → (event, change, words of the complaint: the member is named)
INCOMPATIBLE = {
    "a member is gone": ("ChargingSessionEnded", lambda document: data_of(document)["properties"].pop("transactionId"), "/data/transactionId: is gone"),
    "an optional member becomes required": ("ChargingSessionEnded", lambda document: data_of(document)["required"].append("transactionId"), "/data/transactionId: is required now"),
    "a new member is required": ("PaymentVoided", lambda document: (data_of(document)["properties"].update(note={"type": "string"}), data_of(document)["required"].append("note")),
                                 "/data/note: is required now"),
    "a type changes": ("PaymentCaptured", lambda document: document["$defs"]["money"]["properties"].update(amount={"type": "string"}), "/amount: was integer, is string"),
    "a value is not allowed any more": ("ChargingSessionEnded", lambda document: data_of(document)["properties"]["reason"]["enum"].remove("vehicle"), "/data/reason: vehicle is not allowed"),
    "a limit is narrower": ("ChargingSessionEnded", lambda document: document["$defs"]["durationS"].update(maximum=60), "/data/durationS: maximum was 31536000, is 60"),
    "a text is shorter": ("ChargingSessionEnded", lambda document: data_of(document)["properties"]["stationName"].update(maxLength=10), "/data/stationName: maxLength"),
    "a pattern changes": ("ChargingSessionEnded", lambda document: document["$defs"]["stationId"].update(pattern="^[a-z]+$"), "/data/stationId: pattern"),
    "a limit appears": ("PaymentCaptured", lambda document: document["$defs"]["money"]["properties"]["currency"].update(maxLength=2), "/currency: maxLength was open"),
    "a list's items change": ("ChargingSessionEnded", lambda document: document["$defs"]["priceLine"]["required"].append("note"), "/data/priceLines/\\*/note: is required now"),
    "a kind is gone": ("ExternalUpdate", lambda document: kinds_without(document, "transactionEnded"), "/data"),
}
COMPATIBLE = {
    "a new optional member": ("ChargingSessionEnded", lambda document: data_of(document)["properties"].update(note={"type": "string"})),
    "a new value": ("ChargingSessionEnded", lambda document: data_of(document)["properties"]["reason"]["enum"].append("maintenance")),
    "a wider limit": ("ChargingSessionEnded", lambda document: document["$defs"]["durationS"].update(maximum=63072000)),
    "a required member becomes optional": ("ChargingSessionEnded", lambda document: data_of(document)["required"].remove("priceLines")),
}


def next_version(copy: pathlib.Path, event: str, change) -> int:
    """Keeps the present version beside a changed one, as a developer does; the number of the new one."""
    path = copy / "events" / f"{event}.schema.json"
    document = json.loads(path.read_text(encoding="utf-8"))
    name, _, number = document["$id"].rpartition(":")
    shutil.copy(path, copy / "events" / f"{event}.v{number}.schema.json")
    document["$id"] = f"{name}:{int(number) + 1}"
    change(document)
    path.write_text(json.dumps(document), encoding="utf-8")
    return int(number) + 1


@pytest.mark.parametrize("name", INCOMPATIBLE)
def test_an_incompatible_version_is_seen_with_its_member(copy, name):
    event, change, words = INCOMPATIBLE[name]
    number = next_version(copy, event, change)
    said = consistency.event_schemas_evolve(Contracts(copy))
    assert any(re.search(f"{event}: version {number} does not take what version {number - 1} took: .*{words}", problem) for problem in said), said


@pytest.mark.parametrize("name", COMPATIBLE)
def test_a_compatible_version_has_only_to_be_recorded(copy, name):
    event, change = COMPATIBLE[name]
    number = next_version(copy, event, change)
    said = consistency.event_schemas_evolve(Contracts(copy))
    assert [problem.partition(": ")[2] for problem in said] == [f"version {number} is not recorded as released: tools/gen/released.py"]


def test_a_version_is_compared_with_all_before_it(copy):
    """Away in version 3 and back in version 4 with another type: version 3 alone would not mind."""
    next_version(copy, "ChargingSessionEnded", lambda document: data_of(document)["properties"].pop("endSoc"))
    number = next_version(copy, "ChargingSessionEnded", lambda document: data_of(document)["properties"].update(endSoc={"type": "string"}))
    said = consistency.event_schemas_evolve(Contracts(copy))
    assert any(f"version {number} does not take what version 2 took: /data/endSoc" in problem for problem in said), said


def test_a_released_version_that_changes_is_seen(copy):
    edit_json(copy / "events/ChargingSessionEnded.v1.schema.json", lambda document: document.update(description="something else"))
    assert_seen(copy, "version 1 was released and may not change")


def test_a_released_version_that_disappears_is_seen(copy):
    (copy / "events/ChargingSessionEnded.v1.schema.json").unlink()
    assert_seen(copy, "ChargingSessionEnded")


def test_white_space_is_no_change_of_a_released_version(copy):
    edit_json(copy / "events/ChargingSessionEnded.v1.schema.json", lambda document: None)
    assert list(consistency.check(Contracts(copy))) == []
