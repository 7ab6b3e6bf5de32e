"""The OpenID Connect provider, driven as browsers and programs drive it: codes, sign-in pages, consent, tokens, sign-out; what the Basic profile's tests ask."""
import json
import re
import secrets
import time

import psycopg
import pyotp
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from operators import PASSWORD as OPERATOR_PASSWORD
from operators import make_operator
from person import PASSWORD, assert_problem
from relying_party import RETURN, Browser, Page, RelyingParty, console, decoded, left_half_hash, public_jwk, signed


@pytest.fixture(scope="module")
def app(platform) -> RelyingParty:
    """A confidential client of somebody else."""
    return RelyingParty.added(platform, "--secret")


@pytest.fixture(scope="module")
def public_app(platform) -> RelyingParty:
    return RelyingParty.added(platform, scope="openid profile charging:read")


@pytest.fixture(scope="module")
def signed_in(somebody, app) -> Browser:
    """A browser that has signed in and let the app in."""
    browser = Browser(somebody())
    app.code(browser)
    return browser


def test_an_operator_signs_in_to_the_console(platform):
    operator = make_operator(platform, "operator")
    browser, client = Browser(operator), console(platform)
    page = browser.page("GET", "/oauth2/authorize", params=client.request(login_hint=operator.email))
    assert page.fields["email"] == operator.email and "EV-Costa Console" in page.text
    policy = page.answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy and "script-src" not in policy and "frame-ancestors 'none'" in policy and f"form-action 'self' {platform.base_url}" in policy
    assert page.answer.headers["Cache-Control"] == "no-store"
    answer = browser.sign_in(page, OPERATOR_PASSWORD)
    cookies = answer.raw.headers.getlist("Set-Cookie")
    assert any(re.match(r"__Host-evcosta-sign-in=[\w-]{43}; Path=/; Max-Age=43200; Secure; HttpOnly; SameSite=Lax$", line) for line in cookies), cookies
    given = client.returned(answer)
    tokens = client.redeem(given["code"]).json()
    claims, access = decoded(tokens["id_token"]), decoded(tokens["access_token"])
    assert decoded(tokens["id_token"], 0)["alg"] == "ES256"
    assert claims["aud"] == "evcosta-console" and claims["nonce"] == client.nonce and claims["amr"] == ["pwd"] and claims["iss"] == platform.base_url
    assert abs(claims["auth_time"] - time.time()) < 60 and claims["at_hash"] == left_half_hash(tokens["access_token"]) and claims["sid"] == access["sid"]
    assert access["client_id"] == "evcosta-console" and access["role"] == "operator"
    assert set(tokens["scope"].split()) == {"openid", "profile", "email", "account:manage", "operations:read", "operations:stations", "operations:faults"}, "what the role has, of what was asked"
    assert client.userinfo(tokens["access_token"]).json() == {"sub": claims["sub"], "name": "Operadora", "email": operator.email, "email_verified": True}
    operator.use({"accessToken": tokens["access_token"]})
    assert operator.request("GET", "/operations/charging/cases").status_code == 200
    assert_problem(operator.request("GET", "/payments"), 403, "insufficient-scope")
    assert [one["device"] for one in operator.get("/auth/sessions")["sessions"] if one["current"]] == ["EV-Costa Console"]


