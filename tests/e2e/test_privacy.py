"""What identifies a person stays where it belongs: unique strings of people who used everything are searched in all stores and logs."""
import base64
import shutil
import subprocess
import urllib.parse
import urllib.request

import psycopg
import pytest
import redis

SERVICES_WITH_REDIS = ("gateway", "auth", "routing", "charging")
# database → role and certificate of its owner
DATABASES = {"auth": ("auth", "auth"), "auth_keystore": ("auth", "auth"), "users": ("users", "user"), "charging": ("charging", "charging"), "payment": ("payment", "payment"),
             "integrations": ("integrations", "integrations")}
KNOW_THE_SUBJECT = ("auth", "auth_keystore", "users")


@pytest.fixture(scope="module")
def person(somebody):
    """Somebody who used every part, with a wrong try here and there: errors are where things leak."""
    person = somebody()
    assert person.get("/users/me")["email"] == person.email
    person.nickname = f"Apelido {person.name}"
    vehicle = person.request("POST", "/users/me/vehicles", json={"model": "byd-dolphin-gs", "nickname": person.nickname}).json()
    person.request("PATCH", "/users/me", json={"name": person.name, "defaultVehicleId": vehicle["vehicleId"]})
    person.request("POST", "/auth/login", json={"email": person.email, "password": "wrong" * 4})
    person.request("GET", "/places", params={"q": "Santos"})
    person.request("GET", f"/users/{person.claims()['sub']}")
    accepted, _ = person.started(vehicleId=vehicle["vehicleId"])
    person.until_charging(accepted["sessionId"])
    person.stop_patiently(accepted["sessionId"])
    person.until_terminal(accepted["sessionId"])
    person.request("POST", "/auth/refresh", json={"refreshToken": person.tokens["refreshToken"]})
    assert person.email in person.request("GET", "/users/me/export").text
    person.request("DELETE", "/users/me", json={"password": "wrong" * 4})
    return person


def forms(text: str) -> set[bytes]:
    """A text as it may stand somewhere: raw, percent-encoded, hexadecimal, base64 at each of the three offsets, UTF-16."""
    raw = text.encode()
    found = {raw, urllib.parse.quote(text).encode(), urllib.parse.quote_plus(text).encode(), raw.hex().encode(), text.encode("utf-16-le")}
    found |= {text.encode("unicode_escape")}
    for offset in range(3):
        # The first and last characters depend on the neighbours.
        found.add(base64.b64encode(b"\0" * offset + raw)[4 if offset else 0:].rstrip(b"=")[:-2])
    return found


def identifying(person) -> list[str]:
    return [person.email, person.name, person.nickname]


def dump(platform, database):
    role, certificate = DATABASES[database]
    answer = subprocess.run([shutil.which("pg_dump"), "--data-only", platform.postgres(database, role, certificate)], capture_output=True, check=False)
    assert answer.returncode == 0, answer.stderr.decode()
    return answer.stdout


@pytest.mark.parametrize("database", DATABASES)
def test_no_address_or_name_in_clear_in_any_database(platform, person, database):
    content = dump(platform, database)
    assert content
    for text in identifying(person):
        assert not [form for form in forms(text) if form in content], f"{database} holds {text!r}"


@pytest.mark.parametrize("database", [name for name in DATABASES if name not in KNOW_THE_SUBJECT])
def test_the_internal_id_is_known_to_auth_and_user_only(platform, person, database):
    content = dump(platform, database)
    for claim in ("sub", "sid"):
        assert person.claims()[claim].encode() not in content, f"{database} holds the {claim}"
    assert database == "integrations" or person.claims()["puid"].encode() in content


def test_each_service_sees_its_own_database_only(platform):
    for database, (owner, _) in DATABASES.items():
        for role, certificate in {("users", "user"), ("charging", "charging"), ("payment", "payment")} - {(owner, DATABASES[database][1])}:
            with pytest.raises(psycopg.OperationalError):
                psycopg.connect(platform.postgres(database, role, certificate)).close()


