"""People whose every string is unique do everything that can be done, failures included: none of their strings is anywhere but in the sealed
columns. The same search finds what was planted in each of the places. 20 people; EVCOSTA_E2E_PEOPLE=200 for as many."""
import base64
import os
import secrets
import time
from concurrent.futures import ThreadPoolExecutor

import confluent_kafka
import confluent_kafka.admin
import psycopg
import pyotp
import pytest
import redis
from passkeys import Authenticator, sign_in
from person import Person
from unique_strings import Search, forms, new_mark, new_run, post_otlp, search_stores, search_telemetry

PEOPLE = int(os.environ.get("EVCOSTA_E2E_PEOPLE", "20"))
CODE = r"(?m)^[A-Za-z0-9_-]{43}\r?$"
WRONG = 401


class Guest(Person):
    """Whatever they are asked for holds the mark."""

    def __init__(self, platform, mark: str, number: int):
        super().__init__(platform)
        self.mark = f"{mark}{number:04d}"
        self.email, self.next_email = f"{self.mark}@correio.example", f"nova.{self.mark}@correio.example"
        self.name, self.password, self.next_password = f"Zuleica {self.mark} Ferrão", f"senha {self.mark} comprida", f"outra {self.mark} comprida"
        self.http.headers["User-Agent"] = f"Costa/1.0 (aparelho {self.mark})"

    def expect(self, status: int, method: str, path: str, **more):
        answer = self.request(method, path, **more)
        assert answer.status_code == status, f"{method} {path}: {answer.status_code} {answer.text[:300]}"
        return answer

    def everything_once(self, number: int) -> None:
        self.arrive()
        self.use_passkeys()
        self.keep_a_profile()
        self.ask_for_what_is_not_there()
        if number % 10 == 0:
            session, _ = self.started()
            self.stop_patiently(session["sessionId"])
            self.until_terminal(session["sessionId"])
        self.move_on()
        assert self.mark in self.request("GET", "/users/me/export").text
        if number % 7 == 3:
            self.expect(202, "DELETE", "/users/me", json={"password": self.next_password})

    def arrive(self) -> None:
        self.expect(202, "POST", "/auth/register", json={"email": self.email, "password": self.password, "name": self.name})
        self.expect(422, "POST", "/auth/register", json={"email": self.email, "password": self.mark[:9], "name": self.name})
        self.expect(WRONG, "POST", "/auth/login", json={"email": self.email, "password": self.password})  # not verified yet
        self.verify()
        self.expect(WRONG, "POST", "/auth/login", json={"email": self.email, "password": self.next_password})
        self.use(self.expect(200, "POST", "/auth/login", json={"email": self.email, "password": self.password}).json())

    def use_passkeys(self) -> None:
        authenticator = Authenticator()
        self.expect(WRONG, "POST", "/auth/proof", json={"password": self.next_password})
        self.expect(204, "POST", "/auth/proof", json={"password": self.password})
        options = self.expect(200, "POST", "/auth/passkeys/options").json()
        assert options["user"]["name"] == self.email
        self.expect(422, "POST", "/auth/passkeys", json={"name": self.mark, "passkey": authenticator.register(options, "https://evil.example")})
        added = self.expect(201, "POST", "/auth/passkeys", json={"name": f"Chave {self.mark}", "passkey": authenticator.register(options, self.platform.base_url)}).json()
        self.expect(204, "PATCH", f"/auth/passkeys/{added['passkeyId']}", json={"name": f"Telefone {self.mark}"})
        assert sign_in(self, Authenticator()).status_code == WRONG
        self.use(sign_in(self, authenticator).json())

    def keep_a_profile(self) -> None:
        vehicle = self.expect(201, "POST", "/users/me/vehicles", json={"model": "byd-dolphin-gs", "nickname": f"Apelido {self.mark}"}).json()
        self.expect(422, "POST", "/users/me/vehicles", json={"model": self.mark, "nickname": f"Apelido {self.mark}" * 20})
        self.expect(200, "PATCH", "/users/me", json={"name": f"{self.name} Júnior", "defaultVehicleId": vehicle["vehicleId"]})

    def ask_for_what_is_not_there(self) -> None:
        """Where an error could say what was asked."""
        for method, path, more in (("GET", "/places", {"params": {"q": f"casa de {self.mark}"}}), ("GET", f"/auth/verify?token={self.mark * 2}", {}), ("GET", f"/{self.mark}", {}),
                                   ("GET", f"/stations/{self.mark}", {}), ("POST", "/auth/refresh", {"json": {"refreshToken": self.mark * 2}}),
                                   ("POST", "/auth/login", {"data": f'{{"email": "{self.email}", ', "headers": {"Content-Type": "application/json"}}),
                                   ("POST", "/oauth2/token", {"data": {"grant_type": "refresh_token", "refresh_token": self.mark * 2}}),
                                   ("GET", "/users/me", {"headers": {"Authorization": f"Bearer {self.mark}"}}),
                                   ("GET", "/users/me", {"headers": {"Cookie": f"__Host-evcosta-device={self.mark}.1.x; name={self.mark}"}})):
            assert self.unchecked(method, path, **more).status_code < 500, path

    def unchecked(self, method: str, path: str, **more):
        """What no contract allows, on purpose."""
        from requests import Session
        with Session() as http:
            http.trust_env, http.verify = False, str(self.platform.ca_file)
            http.headers.update(self.http.headers)
            return http.request(method, self.platform.base_url + path, timeout=25, **more)

    def move_on(self) -> None:
        """To another address, another password, and a second factor."""
        self.expect(WRONG, "POST", "/auth/email", json={"password": self.next_password, "newEmail": self.next_email})
        self.expect(202, "POST", "/auth/email", json={"password": self.password, "newEmail": self.next_email})
        self.expect(204, "POST", "/auth/email/confirm", json={"code": self.mailed(CODE, self.next_email, 30).strip()})
        self.expect(202, "POST", "/auth/password-reset", json={"email": self.next_email})
        seen = self.mailed(r"a new password[\s\S]*", self.next_email, 30)
        code = next(line.strip() for line in seen.splitlines() if len(line.strip()) == 43 and " " not in line.strip())
        self.expect(400, "POST", "/auth/password-reset/confirm", json={"code": self.mark * 2, "newPassword": self.next_password})
        self.expect(204, "POST", "/auth/password-reset/confirm", json={"code": code, "newPassword": self.next_password})
        self.use(self.expect(200, "POST", "/auth/login", json={"email": self.next_email, "password": self.next_password}).json())
        secret = self.expect(200, "POST", "/auth/totp", json={"password": self.next_password}).json()["secret"]
        self.expect(WRONG, "POST", "/auth/totp/confirm", json={"code": self.mark[:6]})
        codes = self.expect(200, "POST", "/auth/totp/confirm", json={"code": pyotp.TOTP(secret).now()}).json()["recoveryCodes"]
        self.expect(204, "POST", "/auth/totp/disable", json={"password": self.next_password, "code": codes[0]})
        self.use(self.expect(200, "POST", "/auth/refresh", json={"refreshToken": self.tokens["refreshToken"]}).json())