def test_consent_is_asked_once_and_for_what_is_new(somebody, public_app):
    browser = Browser(somebody())
    page = browser.page("GET", "/oauth2/authorize", params=public_app.request(ui_locales="fr pt", scope="openid profile"))
    assert page.language == "pt-BR" and sorted(page.labels) == ["email", "password"]
    page = Page(browser.sign_in(page))
    assert page.buttons == [("decision", "allow"), ("decision", "deny")] and "Planilha de Recargas" in page.text and browser.person.email in page.text
    given = public_app.returned(browser.send(page, decision="deny"))
    assert given["error"] == "access_denied" and given["state"] == public_app.state
    page = browser.page("GET", "/oauth2/authorize", params=public_app.request(scope="openid profile"))
    given = public_app.returned(browser.send(page, decision="allow"))
    assert public_app.redeem(given["code"]).status_code == 200
    assert "code" in public_app.returned(browser.ask("GET", "/oauth2/authorize", params=public_app.request(scope="openid profile"))), "not asked again"
    assert public_app.returned(browser.ask("GET", "/oauth2/authorize", params=public_app.request(prompt="none")))["error"] == "consent_required"
    page = browser.page("GET", "/oauth2/authorize", params=public_app.request())
    assert "see your charging sessions" in page.text
    tokens = public_app.redeem(public_app.returned(browser.send(page, decision="allow"))["code"]).json()
    assert tokens["scope"] == "openid profile charging:read" and decoded(tokens["id_token"], 0)["alg"] == "RS256"
    assert set(public_app.userinfo(tokens["access_token"], "POST").json()) == {"sub", "name"}, "no e-mail address without its scope"
    person = browser.person
    person.use({"accessToken": tokens["access_token"]})
    assert person.request("GET", "/charging/sessions").status_code == 200
    for path in ("/users/me", "/auth/sessions", "/payments"):
        assert_problem(person.request("GET", path), 403, "insufficient-scope")
    page = browser.page("GET", "/oauth2/authorize", params=public_app.request(prompt="consent"))
    assert page.action == "/oauth2/consent", "asked for, so asked"


def test_whoever_ends_a_clients_session_is_asked_for_consent_again(somebody, app):
    person = somebody()
    browser = Browser(person)
    tokens = app.tokens(browser)
    assert person.request("DELETE", f"/auth/sessions/{decoded(tokens['id_token'])['sid']}").status_code == 204
    assert app.refresh(tokens["refresh_token"]).json()["error"] == "invalid_grant"
    page = Page(browser.sign_in(browser.page("GET", "/oauth2/authorize", params=app.request())))
    assert page.action == "/oauth2/consent"


def test_a_code_is_good_once_and_a_second_time_ends_what_it_made(signed_in, app, eventually):
    code = app.code(signed_in)
    tokens = app.redeem(code).json()
    assert app.userinfo(tokens["access_token"]).status_code == 200
    again = app.redeem(code)
    assert (again.status_code, again.json()["error"]) == (400, "invalid_grant")
    assert app.refresh(tokens["refresh_token"]).json()["error"] == "invalid_grant"
    eventually(lambda: app.userinfo(tokens["access_token"]).status_code == 401, 3, what="the end of the access token")


def test_a_code_is_good_for_its_client_its_redirect_and_its_verifier_alone(platform, signed_in, app, public_app):
    code = app.code(signed_in)
    for wrong in ({"redirect_uri": "https://localhost:9/cb"}, {"redirect_uri": None}, {"code_verifier": "x" * 43}, {"code_verifier": None}):
        answer = app.redeem(code, **wrong)
        assert (answer.status_code, answer.json()["error"]) == (400, "invalid_grant"), wrong
    assert public_app.redeem(code, code_verifier=app.verifier).json()["error"] == "invalid_grant"
    assert app.redeem("A" * 43).json()["error"] == "invalid_grant"
    for credentials in ((app.client_id, "A" * 43), ("nobody", app.secret)):
        answer = app.post("/oauth2/token", {"grant_type": "authorization_code", "code": code}, auth=credentials)
        assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client") and answer.headers["WWW-Authenticate"].startswith("Basic")
    assert app.redeem(code).status_code == 200, "nothing of this has used it up"
    late = app.code(signed_in)
    with psycopg.connect(platform.postgres("auth", "auth", "auth")) as connection:
        connection.execute("UPDATE authorization_code SET expires_at = now() WHERE used_at IS NULL AND client_id = %s", [app.client_id])
    assert app.redeem(late).json()["error"] == "invalid_grant"


def test_without_a_challenge_only_who_has_credentials(signed_in, app, public_app):
    bare = {"code_challenge": None, "code_challenge_method": None}
    given = app.returned(signed_in.ask("GET", "/oauth2/authorize", params=app.request(**bare)))
    assert app.redeem(given["code"]).json()["error"] == "invalid_grant", "a verifier where no challenge was: somebody has cut it out"
    assert app.redeem(given["code"], code_verifier=None).status_code == 200
    assert public_app.returned(signed_in.ask("GET", "/oauth2/authorize", params=public_app.request(**bare)))["error"] == "invalid_request"
    assert app.returned(signed_in.ask("GET", "/oauth2/authorize", params=app.request(code_challenge_method="plain")))["error"] == "invalid_request"


