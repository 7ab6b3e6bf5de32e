"""A program that people sign in to with their account, and the browser in front of it: forms and cookies, no script."""
import base64
import hashlib
import html.parser
import json
import secrets
import urllib.parse

import requests
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from person import PASSWORD, Person

REDIRECT = "https://localhost:9/cb?tenant=1"
RETURN = "https://localhost:9/bye"


def decoded(token: str, part: int = 1) -> dict:
    text = token.split(".")[part]
    return json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))


def encoded(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).decode().rstrip("=")


def public_jwk(key: ec.EllipticCurvePrivateKey, key_id: str) -> dict:
    numbers = key.public_key().public_numbers()
    return {"kty": "EC", "crv": "P-256", "x": encoded(numbers.x.to_bytes(32, "big")), "y": encoded(numbers.y.to_bytes(32, "big")), "kid": key_id, "use": "sig", "alg": "ES256"}


def signed(key: ec.EllipticCurvePrivateKey, key_id: str, claims: dict) -> str:
    """A compact JWT, ES256."""
    text = ".".join(encoded(json.dumps(part).encode()) for part in ({"alg": "ES256", "kid": key_id}, claims))
    r, s = decode_dss_signature(key.sign(text.encode(), ec.ECDSA(hashes.SHA256())))
    return f"{text}.{encoded(r.to_bytes(32, 'big') + s.to_bytes(32, 'big'))}"


def left_half_hash(token: str) -> str:
    return encoded(hashlib.sha256(token.encode()).digest()[:16])


class Page(html.parser.HTMLParser):
    """The one form of a page: where it goes, what its fields hold, which buttons it has."""

    def __init__(self, answer: requests.Response):
        super().__init__()
        self.answer, self.action, self.fields, self.buttons, self.inputs, self.labels = answer, "", {}, [], [], []
        self.language, self.text = "", answer.text
        self.feed(answer.text)

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        if tag == "html":
            self.language = given["lang"]
        elif tag == "form":
            assert given["method"] == "post"
            self.action = given["action"]
        elif tag == "input":
            self.fields[given["name"]] = given.get("value", "")
            self.inputs.append(given)
        elif tag == "button":
            self.buttons.append((given.get("name"), given.get("value")))
        elif tag == "label":
            self.labels.append(given["for"])
        assert tag != "script" and not any(name.startswith("on") or name == "style" for name in given), (tag, given)