def test_nothing_of_the_person_is_in_the_logs(platform, person):
    secrets = [*identifying(person), person.claims()["sub"], person.tokens["accessToken"].split(".")[1], person.tokens["refreshToken"]]
    for log in sorted(platform.log_dir.glob("*.log")):
        content = log.read_bytes()
        for text in secrets:
            assert not [form for form in forms(text) if form in content], f"{log.name} holds {text[:40]!r}"


def test_nothing_of_the_person_is_in_redis(platform, person):
    secrets = [*identifying(person), person.claims()["sub"]]
    for service in SERVICES_WITH_REDIS:
        crt, key = platform.certificate(service)
        client = redis.Redis(host="localhost", port=platform.port("REDIS_PORT"), username=service, password=platform.secret(f"redis-{service}"), ssl=True,
                             ssl_ca_certs=str(platform.ca_file), ssl_certfile=crt, ssl_keyfile=key)
        content = b""
        for name in client.scan_iter(f"{service}:*", count=1000):
            content += name + b"\n" + (client.dump(name) or b"") + b"\n"
        for text in secrets:
            assert not [form for form in forms(text) if form in content], f"redis of {service} holds {text!r}"


def test_nothing_of_the_person_is_in_traces_metrics_and_kept_logs(platform, person):
    secrets = [*identifying(person), person.claims()["sub"]]
    jaeger = f"http://127.0.0.1:{platform.port('JAEGER_QUERY_PORT')}/api"
    sources = {f"traces of {service}": f"{jaeger}/traces?service={service}&limit=200&lookback=1h" for service in ("gateway", "auth", "user", "charging", "payment", "integrations")}
    sources |= {f"metrics of {name}": platform.admin_url(name) + "/metrics" for name, about in platform.processes.items() if about["admin_port"] and name != "charge-points"}
    for text in (person.email, person.claims()["sub"]):
        query = urllib.parse.urlencode({"query": f'"{text}"', "limit": 5})
        with urllib.request.urlopen(f"http://127.0.0.1:{platform.port('VICTORIA_LOGS_PORT')}/select/logsql/query?{query}", timeout=20) as answer:
            assert answer.read().strip() == b"", f"the log store holds {text!r}"
    for name, url in sources.items():
        with urllib.request.urlopen(url, timeout=30) as answer:
            content = answer.read()
        for text in secrets:
            assert not [form for form in forms(text) if form in content], f"{name} hold {text!r}"


def test_nothing_of_the_person_is_in_kafkas_files(platform, person):
    secrets = [*identifying(person), person.claims()["sub"]]
    for segment in (platform.run_dir / "data/kafka").rglob("*.log"):
        content = segment.read_bytes()
        for text in secrets:
            assert not [form for form in forms(text) if form in content], f"{segment} holds {text!r}"


def test_registering_a_taken_address_looks_the_same(person):
    from person import PASSWORD, Person
    other = Person(person.platform)
    taken = other.request("POST", "/auth/register", json={"email": person.email, "password": PASSWORD, "name": "Outra"})
    fresh = other.request("POST", "/auth/register", json={"email": other.email, "password": PASSWORD, "name": "Outra"})
    volatile = {"date", "traceresponse", "server-timing", "ratelimit", "ratelimit-policy"}
    assert (taken.status_code, taken.content) == (fresh.status_code, fresh.content)
    assert {name.lower() for name in taken.headers} - volatile == {name.lower() for name in fresh.headers} - volatile


def test_a_wrong_password_an_unknown_and_an_unverified_address_look_the_same(person):
    from person import PASSWORD, Person
    unverified = Person(person.platform).register()
    tries = [(person.email, "wrong-password-x"), ("nobody@correio.example", PASSWORD), (unverified.email, PASSWORD), (person.email, ""), (person.email, "x" * 100_000)]
    answers = [unverified.request("POST", "/auth/login", json={"email": email, "password": password}) for email, password in tries]
    shapes = set()
    for answer in answers:
        problem = answer.json()
        problem.pop("traceId")
        shapes.add((answer.status_code, str(sorted(problem.items())), tuple(sorted(name.lower() for name in answer.headers))))
    assert len(shapes) == 1, shapes
    assert answers[0].status_code == 401