def test_nothing_is_sent_to_an_address_that_was_not_written_down(signed_in, app):
    for changed in ({"redirect_uri": "https://evil.example/cb"}, {"redirect_uri": app.redirect + "&x=1"}, {"redirect_uri": None}, {"client_id": "nobody-here"}, {"client_id": None}):
        answer = signed_in.ask("GET", "/oauth2/authorize", params=app.request(**changed))
        assert answer.status_code == 400 and "Location" not in answer.headers and "This cannot go on" in answer.text, changed
    doubled = signed_in.ask("GET", "/oauth2/authorize", params=[*app.request().items(), ("state", "other")])
    assert doubled.status_code == 400 and "Location" not in doubled.headers


@pytest.mark.parametrize(("changed", "error"), [
    ({"response_type": "token"}, "unsupported_response_type"), ({"response_type": None}, "invalid_request"), ({"response_mode": "fragment"}, "invalid_request"),
    ({"request": "eyJhbGciOiJub25lIn0.e30."}, "request_not_supported"), ({"request_uri": "https://localhost:9/r"}, "request_uri_not_supported"),
    ({"scope": "nonsense"}, "invalid_scope"), ({"prompt": "none login"}, "invalid_request"), ({"max_age": "soon"}, "invalid_request"), ({"id_token_hint": "x.y.z", "prompt": "none"}, "login_required")])
def test_what_is_wrong_with_a_request_is_said_to_the_client(signed_in, app, changed, error):
    given = app.returned(signed_in.ask("GET", "/oauth2/authorize", params=app.request(**changed)))
    assert given["error"] == error and given["state"] == app.state and "code" not in given


def test_a_browser_that_is_known_is_not_asked_unless_the_client_wants_it(somebody, signed_in, app):
    assert app.returned(Browser(signed_in.person).ask("GET", "/oauth2/authorize", params=app.request(prompt="none")))["error"] == "login_required"
    first = decoded(app.tokens(signed_in, prompt="none")["id_token"])
    assert decoded(app.tokens(signed_in, max_age="1000")["id_token"])["auth_time"] == first["auth_time"]
    while time.time() < first["auth_time"] + 2.1:
        time.sleep(0.1)  # the age of a sign-in is a matter of time
    assert app.returned(signed_in.ask("GET", "/oauth2/authorize", params=app.request(max_age="1", prompt="none")))["error"] == "login_required"
    page = signed_in.page("GET", "/oauth2/authorize", params=app.request(max_age="1"))
    assert page.action == "/oauth2/sign-in"
    second = decoded(app.redeem(app.returned(signed_in.sign_in(page))["code"]).json()["id_token"])
    assert second["auth_time"] > first["auth_time"] and second["sub"] == first["sub"]
    page = signed_in.page("GET", "/oauth2/authorize", params=app.request(prompt="login"))
    assert page.action == "/oauth2/sign-in" and "code" in app.returned(signed_in.sign_in(page))
    hint = app.tokens(signed_in)["id_token"]
    assert "code" in app.returned(signed_in.ask("GET", "/oauth2/authorize", params=app.request(prompt="none", id_token_hint=hint)))
    other = Browser(somebody())
    held = app.tokens(other)
    answer = other.sign_in(other.page("GET", "/oauth2/authorize", params=app.request(id_token_hint=hint)))
    assert answer.status_code == 422 and "expects another account" in answer.text
    assert app.refresh(held["refresh_token"]).status_code == 200, "nobody has taken this browser over"
    assert app.returned(other.ask("GET", "/oauth2/authorize", params=app.request(prompt="none", id_token_hint=hint)))["error"] == "login_required"


def test_the_request_may_come_by_a_form(signed_in, app):
    page = signed_in.page("GET", "/oauth2/authorize", params=app.request(prompt="login"))
    assert "code" in app.returned(signed_in.sent_by_another_site("/oauth2/authorize", app.request(prompt="none"))), "a browser that is known is known by a form too"
    assert signed_in.sent_by_another_site("/oauth2/sign-in", {"flow": "x"}).status_code == 400
    assert "code" in app.returned(signed_in.sign_in(page)), "what was open in another tab is still good"


