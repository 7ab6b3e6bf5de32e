"""A browser as the gateway sees it: cookies, and the headers that only a browser writes. No certificate of a service, no token."""
import base64
import secrets

import requests
from contract_check import checked_session
from person import FromAddress, Person, loopback_address

COOKIE = "__Host-evcosta"


class Browser:
    """One profile of a browser; each of its tabs may be a thread of its own."""

    def __init__(self, platform, pool_size: int = 8):
        self.platform, self.handle = platform, None
        self.http = checked_session(requests.Session())
        self.http.mount("https://", FromAddress(loopback_address(), pool_size))
        self.http.trust_env, self.http.verify = False, str(platform.ca_file)
        self.http.headers["Accept"] = "application/json"

    @property
    def own_page(self) -> dict:
        """What a browser and our own script say of a call from the console."""
        return {"Origin": self.platform.base_url, "Sec-Fetch-Site": "same-origin", "Evcosta-Csrf": "1"}

    def ask(self, method: str, path: str, headers: dict | None = None, **more) -> requests.Response:
        """With the cookie, if there is one, and exactly these headers."""
        sent = {**({"Cookie": f"{COOKIE}={self.handle}"} if self.handle else {}), **(headers or {})}
        return self.http.request(method, self.platform.base_url + path, headers=sent, timeout=25, allow_redirects=False, **more)

    def own(self, method: str, path: str, **more) -> requests.Response:
        return self.ask(method, path, self.own_page, **more)

    def session(self) -> dict:
        answer = self.ask("GET", "/session", {"Sec-Fetch-Site": "same-origin"})
        assert answer.status_code == 200, answer.text
        return answer.json()

    def keep(self, person: Person) -> "Browser":
        """The person's tokens become this browser's session, as after a sign-in: by the operation that the gateway uses."""
        self.handle = base64.urlsafe_b64encode(secrets.token_bytes(32)).rstrip(b"=").decode()
        with requests.Session() as inside:
            inside.trust_env, inside.verify, inside.cert = False, str(self.platform.ca_file), self.platform.certificate("gateway")
            tokens = person.tokens
            answer = inside.post(f"https://localhost:{self.platform.port('AUTH_PORT')}/internal/browser-sessions", timeout=10,
                                 json={"handle": self.handle, "accessToken": tokens["accessToken"], "expiresIn": tokens["expiresIn"], "refreshToken": tokens["refreshToken"]})
        assert answer.status_code == 201, answer.text
        return self
