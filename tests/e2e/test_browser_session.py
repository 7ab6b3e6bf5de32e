"""The browser's session: the cookie says nothing, survives Redis, is renewed once for all tabs, and serves our own pages alone."""
import http.client
import json
import ssl
import time
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest
import redis
import relying_party
from browser import COOKIE, Browser
from operators import PASSWORD as OPERATOR_PASSWORD, make_operator
from person import assert_problem

EVIL = "https://evil.example"


@pytest.fixture
def driver_in_browser(platform, somebody):
    person = somebody()
    return person, Browser(platform).keep(person)


def auth_database(platform):
    return psycopg.connect(platform.postgres("auth", "auth", "auth"), autocommit=True)


def vehicles(person) -> list:
    return person.get("/users/me/vehicles")["vehicles"]


def test_the_console_is_served_or_says_that_it_is_not_there(platform):
    answer = Browser(platform).ask("GET", "/console/", {"Accept": "text/html"})
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    if answer.status_code == 404:
        assert_problem(answer, 404, "console-not-installed")
    else:
        assert answer.status_code == 200
        assert "unsafe" not in answer.headers["Content-Security-Policy"]
        again = Browser(platform).ask("GET", "/console/", {"If-None-Match": answer.headers["ETag"]})
        assert again.status_code == 304
    to = Browser(platform).ask("GET", "/console")
    assert (to.status_code, to.headers["Location"]) == (308, "/console/")


def test_a_sign_in_from_the_first_click_to_the_last(platform, eventually):
    operator = make_operator(platform, "admin")
    browser = relying_party.Browser(operator)

    def ask(path: str, method: str = "GET", **more):
        return browser.ask(method, path.removeprefix(platform.base_url), **more)
    begun = ask("/session/login?returnTo=/console/stations")
    page = browser.page("GET", begun.headers["Location"].removeprefix(platform.base_url))
    back = browser.send(page, email=operator.email, password=OPERATOR_PASSWORD)
    assert back.status_code == 303 and back.headers["Location"].startswith(platform.base_url + "/session/callback?"), back.text[:300]
    done = ask(back.headers["Location"])
    assert (done.status_code, done.headers["Location"]) == (303, "/console/stations"), done.text[:300]
    assert_problem(ask(back.headers["Location"], headers={"Accept": "application/json"}), 400, "sign-in-incomplete")
    seen = ask("/session").json()
    assert (seen["signedIn"], seen["roles"], seen["name"]) == (True, ["admin"], "Operadora") and "operations:read" in seen["scopes"]
    assert ask("/operations/charging/cases").status_code == 200
    with auth_database(platform) as database:
        database.execute("UPDATE browser_session SET access_expires_at = now() - interval '1 second' WHERE created_at = (SELECT max(created_at) FROM browser_session)")
        eventually(lambda: ask("/operations/charging/cases").status_code == 200 and database.execute(
            "SELECT version FROM browser_session ORDER BY created_at DESC LIMIT 1").fetchone()[0] > 1, 15, every_s=0.5, what="the renewal of the console's own tokens")
    own = {"Origin": platform.base_url, "Sec-Fetch-Site": "same-origin", "Evcosta-Csrf": "1"}
    assert ask("/session/logout", "POST", headers=own).status_code == 204
    assert ask("/session").json()["signedIn"] is False
    again = ask("/session/login")
    assert browser.page("GET", again.headers["Location"].removeprefix(platform.base_url)).inputs, "signed out everywhere: the password is asked for again"