def test_wrong_passwords_look_the_same_and_are_counted_like_everywhere(somebody, app):
    browser = Browser(somebody())
    page = browser.page("GET", "/oauth2/authorize", params=app.request())
    answers = [browser.send(page, email=email, password=password)
               for email, password in ((browser.person.email, "isto-nao-e-a-senha"), ("p" + browser.person.email[1:-1] + "f", PASSWORD), (browser.person.email, ""))]
    assert {answer.status_code for answer in answers} == {422}
    shapes = {re.sub(r'value="[^"]*"', "", answer.text) for answer in answers}
    assert len(shapes) == 1 and 'role="alert"' in shapes.pop()
    for _ in range(9):
        last = browser.send(page, email=browser.person.email, password="isto-nao-e-a-senha")
    assert last.status_code == 429 and int(last.headers["Retry-After"]) > 0 and "too many attempts" in last.text
    refused = browser.person.elsewhere().try_login()
    assert_problem(refused, 429, "rate-limited")


def test_the_second_factor_is_asked_for_on_a_page_of_its_own(somebody, app):
    person = somebody()
    authenticator = pyotp.parse_uri(person.request("POST", "/auth/totp", json={"password": PASSWORD}).json()["uri"])
    recovery = person.request("POST", "/auth/totp/confirm", json={"code": authenticator.now()}).json()["recoveryCodes"]
    browser = Browser(person)
    page = Page(browser.sign_in(browser.page("GET", "/oauth2/authorize", params=app.request())))
    assert set(page.fields) == {"flow", "code"} and page.inputs[1]["autocomplete"] == "one-time-code"
    assert "__Host-evcosta-sign-in" not in browser.http.cookies, "nobody has signed in"
    wrong = browser.send(page, code="000000")
    assert wrong.status_code == 422 and "code is not right" in wrong.text
    assert browser.send(page, code="").status_code == 422
    answer = browser.send(Page(wrong), code=recovery[0])
    answer = browser.send(Page(answer), decision="allow")
    claims = decoded(app.redeem(app.returned(answer)["code"]).json()["id_token"])
    assert claims["amr"] == ["pwd", "otp", "mfa"] and claims["acr"] == "urn:evcosta:two-factors"
    assert browser.send(page, code=recovery[0]).status_code == 422, "no code is good twice"


def test_a_page_is_answered_by_the_browser_that_it_was_made_for(somebody, app):
    person = somebody()
    mine, theirs = Browser(person), Browser(person)
    page = theirs.page("GET", "/oauth2/authorize", params=app.request())
    for browser, changed in ((mine, {}), (theirs, {"flow": "A" * 80}), (theirs, {"flow": ""})):
        answer = browser.send(page, email=person.email, password=PASSWORD, **changed)
        assert answer.status_code == 400 and "Location" not in answer.headers and "begin again" in answer.text
    elsewhere = theirs.ask("POST", page.action, data={**page.fields, "email": person.email, "password": PASSWORD}, headers={"Sec-Fetch-Site": "cross-site"})
    assert elsewhere.status_code == 400
    consent = Page(theirs.sign_in(page))
    assert theirs.ask("POST", "/oauth2/sign-in", data={**consent.fields, "email": person.email, "password": "x"}).status_code == 422, "a page that is not for a password gives none away"
    assert theirs.ask("POST", "/oauth2/logout/confirm", data=consent.fields).status_code == 400, "made for something else"


