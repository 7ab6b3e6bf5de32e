"""What each running process serves is what is written: the admin listener's GET /routes against OpenAPI, both ways."""
import json
import re
import urllib.request

import pytest
from contract_files import Contracts
from person import assert_problem

SERVICES = ("gateway", "auth", "user", "routing", "charging", "payment", "integrations", "registry")
OWN_PROTOCOLS = ("/ocpp/",)  # charge points: a listener of its own, no OpenAPI


def served(platform, service: str) -> set[tuple[str, str]]:
    with urllib.request.urlopen(platform.admin_url(service) + "/routes", timeout=5) as answer:
        rows = json.load(answer)
    return {(row["method"], row["path"]) for row in rows if not row["path"].startswith(OWN_PROTOCOLS)}


@pytest.mark.parametrize("service", SERVICES)
def test_routes_are_those_of_the_contract(platform, service):
    # The gateway names the internal ones too, to say 404 to them (below).
    written = {(operation.method, operation.path) for operation in Contracts().operations if service in ("gateway", operation.service)}
    actual = served(platform, service)
    assert actual - written == set(), "served, but not in the contract"
    assert written - actual == set(), "in the contract, but not served"


@pytest.mark.parametrize("operation", [one for one in Contracts().operations if one.internal], ids=lambda one: one.id)
def test_internal_routes_are_not_there_for_the_public(driver, operation):
    path = re.sub(r"{\w+}", "01a20add-f7cf-7378-a0c8-807d805a220c", operation.path)
    assert_problem(driver.request(operation.method, path), 404, "not-found")


def test_every_service_of_the_contract_was_asked():
    assert {operation.service for operation in Contracts().operations} | {"gateway"} == set(SERVICES)