@pytest.fixture(scope="module")
def looked(platform, eventually):
    """(the search, the people's mark, place → the mark that was planted there)"""
    started = time.monotonic()
    run = new_run()
    mark = new_mark(run)
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda number: Guest(platform, mark, number).everything_once(number), range(PEOPLE)))
    planted = {place: new_mark(run) for place in ("Kafka", "PostgreSQL", "WAL", "Redis", "logs", "traces", "log store", "metrics")}
    with Plants(platform, planted):
        minutes = int((time.monotonic() - started) / 60) + 3

        def arrived() -> Search | None:
            search = Search(run, mark, *planted.values())
            search_telemetry(platform, search, minutes)
            return search if all(place in search.found_in(planted[place]) for place in ("traces", "log store", "metrics")) else None

        # Collector and Prometheus take some seconds; what people did came before.
        search = eventually(arrived, 90, every_s=3, what="the search to find what was planted in the telemetry")
        search_stores(platform, search)
    return search, mark, planted


class Plants:
    """Where the search must be able to find something, something is put; and taken away again."""

    def __init__(self, platform, marks: dict[str, str]):
        self.platform, self.marks = platform, marks
        self.table, self.topic = f"planted_{secrets.token_hex(4)}", f"planted.{secrets.token_hex(4)}"
        self.log, self.key = platform.log_dir / f"{self.table}.log", f"auth:{self.table}"

    def database(self):
        return psycopg.connect(self.platform.postgres("auth", "auth", "auth"), autocommit=True)

    def redis(self):
        crt, key = self.platform.certificate("auth")
        return redis.Redis(host="localhost", port=self.platform.port("REDIS_PORT"), username="auth", password=self.platform.secret("redis-auth"), ssl=True, ssl_ca_certs=str(self.platform.ca_file),
                           ssl_certfile=crt, ssl_keyfile=key)

    def __enter__(self):
        with self.database() as connection:
            connection.execute(f"CREATE TABLE {self.table} (said text)")
            # As base64, behind one byte; rewriting the table puts it into the data file at once.
            connection.execute(f"INSERT INTO {self.table} VALUES (%s)", [base64.b64encode(b"x" + self.marks["PostgreSQL"].encode() + b"yz").decode()])
            connection.execute(f"VACUUM FULL {self.table}")
            connection.execute(f"INSERT INTO {self.table} VALUES (%s)", [self.marks["WAL"].encode().hex()])
        self.redis().set(self.key, forms(self.marks["Redis"])["percent"], ex=600)
        self.log.write_text(f"somebody called {self.marks['logs'].upper()}\n", encoding="utf-8")
        admin = {**self.platform.kafka_settings("platform-admin")}
        topics = confluent_kafka.admin.AdminClient(admin)
        topics.create_topics([confluent_kafka.admin.NewTopic(self.topic, 1, 1)])[self.topic].result(20)
        producer = confluent_kafka.Producer(admin)
        producer.produce(self.topic, value=self.marks["Kafka"].encode("utf-16-le"))
        assert producer.flush(15) == 0
        now = time.time_ns()
        resource = {"attributes": [{"key": "service.name", "value": {"stringValue": "planted"}}]}

        def span(name: str, said: str) -> dict:
            return {"traceId": secrets.token_hex(16), "spanId": secrets.token_hex(8), "name": name, "kind": 2, "startTimeUnixNano": str(now), "endTimeUnixNano": str(now + 1000),
                    "attributes": [{"key": "said", "value": {"stringValue": said}}]}

        post_otlp(self.platform, "traces", {"resourceSpans": [{"resource": resource, "scopeSpans": [{"spans": [span("planted", self.marks["traces"]), span(self.marks["metrics"], "")]}]}]})
        post_otlp(self.platform, "logs", {"resourceLogs": [{"resource": resource, "scopeLogs": [{"logRecords": [{"timeUnixNano": str(now), "body": {"stringValue": f"it was {self.marks['log store']}"}}]}]}]})
        return self

    def __exit__(self, *_):
        with self.database() as connection:
            connection.execute(f"DROP TABLE {self.table}")
        self.redis().delete(self.key)
        self.log.unlink()
        topics = confluent_kafka.admin.AdminClient(self.platform.kafka_settings("platform-admin"))
        topics.delete_topics([self.topic])[self.topic].result(20)