def test_refresh_is_the_clients_own_and_never_gives_more(signed_in, app, public_app):
    tokens = app.tokens(signed_in)
    narrow = app.refresh(tokens["refresh_token"], scope="openid")
    assert narrow.status_code == 200 and narrow.json()["scope"] == "openid" and app.userinfo(narrow.json()["access_token"]).json().keys() == {"sub"}
    token = narrow.json()["refresh_token"]
    more = app.refresh(token, scope="openid payments:read")
    assert (more.status_code, more.json()["error"]) == (400, "invalid_scope")
    assert public_app.refresh(token).json()["error"] == "invalid_grant"
    assert_problem(signed_in.person.elsewhere().request("POST", "/auth/refresh", json={"refreshToken": token}), 401, "refresh-token-invalid")
    whole = app.refresh(token).json()
    assert whole["scope"] == "openid profile email" and decoded(whole["id_token"])["auth_time"] == decoded(tokens["id_token"])["auth_time"]
    app_of_ours = signed_in.person.elsewhere().login()
    assert app.refresh(app_of_ours.tokens["refreshToken"]).json()["error"] == "invalid_grant"


def test_introspection_and_revocation(platform, signed_in, app, public_app, eventually):
    tokens = app.tokens(signed_in)
    for token in (tokens["access_token"], tokens["refresh_token"]):
        said = app.post("/oauth2/introspect", {"token": token}).json()
        assert said["active"] and said["client_id"] == app.client_id and said["sub"] == decoded(tokens["id_token"])["sub"] and said["exp"] > time.time()
    other = RelyingParty.added(platform, "--secret")
    for client, token in ((other, tokens["access_token"]), (other, tokens["refresh_token"]), (app, "nonsense"), (app, tokens["id_token"])):
        assert client.post("/oauth2/introspect", {"token": token}).json() == {"active": False}
    assert public_app.post("/oauth2/introspect", {"token": tokens["access_token"]}).status_code == 401
    assert other.post("/oauth2/revoke", {"token": tokens["refresh_token"]}).status_code == 200, "and nothing happens"
    assert app.post("/oauth2/revoke", {"token": tokens["access_token"], "token_type_hint": "access_token"}).status_code == 200
    assert app.post("/oauth2/introspect", {"token": tokens["access_token"]}).json() == {"active": False}
    eventually(lambda: app.userinfo(tokens["access_token"]).status_code == 401, 3, what="the end of the access token")
    again = app.refresh(tokens["refresh_token"]).json()
    assert app.post("/oauth2/revoke", {"token": again["refresh_token"]}).status_code == 200
    assert app.refresh(again["refresh_token"]).json()["error"] == "invalid_grant"
    eventually(lambda: app.userinfo(again["access_token"]).status_code == 401, 3, what="the end of its access token")


def test_a_client_proves_itself_by_a_signed_assertion_once(platform, somebody, tmp_path):
    key, stranger = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    keys = tmp_path / "keys.json"
    keys.write_text(json.dumps({"keys": [public_jwk(key, "k1")]}))
    client = RelyingParty.added(platform, "--keys", str(keys))
    code = client.code(Browser(somebody()))

    def assertion(by=key, **changed) -> dict:
        claims = {"iss": client.client_id, "sub": client.client_id, "aud": platform.base_url, "jti": secrets.token_hex(8), "exp": int(time.time()) + 60, **changed}
        return {"client_assertion": signed(by, "k1", claims), "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"}

    for wrong in (assertion(stranger), assertion(aud="https://elsewhere.example"), assertion(exp=int(time.time()) - 60), assertion(exp=int(time.time()) + 3600),
                  assertion(iss="evcosta-console"), assertion(jti=""), {}, {"client_secret": "x"}):
        answer = client.redeem(code, **wrong)
        assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client"), wrong
    good = assertion(aud=f"{platform.base_url}/oauth2/token")
    tokens = client.redeem(code, **good)
    assert tokens.status_code == 200, tokens.text
    again = client.post("/oauth2/introspect", {"token": tokens.json()["access_token"], **good})
    assert (again.status_code, again.json()["error"]) == (401, "invalid_client")
    assert client.post("/oauth2/introspect", {"token": tokens.json()["access_token"], **assertion()}).json()["active"]