def test_signing_in_twice_ends_the_first_session_and_nothing_else(platform, eventually):
    """Both come from one sign-in at the provider: only the first one's family may end, not the sign-in and what else came from it."""
    operator = make_operator(platform, "viewer")
    browser = relying_party.Browser(operator)
    client = relying_party.console(platform)

    def path(url: str) -> str:
        return url.removeprefix(platform.base_url)

    def handle() -> str:
        return next(cookie.value for cookie in browser.http.cookies if cookie.name == COOKIE)
    begun = path(browser.ask("GET", "/session/login").headers["Location"])
    back = browser.send(browser.page("GET", begun), email=operator.email, password=OPERATOR_PASSWORD)
    assert browser.ask("GET", path(back.headers["Location"])).status_code == 303
    first = handle()
    others = client.tokens(browser)
    for round_name in ("without a question", "by prompt=login"):
        begun = path(browser.ask("GET", "/session/login").headers["Location"])
        if round_name == "without a question":
            back = browser.ask("GET", begun)
        else:
            back = browser.send(browser.page("GET", begun + "&prompt=login"), email=operator.email, password=OPERATOR_PASSWORD)
        done = browser.ask("GET", path(back.headers["Location"]))
        assert done.status_code == 303, (round_name, done.text[:300])
        assert handle() != first and browser.ask("GET", "/session").json()["signedIn"], round_name
        assert browser.ask("GET", "/operations/charging/cases").status_code == 200, round_name
        renewed = client.refresh(others["refresh_token"])
        assert renewed.status_code == 200, (round_name, renewed.text)
        others = renewed.json()
        before = Browser(platform)
        before.handle = first
        eventually(lambda: before.session()["signedIn"] is False, 3, what=f"the end of the first session, {round_name}")
        first = handle()


def test_who_is_signed_in(platform, driver_in_browser):
    person, browser = driver_in_browser
    assert Browser(platform).session() == {"signedIn": False, "roles": [], "scopes": []}
    seen = browser.session()
    assert (seen["signedIn"], seen["name"], seen["roles"]) == (True, person.name, [])
    assert "profile:read" in seen["scopes"] and seen["expiresAt"] > time.strftime("%Y-%m-%dT%H:%M")
    operator = Browser(platform).keep(make_operator(platform, "viewer"))
    assert operator.session()["roles"] == ["viewer"]
    assert operator.own("GET", "/operations/charging/cases").status_code == 200
    assert_problem(browser.own("GET", "/operations/charging/cases"), 403, "forbidden")


def test_calls_from_our_own_pages_work_with_the_cookie_alone(driver_in_browser):
    person, browser = driver_in_browser
    assert browser.own("GET", "/users/me").json()["email"] == person.email
    added = browser.own("POST", "/users/me/vehicles", json={"model": "byd-dolphin-gs"})
    assert added.status_code == 201, added.text
    path = f"/users/me/vehicles/{added.json()['vehicleId']}"
    assert browser.own("PATCH", path, json={"nickname": "Praia"}).status_code == 200
    assert browser.own("DELETE", path).status_code == 204
    browser.handle = "A" * 43
    gone = browser.own("GET", "/users/me")
    assert_problem(gone, 401, "unauthenticated")
    assert gone.headers["Set-Cookie"].startswith(f"{COOKIE}=;")


def everything_in_redis(platform) -> int:
    """As FLUSHALL, which nobody may: each user deletes what is its own. How many keys are left."""
    left = 0
    for user in ("gateway", "auth", "routing", "charging"):
        certificate, key = platform.certificate(user)
        with redis.Redis(host="localhost", port=platform.port("REDIS_PORT"), username=user, password=platform.secret(f"redis-{user}"), ssl=True,
                         ssl_ca_certs=str(platform.ca_file), ssl_certfile=certificate, ssl_keyfile=key) as client:
            for name in client.scan_iter(match=f"{user}:*", count=1000):
                client.delete(name)
            left += sum(1 for _ in client.scan_iter(match=f"{user}:*", count=1000))
    return left


def test_the_session_survives_the_loss_of_everything_in_redis(platform, driver_in_browser):
    _, browser = driver_in_browser
    assert browser.session()["signedIn"]
    assert everything_in_redis(platform) == 0
    # Longer than a worker remembers what auth said about a session.
    deadline = time.monotonic() + 6
    while time.monotonic() < deadline:
        assert browser.session()["signedIn"]
        assert browser.own("GET", "/users/me").status_code == 200
        time.sleep(0.5)


