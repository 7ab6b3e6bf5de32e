"""What people do with their own account: see where they are signed in, replace a forgotten password, move to another address, add a second factor."""
import re
import secrets
import time

import pyotp
import pytest
import requests
from operators import PASSWORD as OPERATOR_PASSWORD
from operators import make_operator
from person import PASSWORD, assert_problem

OTHER_PASSWORD = "outra-viagem-pela-serra"
CODE = r"(?m)^[A-Za-z0-9_-]{43}\r?$"
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
# One route of each service that a driver's token opens; a token that is denied is 401 before anything else.
BY_SERVICE = {"AUTH_PORT": "/auth/sessions", "USER_PORT": "/users/me/vehicles", "ROUTING_PORT": "/routing/vehicles", "CHARGING_PORT": "/charging/sessions",
              "PAYMENT_PORT": "/payments", "INTEGRATIONS_PORT": "/operations/stations/X/commands/01a20add-f7cf-7378-a0c8-807d805a220c"}


def code_for(person, address=None) -> str:
    return person.mailed(CODE, address).strip()


def refresh(person):
    return person.request("POST", "/auth/refresh", json={"refreshToken": person.tokens["refreshToken"]})


def denied_at(platform, token: str) -> dict[str, int]:
    """What each service itself answers, asked as the gateway asks."""
    with requests.Session() as http:
        http.trust_env, http.verify, http.cert = False, str(platform.ca_file), platform.certificate("gateway")
        return {port: http.get(f"https://localhost:{platform.port(port)}{path}", headers={"Authorization": f"Bearer {token}"}, timeout=10).status_code
                for port, path in BY_SERVICE.items()}


def assert_signed_out(person, eventually) -> None:
    eventually(lambda: person.request("GET", "/users/me/vehicles").status_code == 401, 5, what="the end of the access token")
    assert_problem(refresh(person), 401, "refresh-token-invalid")


def test_sessions_are_seen_and_ended(platform, somebody, eventually, capsys):
    phone = somebody()
    laptop = phone.elsewhere()
    laptop.http.headers["User-Agent"] = FIREFOX
    laptop.login()
    stranger = somebody()
    sessions = phone.get("/auth/sessions")["sessions"]
    assert [one["current"] for one in sessions] == [False, True]
    assert sessions[0]["device"] == "Firefox, Linux" and sessions[0]["sessionId"] == laptop.claims()["sid"]
    laptop.use(refresh(laptop).json())
    sessions = phone.get("/auth/sessions")["sessions"]
    assert sessions[0]["lastUsedAt"] > sessions[0]["firstSeenAt"]
    path = f"/auth/sessions/{laptop.claims()['sid']}"
    assert_problem(stranger.request("DELETE", path), 404, "not-found")
    assert_problem(phone.request("DELETE", "/auth/sessions/01a20add-f7cf-7378-a0c8-807d805a220c"), 404, "not-found")
    assert 401 not in denied_at(platform, laptop.tokens["accessToken"]).values()

    assert phone.request("DELETE", path).status_code == 204
    ended = time.monotonic()
    eventually(lambda: set(denied_at(platform, laptop.tokens["accessToken"]).values()) == {401}, 5, what="every service to refuse the token")
    took = time.monotonic() - ended
    with capsys.disabled():
        print(f"\n    every service refused the token after {took * 1000:.0f} ms")
    assert took < 1.5, "half a second until the next pull, and this test's own six requests"
    assert_signed_out(laptop, eventually)
    assert phone.request("DELETE", path).status_code == 204, "ended is ended"
    assert len(phone.get("/auth/sessions")["sessions"]) == 1

    others = [phone.elsewhere().login() for _ in range(3)]
    assert phone.request("DELETE", "/auth/sessions").status_code == 204
    for other in others:
        assert_signed_out(other, eventually)
    assert [one["current"] for one in phone.get("/auth/sessions")["sessions"]] == [True]
    assert stranger.request("GET", "/auth/sessions").status_code == 200
    operator = make_operator(platform, "viewer")
    assert [one["current"] for one in operator.get("/auth/sessions")["sessions"]] == [True]


def test_an_operator_keeps_password_and_address(platform):
    operator = make_operator(platform, "viewer")
    for path, more in (("/auth/password", {"newPassword": OTHER_PASSWORD}), ("/auth/email", {"newEmail": "outra@correio.example"})):
        assert_problem(operator.request("POST", path, json={"password": OPERATOR_PASSWORD, **more}), 403, "forbidden")


def test_a_forgotten_password_is_replaced_once_and_ends_every_session(somebody, eventually):
    person = somebody()
    lost = person.elsewhere()
    answers = [lost.request("POST", "/auth/password-reset", json={"email": email}) for email in (person.email, f"niemand.{secrets.token_hex(8)}@correio.example")]
    assert {(answer.status_code, answer.content) for answer in answers} == {(202, b"")}
    code = code_for(person)
    confirm = {"code": code, "newPassword": OTHER_PASSWORD}
    assert_problem(lost.request("POST", "/auth/password-reset/confirm", json={**confirm, "code": "A" * 43}), 400, "verification-invalid")
    assert_problem(lost.request("POST", "/auth/password-reset/confirm", json={**confirm, "newPassword": "curta"}), 422, "validation-failed")
    assert lost.request("POST", "/auth/password-reset/confirm", json=confirm).status_code == 204
    assert_problem(lost.request("POST", "/auth/password-reset/confirm", json=confirm), 400, "verification-invalid")
    assert_signed_out(person, eventually)
    assert_problem(lost.try_login(), 401, "credentials-invalid")
    assert lost.try_login(OTHER_PASSWORD).status_code == 200
    person.mailed("foi trocada")


