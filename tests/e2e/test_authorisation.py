"""Who may do what, generated from contracts/routes.yaml: every public operation × everybody, through the gateway and at the service itself (which
checks again); and every operation on somebody's own things × somebody else."""
import re
import uuid

import pytest
import requests
import yaml
from contract_files import ROOT
from operators import make_operator
from passkeys import add_passkey
from person import Person

TABLE = yaml.safe_load((ROOT / "contracts/routes.yaml").read_text(encoding="utf-8"))
ROUTES = [route for route in TABLE["routes"] if not route.get("internal") and route["service"] != "gateway"]
ROLES = tuple(TABLE["scopes"]["operator"])
EVERYBODY = ("nobody", "driver", *ROLES)
NO_ID = "01a20add-f7cf-7378-a0c8-807d805a220c"
# Whoever may do these is signed out by them.
ENDS_SESSIONS = ("logout", "endOtherAuthSessions")
# Where the body is looked at before the thing is: one that says something.
BODIES = {"updateVehicle": {"nickname": "Outro"}, "renamePasskey": {"name": "Outro"}}
# Removing what is not there answers as removing what is: 204.
GONE_ANYWAY = ("deleteVehicle",)
# Allowed, after a proof of who it is that nobody here has given.
NEED_A_PROOF = ("passkeyOptions",)
# Of these anybody may ask about any: there is no owner.
NOT_OWNED = {"stationId", "code", "provider"}


def expected(route: dict, who: str) -> tuple[int, str] | None:
    """The refusal; None: whatever the operation itself says, it is none."""
    if route["access"] == "public":
        return None
    if route["access"] == "hmac":
        return 401, "signature-invalid"
    if who == "nobody":
        return 401, "unauthenticated"
    scopes = TABLE["scopes"]["driver"] if who == "driver" else TABLE["scopes"]["operator"][who]
    if route["access"] == "operator" and who == "driver":
        return 403, "forbidden"
    if route.get("scope", scopes[0]) not in scopes:
        return 403, "insufficient-scope"
    return (403, "proof-needed") if route["operation"] in NEED_A_PROOF else None


@pytest.fixture(scope="module")
def people(platform, somebody) -> dict[str, Person]:
    return {"nobody": Person(platform), "driver": somebody(), **{role: make_operator(platform, role) for role in ROLES}}


class Asking:
    """Through the gateway as everybody comes, or at the service as the gateway comes."""

    def __init__(self, platform):
        self.platform = platform
        self.inside = requests.Session()
        self.inside.trust_env, self.inside.verify, self.inside.cert = False, str(platform.ca_file), platform.certificate("gateway")

    def ask(self, person: Person, route: dict, path: str, inside: bool) -> requests.Response:
        body = {} if route["method"] in ("GET", "DELETE") or route.get("body_limit_bytes") == 0 else {"json": BODIES.get(route["operation"], {})}
        headers = {"Idempotency-Key": str(uuid.uuid4()), "Accept": "application/json"}
        if "Authorization" in person.http.headers:
            headers["Authorization"] = person.http.headers["Authorization"]
        if not inside:
            # Not through the person's checked session: a body that no contract allows is on purpose.
            with requests.Session() as http:
                http.trust_env, http.verify = False, str(self.platform.ca_file)
                http.mount("https://", person.http.get_adapter("https://"))
                return self.finish(http.request(route["method"], self.platform.base_url + path, headers=headers, timeout=25, stream=True, **body))
        port = self.platform.port(f"{route['service'].upper()}_PORT")
        return self.finish(self.inside.request(route["method"], f"https://localhost:{port}{path}", headers=headers, timeout=25, stream=True, **body))

    @staticmethod
    def finish(answer: requests.Response) -> requests.Response:
        """A stream that was allowed does not end by itself."""
        if answer.headers.get("Content-Type", "").startswith("text/event-stream"):
            answer.close()
        else:
            answer.content  # noqa: B018 (read to its end)
        return answer


@pytest.fixture(scope="module")
def asking(platform):
    made = Asking(platform)
    yield made
    made.inside.close()


@pytest.mark.parametrize("inside", [pytest.param(False, id="edge"), pytest.param(True, id="service")])
@pytest.mark.parametrize("who", EVERYBODY)
def test_everybody_is_refused_what_the_table_does_not_allow(people, asking, who, inside):
    wrong = []
    for route in ROUTES:
        person = people[who]
        refusal = expected(route, who)
        if route["operation"] in ENDS_SESSIONS and refusal is None:
            continue  # seen to be allowed in test_own_account and test_main_job; here they would sign everybody out
        answer = asking.ask(person, route, re.sub(r"{\w+}", NO_ID, route["path"]), inside)
        name = f"{route['method']} {route['path']}: {answer.status_code}"
        if refusal is None:
            if answer.status_code in (401, 403) or answer.status_code >= 500:
                wrong.append(f"{name} {answer.text[:120]}")
        elif answer.status_code != refusal[0] or answer.json().get("code") != refusal[1]:
            wrong.append(f"{name} instead of {refusal} {answer.text[:120]}")
    assert not wrong, "\n".join(wrong)


@pytest.fixture(scope="module")
def owned(journey) -> dict[str, dict[str, str]]:
    """Path parameter → service → an id of the journey's driver."""
    person = journey["person"]
    vehicle = person.request("POST", "/users/me/vehicles", json={"model": "byd-dolphin-gs"}).json()["vehicleId"]
    _, passkey = add_passkey(person)
    return {"passkeyId": {"auth": passkey["passkeyId"]}, "sessionId": {"charging": journey["sessionId"], "auth": person.claims()["sid"]}, "vehicleId": {"user": vehicle}, "paymentId": {"payment": journey["payment"]["paymentId"]}}


OF_SOMEBODY = [route for route in ROUTES if route["access"] == "driver" and set(re.findall(r"{(\w+)}", route["path"])) - NOT_OWNED]


@pytest.mark.parametrize("inside", [pytest.param(False, id="edge"), pytest.param(True, id="service")])
@pytest.mark.parametrize("route", OF_SOMEBODY, ids=lambda route: f"{route['method']} {route['path']}")
def test_what_is_somebody_elses_is_not_there(people, asking, owned, journey, route, inside):
    parameter, = re.findall(r"{(\w+)}", route["path"])
    path = route["path"].replace(f"{{{parameter}}}", owned[parameter][route["service"]])
    said = []
    for each in (path, route["path"].replace(f"{{{parameter}}}", NO_ID)):
        answer = asking.ask(people["driver"], route, each, inside)
        said.append((answer.status_code, answer.json()["code"] if answer.content else None))
    assert said[0] == said[1], "what nobody has looks the same"
    if route["operation"] in GONE_ANYWAY:
        assert journey["person"].request("GET", path).status_code == 200, "it is there still"
    else:
        assert said[0][0] == 404 and said[0][1].endswith("not-found"), said


def test_there_are_as_many_as_the_table_has():
    assert len(ROUTES) > 80 and len(OF_SOMEBODY) >= 8