def test_five_tabs_at_once_renew_the_tokens_once(platform, driver_in_browser):
    """Also over both workers of the gateway: each tab comes on connections of its own."""
    _, browser = driver_in_browser
    with auth_database(platform) as database:
        family = "session_id = (SELECT session_id FROM browser_session ORDER BY created_at DESC LIMIT 1)"
        for round_number in (1, 2):
            database.execute(f"UPDATE browser_session SET access_expires_at = now() - interval '1 second' WHERE {family}")
            tabs = [Browser(platform) for _ in range(5)]
            for tab in tabs:
                tab.handle = browser.handle
            with ThreadPoolExecutor(20) as pool:
                calls = [pool.submit(tab.own, "GET", "/users/me/vehicles") for tab in tabs for _ in range(4)]
                assert {call.result().status_code for call in calls} == {200}
            # What a worker remembers is asked about again after five seconds at most: until then the old token served.
            deadline = time.monotonic() + 15
            while database.execute(f"SELECT max(generation) FROM refresh_token WHERE {family}").fetchone()[0] <= round_number and time.monotonic() < deadline:
                assert browser.own("GET", "/users/me/vehicles").status_code == 200
                time.sleep(0.5)  # what one person may ask
            generation, active, revoked = database.execute(
                f"SELECT max(generation), count(*) FILTER (WHERE state = 'active'), (SELECT count(*) FROM session WHERE id = t.session_id AND revoked_at IS NOT NULL) "
                f"FROM refresh_token t WHERE {family} GROUP BY session_id").fetchone()
            assert (generation, active, revoked) == (round_number + 1, 1, 0)
    assert browser.session()["signedIn"]


def raw(platform, method: str, path: str, headers: list[tuple[str, str]], body: bytes = b"") -> tuple[int, dict, bytes]:
    """As bytes on the wire: headers may come twice, a GET may carry a body."""
    connection = http.client.HTTPSConnection("localhost", platform.port("GATEWAY_PORT"), timeout=15, context=ssl.create_default_context(cafile=str(platform.ca_file)))
    try:
        connection.putrequest(method, path)
        for name, value in headers:
            connection.putheader(name, value)
        if body or method in ("POST", "PUT", "PATCH"):
            connection.putheader("Content-Length", str(len(body)))
        connection.endheaders(body or None)
        answer = connection.getresponse()
        streams = answer.getheader("Content-Type", "").startswith("text/event-stream")
        return answer.status, dict(answer.getheaders()), b"" if streams else answer.read()
    finally:
        connection.close()


JSON_BODY = json.dumps({"model": "byd-dolphin-gs"}).encode()
MULTIPART = b'--x\r\nContent-Disposition: form-data; name="model"\r\n\r\nbyd-dolphin-gs\r\n--x--\r\n'
ADD, TYPE = "/users/me/vehicles", "Content-Type"
CROSS = [("Origin", EVIL), ("Sec-Fetch-Site", "cross-site")]
# name → (method, path, headers beside the cookie, body, wanted status; None: any refusal)
SHAPES = {
    "form, urlencoded": ("POST", ADD, [*CROSS, (TYPE, "application/x-www-form-urlencoded")], b"model=byd-dolphin-gs", 403),
    "form, multipart": ("POST", ADD, [*CROSS, (TYPE, "multipart/form-data; boundary=x")], MULTIPART, 403),
    "form, text/plain": ("POST", ADD, [*CROSS, (TYPE, "text/plain")], JSON_BODY, 403),
    "fetch, no-cors": ("POST", ADD, [*CROSS, ("Sec-Fetch-Mode", "no-cors"), (TYPE, "text/plain;charset=UTF-8")], JSON_BODY, 403),
    "fetch, cors, preflight skipped": ("POST", ADD, [*CROSS, ("Sec-Fetch-Mode", "cors"), ("Evcosta-Csrf", "1"), (TYPE, "application/json")], JSON_BODY, 403),
    "Origin: null": ("POST", ADD, [("Origin", "null"), ("Evcosta-Csrf", "1"), (TYPE, "application/json")], JSON_BODY, 403),
    "another port of this host": ("POST", ADD, [("Origin", "https://localhost:9999"), ("Sec-Fetch-Site", "same-site"), ("Evcosta-Csrf", "1"), (TYPE, "application/json")], JSON_BODY, 403),
    "same origin without our header": ("POST", ADD, [("Sec-Fetch-Site", "same-origin"), (TYPE, "application/json")], JSON_BODY, 403),
    "our header without an origin": ("POST", ADD, [("Evcosta-Csrf", "1"), (TYPE, "application/json")], JSON_BODY, 403),
    "GET with a body": ("GET", ADD, [("Sec-Fetch-Site", "none"), (TYPE, "application/json")], JSON_BODY, 413),
    "HEAD": ("HEAD", ADD, [("Sec-Fetch-Site", "cross-site")], b"", 403),
    "method override on a GET": ("GET", ADD + "?_method=POST", [("Sec-Fetch-Site", "none"), ("X-HTTP-Method-Override", "POST"), ("X-Method-Override", "POST")], b"", 200),
    "method override on a form": ("POST", ADD, [*CROSS, ("X-HTTP-Method-Override", "PATCH"), (TYPE, "application/x-www-form-urlencoded")], b"_method=PATCH", 403),
    "event stream": ("GET", "/stations/events?bbox=-25,-48,-22,-44", [*CROSS, ("Accept", "text/event-stream")], b"", 403),
    "WebSocket": ("GET", "/stations/events?bbox=-25,-48,-22,-44", [*CROSS, ("Connection", "Upgrade"), ("Upgrade", "websocket"), ("Sec-WebSocket-Version", "13"), ("Sec-WebSocket-Key", "AAAAAAAAAAAAAAAAAAAAAA==")], b"", None),
    "a second cookie beside ours": ("POST", ADD, [("Cookie", f"{COOKIE}={'B' * 43}"), ("Origin", "self"), ("Sec-Fetch-Site", "same-origin"), ("Evcosta-Csrf", "1"), (TYPE, "application/json")], JSON_BODY, 400),
    "a token beside the cookie": ("POST", ADD, [("Authorization", "Bearer x"), ("Origin", "self"), ("Sec-Fetch-Site", "same-origin"), ("Evcosta-Csrf", "1"), (TYPE, "application/json")], JSON_BODY, 400),
    "a preflight": ("OPTIONS", ADD, [("Origin", EVIL), ("Access-Control-Request-Method", "POST"), ("Access-Control-Request-Headers", "evcosta-csrf")], b"", 405),
    "sign-out from elsewhere": ("POST", "/session/logout", CROSS, b"", 403),
}


