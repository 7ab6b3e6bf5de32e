"""Access tokens for others: jose takes ours by the published keys, and neither it nor we take what was made out of them."""
import json
import subprocess

import pytest
from contract_files import ROOT
from hostile_tokens import Forger


@pytest.fixture(scope="module")
def jose(platform):
    """Name → why jose refuses the token of that name; null when it does not."""
    def verify(jwks: dict, tokens: dict[str, str]) -> dict[str, str | None]:
        folder = subprocess.run(["bash", "-c", f". '{ROOT}/tools/cache.sh'; evc_node"], check=True, capture_output=True, text=True).stdout.strip()
        order = {"jwks": jwks, "issuer": platform.base_url, "audience": "evcosta", "tokens": [{"name": name, "token": token} for name, token in tokens.items()]}
        done = subprocess.run(["node", f"{folder}/verify.mjs"], input=json.dumps(order), capture_output=True, text=True, timeout=60, check=False)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)
    return verify


def test_jose_takes_our_tokens_and_nobody_takes_what_was_made_out_of_them(somebody, jose):
    person = somebody()
    jwks = person.get("/.well-known/jwks.json")
    hostile = Forger(person.tokens["accessToken"], jwks).all()
    assert len(hostile) >= 60
    said = jose(jwks, {"good": person.tokens["accessToken"], **hostile})
    assert said.pop("good") is None
    assert [name for name, reason in said.items() if reason is None] == [], "taken by jose"
    wrong = []
    for name, token in hostile.items():
        person.http.headers["Authorization"] = f"Bearer {token}"
        answer = person.request("GET", "/users/me/vehicles")
        if answer.status_code != 401 or answer.json()["code"] != "token-invalid" or 'error="invalid_token"' not in answer.headers.get("WWW-Authenticate", ""):
            wrong.append(f"{name}: {answer.status_code} {answer.text[:100]}")
    assert not wrong, "\n".join(wrong)


def test_what_is_too_long_or_no_bearer_token_is_refused(somebody):
    person = somebody()
    good = person.tokens["accessToken"]
    for value in (f"Basic {good}", f"Bearer  {good}", f"Bearer {good} {good}", "Bearer", good, f"Bearer {good}{'A' * 9000}"):
        person.http.headers["Authorization"] = value
        answer = person.request("GET", "/users/me/vehicles")
        assert answer.status_code in (401, 431), f"{value[:30]}: {answer.status_code}"
        assert answer.status_code == 431 or answer.json()["code"] in ("token-invalid", "unauthenticated"), answer.text