def test_no_string_of_anybody_is_anywhere(looked, capsys):
    search, mark, _ = looked
    with capsys.disabled():
        print(f"\n    {PEOPLE} people, {search.read_bytes >> 20} MB looked through, {len(search.beginnings)} forms")
    assert not [(place, form) for seen, place, form in search.hits if seen == mark]


def test_what_is_planted_is_found_in_each_place(looked):
    search, _, planted = looked
    for place, its in planted.items():
        assert place in search.found_in(its)


@pytest.mark.parametrize("before", [b"", b"x", b"xy", b"xyz"])
def test_every_form_is_found_wherever_it_begins(before):
    run = new_run()
    mark = new_mark(run)
    raw = before + mark.encode() + b" and more"
    for encoded in (raw, raw.upper(), raw.hex().encode(), raw.hex().upper().encode(), base64.b64encode(raw), base64.urlsafe_b64encode(raw), raw.decode().encode("utf-16-le"), raw.decode().encode("utf-16-be"),
                    "".join(f"%{byte:02X}" for byte in raw).encode()):
        search = Search(run, mark)
        search.look("here", b"\x01\x02" + encoded + b"\x03")
        assert search.hits, encoded
    for other in (Search(run, new_mark(run)), Search(new_run(), mark)):
        other.look("here", raw + base64.b64encode(raw))
        assert not other.hits
