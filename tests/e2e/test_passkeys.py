"""Passkeys as people use them: by a browser that we did not write, next to a verifier that we did not write, and by python-fido2's encodings."""
import json
import subprocess
from urllib.parse import urlsplit

import pyotp
import pytest
from contract_files import ROOT
from operators import PASSWORD as OPERATOR_PASSWORD
from operators import make_operator
from passkeys import Authenticator, add_passkey, prove, sign_in
from person import PASSWORD, assert_problem

ALGORITHMS = {"-7": "ES256", "-8": "EdDSA", "-257": "RS256"}


@pytest.fixture(scope="module")
def chromium(platform, somebody):
    """What a browser with virtual authenticators did, and what @simplewebauthn/server thought of it (tests/node/passkeys.mjs)."""
    person = somebody()
    folder = subprocess.run(["bash", "-c", f". '{ROOT}/tools/cache.sh'; evc_node"], check=True, capture_output=True, text=True).stdout.strip()
    order = {"origin": platform.base_url, "party": urlsplit(platform.base_url).hostname, "token": person.tokens["accessToken"], "password": PASSWORD, "algorithms": [int(each) for each in ALGORITHMS]}
    done = subprocess.run(["node", f"{folder}/passkeys.mjs"], input=json.dumps(order), capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    return {"person": person, **json.loads(done.stdout)}


@pytest.mark.parametrize("algorithm", ALGORITHMS, ids=ALGORITHMS.get)
def test_a_browser_and_another_verifier_agree_with_us(chromium, algorithm):
    said = chromium["algorithms"][algorithm]
    assert said["judged"] is True and said["added"] == 201, said
    assert said["signedIn"] == {"judged": True, "status": 200, "again": 401}, "good once, for them and for us"
    assert said["forged"] == {"judged": False, "status": 401}, "a bit of the signature turned over"
    assert said["twice"] == "InvalidStateError", "the browser knows it by our list of those that are there"
    assert said["passkey"]["backupEligible"] is True and said["passkey"]["backedUp"] is True
    session = chromium["person"].elsewhere()
    session.use(said["tokens"])
    assert session.get("/users/me")["email"] == chromium["person"].email


def test_a_proof_comes_before_a_passkey(chromium):
    assert (chromium["unproved"], chromium["proved"]) == ("proof-needed", 204)
    assert chromium["unverified"] == "NotAllowedError", "an authenticator that cannot tell who holds it is not asked"


def test_a_copied_key_is_refused_and_recorded(chromium):
    assert chromium["copied"]["added"] == 201
    answer = chromium["copied"]["answer"]
    assert (answer["status"], answer["body"]["code"]) == (401, "credentials-invalid")
    acts = [act["action"] for act in chromium["person"].get("/users/me/export")["account"]["audit"]]
    assert acts.count("passkey.counterWentBack") == 1 and acts.count("passkey.added") == 4


def test_a_passkey_stands_for_password_and_second_factor(somebody):
    person = somebody()
    secret = person.request("POST", "/auth/totp", json={"password": PASSWORD}).json()["secret"]
    authenticator, passkey = add_passkey(person, "Telefone da Zuleica")
    assert person.request("POST", "/auth/totp/confirm", json={"code": pyotp.TOTP(secret).now()}).status_code == 200
    person.mailed("A passkey was added")
    other = person.elsewhere()
    assert other.try_login().status_code == 202
    answer = sign_in(other, authenticator)
    assert answer.status_code == 200 and "__Host-evcosta-device" in answer.headers["Set-Cookie"]
    other.use(answer.json())
    assert [one["name"] for one in other.get("/auth/passkeys")["passkeys"]] == ["Telefone da Zuleica"]
    path = f"/auth/passkeys/{passkey['passkeyId']}"
    assert other.request("PATCH", path, json={"name": "Chave azul"}).status_code == 204
    assert_problem(other.request("DELETE", path), 403, "proof-needed")
    assert_problem(prove(other), 422, "validation-failed")
    options = other.request("POST", "/auth/passkeys/sign-in/options").json()
    of_a_sign_in = authenticator.sign_in(options, person.platform.base_url)
    assert_problem(other.request("POST", "/auth/proof", json={"passkey": of_a_sign_in}), 401, "credentials-invalid")
    proof = authenticator.sign_in(other.request("POST", "/auth/proof/options").json(), person.platform.base_url)
    assert_problem(person.request("POST", "/auth/proof", json={"passkey": proof}), 401, "credentials-invalid")
    assert other.request("POST", "/auth/proof", json={"passkey": proof}).status_code == 204
    assert_problem(other.request("POST", "/auth/proof", json={"passkey": proof}), 401, "credentials-invalid")
    exported = other.get("/users/me/export")["account"]
    assert [one["name"] for one in exported["passkeys"]] == ["Chave azul"]
    assert other.request("DELETE", path).status_code == 204
    person.mailed("A passkey of your account was deleted")
    assert_problem(sign_in(person.elsewhere(), authenticator), 401, "credentials-invalid")
    assert_problem(other.request("DELETE", path), 404, "not-found")


def test_other_pages_and_other_people_get_nothing(somebody):
    ana, bia = somebody(), somebody()
    authenticator, passkey = add_passkey(ana)
    options = ana.request("POST", "/auth/passkeys/sign-in/options").json()
    for origin in ("https://evil.example", ana.platform.base_url.replace("https", "http"), ana.platform.base_url + "/"):
        assert_problem(ana.request("POST", "/auth/passkeys/sign-in", json={"passkey": authenticator.sign_in(options, origin)}), 401, "credentials-invalid")
    elsewhere = authenticator.sign_in({**options, "rpId": "evil.example"}, ana.platform.base_url)
    assert_problem(ana.request("POST", "/auth/passkeys/sign-in", json={"passkey": elsewhere}), 401, "credentials-invalid")
    assert_problem(bia.request("POST", "/auth/passkeys/sign-in", json={"passkey": {}}), 422, "validation-failed")
    assert prove(bia).status_code == 204
    for method, more in (("DELETE", {}), ("PATCH", {"json": {"name": "Minha"}})):
        assert_problem(bia.request(method, f"/auth/passkeys/{passkey['passkeyId']}", **more), 404, "not-found")
    asked = bia.request("POST", "/auth/passkeys/options").json()
    taken = bia.request("POST", "/auth/passkeys", json={"name": "Dela", "passkey": authenticator.register(asked, ana.platform.base_url)})
    assert_problem(taken, 409, "conflict")
    assert sign_in(ana.elsewhere(), Authenticator()).status_code == 401


def test_an_account_that_becomes_an_operators_keeps_no_passkey(platform):
    operator = make_operator(platform, "viewer")
    authenticator = Authenticator()
    assert prove(operator, password=OPERATOR_PASSWORD).status_code == 204
    options = operator.request("POST", "/auth/passkeys/options").json()
    assert operator.request("POST", "/auth/passkeys", json={"name": "Chave", "passkey": authenticator.register(options, platform.base_url)}).status_code == 201
    answer = sign_in(operator.elsewhere(), authenticator)
    assert answer.status_code == 200
    make_operator(platform, "viewer", operator)
    assert_problem(sign_in(operator.elsewhere(), authenticator), 401, "credentials-invalid")