class Browser:
    """Somebody's browser. Every answer is held against the contracts; redirects to programs are not followed, nobody listens there."""

    def __init__(self, person: Person):
        self.person = person
        self.http = person.elsewhere().http
        self.http.headers.update({"Accept": "text/html,application/xhtml+xml", "Accept-Language": "en", "User-Agent": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"})

    def ask(self, method: str, path: str, **more) -> requests.Response:
        return self.http.request(method, self.person.platform.base_url + path, allow_redirects=False, timeout=25, **more)

    def sent_by_another_site(self, path: str, fields: dict) -> requests.Response:
        """A form of another site: cookies with SameSite=Lax stay at home, and come along when the answer leads on."""
        kept, self.http.cookies = self.http.cookies, requests.cookies.RequestsCookieJar()
        answer = self.ask("POST", path, data=urllib.parse.urlencode(fields), headers={"Sec-Fetch-Site": "cross-site", "Content-Type": "application/x-www-form-urlencoded"})
        kept.update(self.http.cookies)
        self.http.cookies = kept
        assert answer.status_code != 303 or answer.headers["Location"].split("?")[0] == path, answer.headers
        return self.ask("GET", answer.headers["Location"]) if answer.status_code == 303 else answer

    def page(self, method: str, path: str, **more) -> Page:
        answer = self.ask(method, path, **more)
        assert answer.status_code == 200, f"{answer.status_code} {answer.headers.get('Location')} {answer.text[:300]}"
        return Page(answer)

    def send(self, page: Page, **typed) -> requests.Response:
        return self.ask("POST", page.action, data={**page.fields, **typed})

    def sign_in(self, page: Page, password: str = PASSWORD) -> requests.Response:
        return self.send(page, email=self.person.email, password=password)


class RelyingParty:
    """One client of the provider."""

    def __init__(self, platform, client_id: str, secret: str = "", redirect: str = REDIRECT, scope: str = "openid profile email"):
        self.platform, self.client_id, self.secret, self.redirect, self.scope = platform, client_id, secret, redirect, scope
        self.verifier = secrets.token_urlsafe(48)
        self.nonce, self.state = secrets.token_urlsafe(12), secrets.token_urlsafe(12)
        self.http = Person(platform).http

    @classmethod
    def added(cls, platform, *options: str, scope: str = "openid profile email", redirect: str = REDIRECT) -> "RelyingParty":
        client_id = f"app-{secrets.token_hex(6)}"
        done = platform.evcosta("clients", "add", client_id, "--name", "Planilha de Recargas", "--redirect", redirect, "--post-logout", RETURN, "--scope", scope, *options, timeout=30)
        assert done.returncode == 0, done.stderr
        secret = done.stdout.split("shown this once: ")[1].strip() if "--secret" in options else ""
        return cls(platform, client_id, secret, redirect=redirect, scope=scope)

    def request(self, **changed) -> dict:
        challenge = encoded(hashlib.sha256(self.verifier.encode()).digest())
        asked = {"response_type": "code", "client_id": self.client_id, "redirect_uri": self.redirect, "scope": self.scope, "state": self.state, "nonce": self.nonce,
                 "code_challenge": challenge, "code_challenge_method": "S256", **changed}
        return {name: value for name, value in asked.items() if value is not None}

    def returned(self, answer: requests.Response) -> dict:
        """The parameters that came back to the client."""
        assert answer.status_code == 303, f"{answer.status_code} {answer.text[:300]}"
        location = answer.headers["Location"]
        assert location.startswith(self.redirect + ("&" if "?" in self.redirect else "?")), location
        given = dict(urllib.parse.parse_qsl(urllib.parse.urlparse(location).query))
        assert given["iss"] == self.platform.base_url
        return given

    def code(self, browser: Browser, **changed) -> str:
        """A code by whatever pages come: sign-in, consent."""
        answer = browser.ask("GET", "/oauth2/authorize", params=self.request(**changed))
        while answer.status_code == 200:
            page = Page(answer)
            answer = browser.sign_in(page) if "password" in page.fields else browser.send(page, decision="allow")
        given = self.returned(answer)
        assert given["state"] == self.state and "error" not in given, given
        return given["code"]

    def post(self, path: str, fields: dict, **more) -> requests.Response:
        auth = (self.client_id, self.secret) if self.secret else None
        named = fields if self.secret else {"client_id": self.client_id, **fields}
        return self.http.request("POST", self.platform.base_url + path, data={name: value for name, value in named.items() if value is not None}, auth=more.pop("auth", auth), timeout=25, **more)

    def redeem(self, code: str, **changed) -> requests.Response:
        return self.post("/oauth2/token", {"grant_type": "authorization_code", "code": code, "redirect_uri": self.redirect, "code_verifier": self.verifier, **changed})

    def refresh(self, token: str, **more) -> requests.Response:
        return self.post("/oauth2/token", {"grant_type": "refresh_token", "refresh_token": token, **more})

    def tokens(self, browser: Browser, **changed) -> dict:
        answer = self.redeem(self.code(browser, **changed))
        assert answer.status_code == 200, answer.text
        return answer.json()

    def userinfo(self, access_token: str, method: str = "GET") -> requests.Response:
        return self.http.request(method, self.platform.base_url + "/oauth2/userinfo", headers={"Authorization": f"Bearer {access_token}"}, timeout=25)


def console(platform) -> RelyingParty:
    return RelyingParty(platform, "evcosta-console", redirect=platform.base_url + "/session/callback",
                        scope="openid profile email account:manage operations:read operations:stations operations:payments operations:dead-letters operations:faults")
