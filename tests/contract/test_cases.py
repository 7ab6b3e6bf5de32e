"""Every kind of reconciliation case that the code can open is in the contract and in the runbook, and no other one is."""
import re

import pytest
from contract_files import ROOT, Contracts

SECTION = re.compile(r"^## (\w+)\n(.*?)(?=^## |\Z)", re.MULTILINE | re.DOTALL)


def camel(name: str) -> str:
    """kWrongHoldAmount or wrong-hold-amount → wrongHoldAmount."""
    words = re.findall(r"[A-Z][a-z]*", name) if name.startswith("k") else name.split("-")
    return words[0].lower() + "".join(word.capitalize() for word in words[1:])


def enumerators(path: str) -> set[str]:
    text = (ROOT / path).read_text(encoding="utf-8")
    found = re.search(r"BOOST_DESCRIBE_ENUM\(CaseKind,([^)]*)\)", text)
    return {camel(name) for name in re.findall(r"k[A-Z]\w*", found.group(1))}


def checked_kinds() -> set[str]:
    text = (ROOT / "services/integrations/migrations/0001_stations_and_transactions.sql").read_text(encoding="utf-8")
    return {camel(name) for name in re.findall(r"'([a-z-]+)'", re.search(r"kind\s+text NOT NULL CHECK \(kind IN \(([^)]*)\)", text).group(1))}


OPENED = {
    "payment": lambda: enumerators("services/payment/domain/cases.hpp") | {"other"},  # of before there were kinds
    "charging": lambda: enumerators("services/charging/domain/session.hpp"),
    "integrations": checked_kinds,
}


@pytest.mark.parametrize("service", OPENED)
def test_the_kinds_are_the_same_in_code_contract_and_runbook(service):
    contract = next(operation.node["x-case-kinds"] for operation in Contracts().operations if operation.id == f"list{service.capitalize()}Cases")
    runbook = dict(SECTION.findall((ROOT / "docs/runbooks/reconciliation.md").read_text(encoding="utf-8")))[service]
    documented = set(re.findall(r"^\| `(\w+)` \|", runbook, re.MULTILINE))
    assert OPENED[service]() == set(contract) == documented
