"""What each running process serves is what is written: the admin listener's GET /routes against OpenAPI, both ways.

Runs against the platform whose ports begin at EVCOSTA_PORT_BASE (8440 when unset). Without a running platform it is skipped, unless
EVC_TEST_PLATFORM is set: then a platform that does not answer is a failure."""
import json
import os
import urllib.error
import urllib.request

import pytest
from contract_files import Contracts

ADMIN_OFFSET = {"gateway": 60, "auth": 61, "user": 62, "routing": 63, "charging": 64, "payment": 65, "integrations": 66}
OWN_PROTOCOLS = ("/ocpp/",)  # charge points: a listener of its own, no OpenAPI


def served(service: str) -> set[tuple[str, str]]:
    port = int(os.environ.get("EVCOSTA_PORT_BASE", "8440")) + ADMIN_OFFSET[service]
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/routes", timeout=5) as answer:
            rows = json.load(answer)
    except (urllib.error.URLError, OSError) as error:
        if "EVC_TEST_PLATFORM" in os.environ:
            raise
        pytest.skip(f"no running platform: {service}'s admin listener on port {port} does not answer ({error})")
    return {(row["method"], row["path"]) for row in rows if not row["path"].startswith(OWN_PROTOCOLS)}


@pytest.mark.parametrize("service", ADMIN_OFFSET)
def test_routes_are_those_of_the_contract(service):
    operations = Contracts().operations
    if service == "gateway":
        written = {(operation.method, operation.path) for operation in operations if not operation.internal}
    else:
        written = {(operation.method, operation.path) for operation in operations if operation.service == service}
    actual = served(service)
    assert actual - written == set(), "served, but not in the contract"
    assert written - actual == set(), "in the contract, but not served"