def test_sign_out_ends_the_browser_and_everything_that_came_from_it(somebody, app, public_app, eventually):
    browser = Browser(somebody())
    tokens, others = app.tokens(browser), public_app.tokens(browser)
    untouched = browser.person.elsewhere().login()
    leave = {"id_token_hint": tokens["id_token"], "post_logout_redirect_uri": RETURN, "state": "s 1"}
    for wrong in ({"post_logout_redirect_uri": "https://evil.example/"}, {"client_id": public_app.client_id}):
        assert browser.ask("GET", "/oauth2/logout", params={**leave, **wrong}).status_code == 400, wrong
    assert browser.ask("GET", "/oauth2/logout", params={"post_logout_redirect_uri": RETURN}).status_code == 400, "nobody knows whose address that is"
    for unknown in ("x.y.z", tokens["access_token"]):
        page = browser.page("GET", "/oauth2/logout", params={**leave, "id_token_hint": unknown})
        assert page.action == "/oauth2/logout/confirm", "what proves nothing is no hint, as when its key is gone"
        assert "code" in app.returned(browser.ask("GET", "/oauth2/authorize", params=app.request(id_token_hint=unknown)))
    answer = browser.ask("GET", "/oauth2/logout", params=leave)
    assert (answer.status_code, answer.headers["Location"]) == (303, f"{RETURN}?state=s%201")
    assert app.returned(browser.ask("GET", "/oauth2/authorize", params=app.request(prompt="none")))["error"] == "login_required"
    for client, held in ((app, tokens), (public_app, others)):
        assert client.refresh(held["refresh_token"]).json()["error"] == "invalid_grant"
        eventually(lambda: client.userinfo(held["access_token"]).status_code == 401, 3, what="the end of the access token")  # noqa: B023
    assert untouched.request("GET", "/users/me/vehicles").status_code == 200
    assert browser.ask("GET", "/oauth2/logout", params=leave).status_code == 303, "ended is ended"


def test_without_a_proof_sign_out_asks_first(somebody, app):
    browser, stranger = Browser(somebody()), Browser(somebody())
    tokens, foreign = app.tokens(browser), app.tokens(stranger)
    page = browser.page("GET", "/oauth2/logout")
    assert page.action == "/oauth2/logout/confirm"
    assert Page(browser.sent_by_another_site("/oauth2/logout", {})).action == "/oauth2/logout/confirm", "no other site ends it"
    page = Page(browser.sent_by_another_site("/oauth2/logout", {"id_token_hint": foreign["id_token"], "client_id": app.client_id, "post_logout_redirect_uri": RETURN}))
    assert app.refresh(foreign["refresh_token"]).status_code == 200, "another's token ends nothing here"
    assert stranger.send(page).status_code == 400, "another browser's page"
    anew = app.tokens(browser, prompt="login")
    answer = browser.send(page)
    assert (answer.status_code, answer.headers["Location"]) == (303, RETURN)
    assert app.refresh(anew["refresh_token"]).json()["error"] == "invalid_grant", "whoever signed in anew meanwhile leaves too"
    assert app.refresh(tokens["refresh_token"]).json()["error"] == "invalid_grant"
    assert "You are signed out" in browser.page("GET", "/oauth2/logout").text


def test_a_new_password_and_the_end_of_all_sessions_end_the_browsers_sign_in(somebody, app):
    person = somebody()
    browser = Browser(person)
    app.code(browser)
    assert person.request("DELETE", "/auth/sessions").status_code == 204
    assert app.returned(browser.ask("GET", "/oauth2/authorize", params=app.request(prompt="none")))["error"] == "login_required"
    app.code(browser)
    assert person.request("POST", "/auth/password", json={"password": PASSWORD, "newPassword": "outra-viagem-pela-serra"}).status_code == 200
    assert app.returned(browser.ask("GET", "/oauth2/authorize", params=app.request(prompt="none")))["error"] == "login_required"


def test_whoever_ends_the_consoles_session_is_asked_again(platform):
    operator = make_operator(platform, "viewer")
    browser, client = Browser(operator), console(platform)
    given = client.returned(browser.sign_in(browser.page("GET", "/oauth2/authorize", params=client.request(scope="openid")), OPERATOR_PASSWORD))
    tokens = client.redeem(given["code"]).json()
    assert "operations:read" in tokens["scope"].split(), "our own programs do what the person may do"
    operator.use({"accessToken": tokens["access_token"]})
    assert operator.request("POST", "/auth/logout").status_code == 204
    assert client.refresh(tokens["refresh_token"]).json()["error"] == "invalid_grant"
    assert client.returned(browser.ask("GET", "/oauth2/authorize", params=client.request(prompt="none")))["error"] == "login_required"


