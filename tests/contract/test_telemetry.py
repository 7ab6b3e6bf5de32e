"""contracts/telemetry.yaml is what the code measures and traces, in both directions, and nothing in it is about a person."""
import re

import pytest
from contract_files import ROOT
from telemetry_registry import attributes_in_code, metrics_in_code, registry, span_row

UNITS = {"s": "_seconds", "By": "_bytes", "minor": "_minor"}
GOLDEN = ROOT / "tests/contract/telemetry_names.txt"
# Words of which each would name a person, or something that leads to one.
OF_A_PERSON = re.compile(r"(^|[._])(email|e_mail|cpf|name|phone|plate|user|subject|puid|pseudonym|account|address|ip|token|password|vin|id_tag)([._]|$)")
NOT_OF_A_PERSON = {"server.address", "db.system.name", "db.operation.name", "messaging.destination.name", "messaging.operation.name", "messaging.consumer.group.name",
                   "service.name", "telemetry.sdk.name"}


def test_the_metrics_of_the_code_are_those_of_the_registry():
    assert metrics_in_code() == {name: about["type"] for name, about in registry()["metrics"].items()}


def test_the_attributes_of_the_code_are_those_of_the_registry():
    # What foreign libraries would set by themselves does not occur: each span is written by our own code.
    assert attributes_in_code() == set(registry()["attributes"])


def test_the_names_are_the_golden_ones():
    """A renamed metric, label or attribute breaks somebody's dashboard: it is changed here by hand, on purpose."""
    names = [f"metric {name}{{{','.join(about['labels'])}}}" for name, about in registry()["metrics"].items()]
    names += [f"span {row['kind']} {row['pattern']}" for row in registry()["spans"]] + [f"attribute {name}" for name in registry()["attributes"]]
    assert sorted(names) == GOLDEN.read_text(encoding="utf-8").splitlines()


@pytest.mark.parametrize("name,about", registry()["metrics"].items())
def test_a_metric_is_described(name, about):
    assert about["type"] in ("counter", "gauge", "histogram") and about["when"] in ("always", "charge", "rare") and len(about["help"]) > 5
    assert (about["type"] == "counter") == name.endswith("_total"), "counters and nothing else end in _total"
    suffix = UNITS.get(about["unit"])
    assert suffix is None and not re.search(r"_(seconds|bytes|minor)(_|$)", name) or suffix and suffix in name
    assert set(about["labels"]) <= set(registry()["labels"])


@pytest.mark.parametrize("name,about", registry()["labels"].items())
def test_a_label_is_bounded(name, about):
    assert 0 < about["values"] <= 150 and len(about["what"]) > 5
    assert any(name in metric["labels"] for metric in registry()["metrics"].values())


def test_nothing_is_about_a_person():
    assert all(about["personal"] is False for about in registry()["attributes"].values())
    names = {*registry()["metrics"], *registry()["labels"], *registry()["attributes"], *registry()["resource"]} - NOT_OF_A_PERSON
    assert not [name for name in names if OF_A_PERSON.search(name) and not name.startswith(("auth_tokens", "user_erasure"))]


@pytest.mark.parametrize("kind,name,known", [
    ("server", "POST /charging/{sessionId}/stop", True), ("server", "POST /charging/0198f3c2-1111-7222-8333-444444444444/stop?x=1", False),
    ("consumer", "process payment.events", True), ("consumer", "process other.events", False), ("client", "EVALSHA", True), ("client", "SELECT * FROM account", False),
    ("producer", "create payment.events.charging.dlq", True), ("internal", "ocpp meter values", True), ("internal", "somebody@example.org", False)])
def test_span_names_are_templates(kind, name, known):
    assert (span_row(kind, name) is not None) == known