def test_a_new_password_needs_the_present_one_and_begins_anew(somebody, eventually):
    person = somebody()
    other = person.elsewhere().login()
    change = {"password": PASSWORD, "newPassword": OTHER_PASSWORD}
    assert_problem(person.request("POST", "/auth/password", json={**change, "password": "nao-e-a-senha-certa"}), 401, "credentials-invalid")
    before = person.elsewhere()
    before.use(person.tokens)
    answer = person.request("POST", "/auth/password", json=change)
    assert answer.status_code == 200 and "__Host-evcosta-device" in answer.headers["Set-Cookie"]
    for ended in (other, before):
        assert_signed_out(ended, eventually)
    person.use(answer.json())
    assert person.request("GET", "/users/me/vehicles").status_code == 200
    assert refresh(person).status_code == 200
    assert_problem(other.try_login(), 401, "credentials-invalid")
    assert other.try_login(OTHER_PASSWORD).status_code == 200


def test_an_account_moves_to_a_new_address_once_that_is_confirmed(somebody):
    person, neighbour = somebody(), somebody()
    new = f"nova.{secrets.token_hex(8)}@correio.example"
    asked = {"password": PASSWORD, "newEmail": new}
    assert_problem(person.request("POST", "/auth/email", json={**asked, "password": "nao-e-a-senha-certa"}), 401, "credentials-invalid")
    answers = [person.request("POST", "/auth/email", json={**asked, "newEmail": address}) for address in (neighbour.email, new)]
    assert {(answer.status_code, answer.content) for answer in answers} == {(202, b"")}
    code = code_for(person, new)
    person.mailed("outro e-mail")
    neighbour.mailed("já tem uma conta")
    assert not any(re.search(CODE, text) for text in neighbour.mails())
    assert person.request("POST", "/auth/email/confirm", json={"code": code}).status_code == 204
    assert_problem(person.request("POST", "/auth/email/confirm", json={"code": code}), 400, "verification-invalid")
    assert_problem(person.try_login(), 401, "credentials-invalid")
    person.mailed("passou a usar outro e-mail")
    person.email = new
    assert person.try_login().status_code == 200


def test_a_second_factor_that_pyotp_speaks(somebody):
    person = somebody()
    assert_problem(person.request("POST", "/auth/totp", json={"password": "nao-e-a-senha-certa"}), 401, "credentials-invalid")
    assert_problem(person.request("POST", "/auth/totp/confirm", json={"code": "123456"}), 404, "not-found")
    enrolment = person.request("POST", "/auth/totp", json={"password": PASSWORD})
    assert enrolment.status_code == 200, enrolment.text
    app = pyotp.parse_uri(enrolment.json()["uri"])
    assert app.secret == enrolment.json()["secret"] and app.issuer == "EV-Costa" and app.name == person.email
    wrong = f"{(int(app.now()) + 1) % 1_000_000:06}"
    assert_problem(person.request("POST", "/auth/totp/confirm", json={"code": wrong}), 401, "credentials-invalid")
    assert person.elsewhere().try_login().status_code == 200, "not before it is confirmed"
    confirmed = person.request("POST", "/auth/totp/confirm", json={"code": app.now()})
    assert confirmed.status_code == 200, confirmed.text
    recovery = confirmed.json()["recoveryCodes"]

    device = person.elsewhere()
    asked = device.try_login()
    assert (asked.status_code, asked.json()) == (202, {"secondFactor": "totp"})
    assert device.http.cookies.get("__Host-evcosta-device") is None, "nobody has signed in"
    assert_problem(device.try_login(code=wrong), 401, "credentials-invalid")
    code = app.at(int(time.time()) + 30)  # the present one was used; a clock may be that much ahead
    assert device.try_login(code=code).status_code == 200
    assert_problem(device.try_login(code=code), 401, "credentials-invalid")
    assert device.try_login(code=recovery[0].upper().replace("-", " ")).status_code == 200
    assert_problem(device.try_login(code=recovery[0]), 401, "credentials-invalid")
    assert_problem(person.request("POST", "/auth/totp", json={"password": PASSWORD}), 403, "forbidden")
    assert person.request("POST", "/auth/totp/disable", json={"password": PASSWORD, "code": recovery[1]}).status_code == 204
    assert person.elsewhere().try_login().status_code == 200


@pytest.mark.parametrize(("path", "body"), [("/auth/password-reset", {"email": "nowhere"}), ("/auth/password-reset", {}),
                                            ("/auth/password-reset/confirm", {"code": "A" * 43, "newPassword": 7}), ("/auth/email/confirm", {"code": ["x"]})])
def test_what_has_another_shape_is_refused(driver, path, body):
    assert_problem(driver.request("POST", path, json=body), 422, "validation-failed")