def test_a_browser_that_is_signed_in_is_seen_and_ended_by_its_owner(somebody, app):
    person = somebody()
    browser = Browser(person)
    before = {one["sessionId"] for one in person.get("/auth/sessions")["sessions"]}
    tokens = app.tokens(browser)
    assert app.post("/oauth2/revoke", {"token": tokens["refresh_token"]}).status_code == 200
    other = app.tokens(browser)
    [browsers_own] = {one["sessionId"] for one in person.get("/auth/sessions")["sessions"]} - before - {decoded(other["id_token"])["sid"]}
    assert person.request("DELETE", f"/auth/sessions/{browsers_own}").status_code == 204
    assert app.returned(browser.ask("GET", "/oauth2/authorize", params=app.request(prompt="none")))["error"] == "login_required"
    assert app.refresh(other["refresh_token"]).json()["error"] == "invalid_grant", "and what came from it"


def test_somebody_else_at_the_same_browser_takes_it_over(somebody, app):
    browser = Browser(somebody())
    tokens = app.tokens(browser)
    browser.person = somebody()
    assert decoded(app.tokens(browser, prompt="login")["id_token"])["sub"] != decoded(tokens["id_token"])["sub"]
    assert app.refresh(tokens["refresh_token"]).json()["error"] == "invalid_grant", "whoever was here before is not any more"


def test_clients_are_added_listed_and_removed(platform, somebody, eventually):
    client = RelyingParty.added(platform, "--algorithm", "ES256")
    tokens = client.tokens(Browser(somebody()))
    assert decoded(tokens["id_token"], 0)["alg"] == "ES256"
    listed = platform.evcosta("clients", "list", timeout=30).stdout
    assert re.search(rf"^{client.client_id}  none  ES256  asks for consent  Planilha de Recargas$", listed, re.M) and "evcosta-console" in listed
    assert "there is a client of that name" in platform.evcosta("clients", "add", client.client_id, "--redirect", client.redirect, timeout=30).stderr
    assert platform.evcosta("clients", "remove", client.client_id, timeout=30).returncode == 0
    assert client.refresh(tokens["refresh_token"]).json()["error"] == "invalid_client"
    eventually(lambda: client.userinfo(tokens["access_token"]).status_code == 401, 3, what="the end of the access token")
    for words in (("remove", "evcosta-console"), ("remove", "nobody-here")):
        assert platform.evcosta("clients", *words, timeout=30).returncode == 1
    for wrong in (("--redirect", "http://app.example/"), ("--redirect", "javascript:alert(1)"), ("--scope", "everything"), ("--algorithm", "none"), ()):
        assert platform.evcosta("clients", "add", "an-app", *wrong, timeout=30).returncode == 2, wrong


def test_discovery_says_what_holds(driver):
    said = driver.get("/.well-known/openid-configuration")
    assert said["code_challenge_methods_supported"] == ["S256"] and said["response_types_supported"] == ["code"] and said["authorization_response_iss_parameter_supported"] is True
    assert said["request_parameter_supported"] is False and said["claims_parameter_supported"] is False
    assert {key["alg"] for key in driver.get("/.well-known/jwks.json")["keys"]} == set(said["id_token_signing_alg_values_supported"]) == {"RS256", "ES256"}


def test_the_style_and_the_logo_are_served(driver):
    for name, kind in (("pages.css", "text/css"), ("logo.svg", "image/svg+xml")):
        answer = driver.request("GET", f"/oauth2/assets/{name}")
        assert answer.status_code == 200 and answer.headers["Content-Type"].startswith(kind) and answer.headers["X-Content-Type-Options"] == "nosniff"
        assert driver.request("GET", f"/oauth2/assets/{name}", headers={"If-None-Match": answer.headers["ETag"]}).status_code == 304
    assert_problem(driver.request("GET", "/oauth2/assets/..%2Fpages.cpp"), 400, "bad-request")
    assert_problem(driver.request("GET", "/oauth2/assets/pages.hpp"), 404, "not-found")