@pytest.fixture(scope="module")
def attacked(platform, somebody):
    person = somebody()
    return person, Browser(platform).keep(person)


@pytest.mark.parametrize("shape", SHAPES)
def test_a_page_of_another_origin_changes_nothing(platform, attacked, shape):
    person, browser = attacked
    method, path, headers, body, wanted = SHAPES[shape]
    headers = [(name, platform.base_url if value == "self" else value) for name, value in headers]
    before = vehicles(person)
    status, answered, _ = raw(platform, method, path, [("Cookie", f"{COOKIE}={browser.handle}"), *headers], body)
    assert status == wanted if wanted else status >= 400, (status, answered)
    assert not [name for name in answered if name.lower().startswith("access-control-")], "no other origin is ever allowed to read"
    assert vehicles(person) == before
    assert browser.session()["signedIn"], "and nobody is signed out by it"


def test_sign_out_ends_the_tokens_within_a_second(platform, driver_in_browser):
    person, browser = driver_in_browser
    other = Browser(platform).keep(person.elsewhere().login())
    assert browser.own("GET", "/users/me").status_code == 200
    out = browser.own("POST", "/session/logout")
    assert out.status_code == 204 and "Max-Age=0" in out.headers["Set-Cookie"]
    began = time.monotonic()
    while browser.own("GET", "/users/me/vehicles").status_code != 401 or person.request("GET", "/users/me/vehicles").status_code != 401:
        assert time.monotonic() - began < 1.5, "the tokens outlive the session"
    assert browser.session() == {"signedIn": False, "roles": [], "scopes": []}
    assert_problem(person.request("POST", "/auth/refresh", json={"refreshToken": person.tokens["refreshToken"]}), 401, "refresh-token-invalid")
    assert other.session()["signedIn"], "another browser of the same person goes on"


def test_a_code_from_elsewhere_signs_nobody_in(platform):
    browser = Browser(platform)
    begun = browser.ask("GET", "/session/login?returnTo=/console/stations")
    assert begun.status_code == 303
    assert begun.headers["Location"].startswith(f"{platform.base_url}/oauth2/authorize?response_type=code&client_id=evcosta-console&")
    cookie = begun.headers["Set-Cookie"]
    assert cookie.endswith("; Path=/; Max-Age=600; Secure; HttpOnly; SameSite=Lax")
    for sent in ({}, {"Cookie": cookie.split(";")[0]}):
        answer = browser.ask("GET", "/session/callback?code=planted&state=planted", sent)
        assert_problem(answer, 400, "sign-in-incomplete")
        assert "Set-Cookie" not in answer.headers, "what is on its way goes on"
    assert_problem(browser.ask("GET", "/session/login?returnTo=//evil.example/console/"), 422, "validation-failed")
