"""What the platform holds of a person is theirs to take along and to have erased: the export against counts of our own, the erasure against every
database, a death at each of its steps, a backup that is restored."""
import os
import random
import shutil
import signal
import subprocess
import threading
import time

import psycopg
import pyotp
import pytest
import requests
from crashing import SIDES, CrashingPlatform
from person import PASSWORD, Person, assert_problem
from supervisor import Supervisor
from test_own_account import denied_at, refresh

# database → role and certificate of its owner
OWNERS = {"auth": ("auth", "auth"), "auth_keystore": ("auth", "auth"), "users": ("users", "user"), "charging": ("charging", "charging"), "payment": ("payment", "payment")}
# The person's rows by internal id, and by pseudonym.
BY_ACCOUNT = {"auth": ["SELECT count(*) FROM account WHERE id = %s", "SELECT count(*) FROM session WHERE account_id = %s",
                       "SELECT count(*) FROM verification WHERE account_id = %s", "SELECT count(*) FROM mailed_code WHERE account_id = %s",
                       "SELECT count(*) FROM second_factor WHERE account_id = %s", "SELECT count(*) FROM recovery_code WHERE account_id = %s"],
              "auth_keystore": ["SELECT count(*) FROM person WHERE id = %s"],
              "users": ["SELECT count(*) FROM profile WHERE id = %s", "SELECT count(*) FROM vehicle WHERE owner_id = %s", "SELECT count(*) FROM erasure WHERE account_id = %s"]}
KNOW_THE_ACCOUNT = tuple(BY_ACCOUNT)


def count(platform, database: str, sql: str, *values) -> int:
    with psycopg.connect(platform.postgres(database, *OWNERS[database])) as connection:
        return connection.execute(sql, values).fetchone()[0]


def rows_of(platform, account: str) -> int:
    return sum(count(platform, database, sql, account) for database, queries in BY_ACCOUNT.items() for sql in queries)


def dump(platform, database: str, *options: str) -> bytes:
    answer = subprocess.run([shutil.which("pg_dump"), *options, platform.postgres(database, *OWNERS[database])], capture_output=True, check=False, timeout=60)
    assert answer.returncode == 0, answer.stderr.decode()
    return answer.stdout


def erase(person, **more) -> requests.Response:
    return person.request("DELETE", "/users/me", json={"password": PASSWORD, **more})


def with_a_vehicle(person) -> Person:
    added = person.request("POST", "/users/me/vehicles", json={"model": "byd-dolphin-gs", "nickname": f"Apelido {person.name}"})
    assert added.status_code == 201, added.text
    person.vehicle = added.json()["vehicleId"]
    return person


def charged(person, token: str = "approved", **more) -> dict:
    accepted, _ = person.started(token, **more)
    person.until_charging(accepted["sessionId"])
    person.stop_patiently(accepted["sessionId"])
    return person.until_terminal(accepted["sessionId"])


def settled(platform, person) -> bool:
    """What `payment` has still to do about the person is done."""
    return count(platform, "payment", "SELECT count(*) FROM payment WHERE puid = %s AND state IN ('requested', 'unknown', 'authorised', 'capturing', 'voiding')",
                 person.claims()["puid"]) == 0


def second_factor(person) -> pyotp.TOTP:
    app = pyotp.parse_uri(person.request("POST", "/auth/totp", json={"password": PASSWORD}).json()["uri"])
    assert person.request("POST", "/auth/totp/confirm", json={"code": app.now()}).status_code == 200
    return app


def test_an_export_holds_what_the_databases_hold(platform, somebody):
    person, stranger = with_a_vehicle(somebody()), somebody()
    person.elsewhere().login()
    second_factor(person)
    sessions = [charged(person, vehicleId=person.vehicle)["sessionId"], charged(person)["sessionId"]]
    station, connector = person.free_connector()
    assert_problem(person.start(person.order(station, connector, "declined")), 402, "payment-declined")
    exported = person.get("/users/me/export")
    account, puid = person.claims()["sub"], person.claims()["puid"]
    assert exported["account"]["email"] == exported["profile"]["email"] == person.email and exported["account"]["name"] == person.name
    assert (exported["account"]["accountId"], exported["account"]["pseudonym"]) == (account, puid)
    assert exported["account"]["secondFactor"]["state"] == "on" and exported["account"]["secondFactor"]["recoveryCodesLeft"] == 10
    assert {len(exported["account"]["sessions"]), 2} == {count(platform, "auth", "SELECT count(*) FROM session WHERE account_id = %s", account)}
    assert len(exported["account"]["verifications"]) == count(platform, "auth", "SELECT count(*) FROM verification WHERE account_id = %s", account)
    assert len(exported["vehicles"]) == count(platform, "users", "SELECT count(*) FROM vehicle WHERE owner_id = %s", account) == 1
    assert exported["vehicles"] == person.get("/users/me/vehicles")["vehicles"]
    assert len(exported["chargingSessions"]) == count(platform, "charging", "SELECT count(*) FROM session WHERE puid = %s", puid) == 3
    timelines = sum(len(one["session"]["timeline"]) for one in exported["chargingSessions"])
    assert timelines == count(platform, "charging", "SELECT count(*) FROM session_timeline t JOIN session s ON s.id = t.session_id WHERE s.puid = %s", puid)
    assert {one["session"]["sessionId"] for one in exported["chargingSessions"]} > set(sessions)
    assert {one["paymentMethod"]["token"] for one in exported["chargingSessions"]} == {"approved", "declined"}
    assert len(exported["payments"]) == count(platform, "payment", "SELECT count(*) FROM payment WHERE puid = %s", puid)
    captured = sum(one["payment"]["captured"]["amount"] for one in exported["payments"])
    assert captured == count(platform, "payment", "SELECT coalesce(sum(captured), 0)::bigint FROM payment WHERE puid = %s", puid) > 0
    assert all("receipt" in one["payment"] for one in exported["payments"] if one["payment"]["state"] == "captured")
    assert exported["receivables"] == []
    others = stranger.get("/users/me/export")
    assert (others["vehicles"], others["chargingSessions"], others["payments"]) == ([], [], [])
    assert others["account"]["secondFactor"] == {"state": "off", "recoveryCodesLeft": 0}


def test_exports_are_rationed(somebody):
    person = somebody()
    answers = [person.request("GET", "/users/me/export") for _ in range(6)]
    assert [answer.status_code for answer in answers[:5]] == [200] * 5
    assert_problem(answers[5], 429, "rate-limited")
    assert person.request("GET", "/users/me").status_code == 200


def test_without_a_part_there_is_no_export_and_no_erasure(platform, somebody, eventually):
    person, supervisor = somebody(), Supervisor(platform)
    supervisor.stop("payment")
    try:
        for answer in (person.request("GET", "/users/me/export"), erase(person)):
            assert "payment" in assert_problem(answer, 503, "service-unavailable")["detail"]
    finally:
        supervisor.start("payment")
        supervisor.wait_for_return("payment", None, 60)
    assert eventually(lambda: person.request("GET", "/users/me/export").status_code == 200, 20, every_s=5, what="the export")
    assert rows_of(platform, person.claims()["sub"]) > 0


def test_a_person_is_erased(platform, somebody, eventually, capsys):
    person = with_a_vehicle(somebody())
    other_device = person.elsewhere().login()
    account, puid = person.claims()["sub"], person.claims()["puid"]
    assert_problem(person.request("DELETE", "/users/me", json={"password": "nao-e-a-senha-certa"}), 401, "credentials-invalid")
    assert_problem(person.request("DELETE", "/users/me", json={}), 422, "validation-failed")
    app = second_factor(person)
    assert assert_problem(erase(person), 422, "validation-failed")["errors"][0]["pointer"] == "/code"
    assert_problem(erase(person, code="000000"), 401, "credentials-invalid")

    accepted, _ = person.started(vehicleId=person.vehicle)
    person.until_charging(accepted["sessionId"])
    assert assert_problem(erase(person, code=app.now()), 409, "conflict")["errors"][0]["pointer"] == "/chargingSessions"
    person.stop_patiently(accepted["sessionId"])
    person.until_terminal(accepted["sessionId"])
    eventually(lambda: settled(platform, person), 30, what="the payment to be settled")
    money = [count(platform, "payment", "SELECT count(*) FROM payment WHERE puid = %s", puid), count(platform, "charging", "SELECT count(*) FROM session WHERE puid = %s", puid)]
    assert money == [1, 1]

    code = app.at(int(time.time()) + 30)  # the present one may have been used
    began = time.monotonic()
    answer = erase(person, code=code)
    assert answer.status_code == 202, answer.text
    assert_problem(refresh(person), 401, "refresh-token-invalid")
    assert_problem(refresh(other_device), 401, "refresh-token-invalid")
    eventually(lambda: set(denied_at(platform, person.tokens["accessToken"]).values()) == {401}, 5, what="every service to refuse the token")
    denied_s = time.monotonic() - began
    anybody, where = Person(platform), answer.headers["Location"]
    done = eventually(lambda: (told := anybody.get(where))["state"] == "done" and told, 10, what="the erasure to be done")
    done_s = time.monotonic() - began
    with capsys.disabled():
        print(f"\n    every service refused the token after {denied_s * 1000:.0f} ms, the erasure was done after {done_s * 1000:.0f} ms")
    assert denied_s < 2 and done_s < 5
    assert done["erasureId"] == answer.json()["erasureId"] and done["finishedAt"] > done["requestedAt"]

    assert rows_of(platform, account) == 0
    for database in KNOW_THE_ACCOUNT:
        content = dump(platform, database, "--data-only")
        # The audit log keeps what was done to whose account; nobody can tell any more who that was.
        for trace in (account, person.email, person.name) if database == "auth" else (account, puid, person.email, person.name):
            assert trace.encode() not in content, f"{database} holds {trace}"
    with psycopg.connect(platform.postgres("auth", "auth", "auth")) as connection:
        acts = [row[0] for row in connection.execute("SELECT action FROM audit_entry WHERE subject = %s ORDER BY position", (puid,))]
    assert acts[-2:] == ["erasure.asked", "account.erased"]
    assert platform.evcosta("audit", "verify").returncode == 0
    tombstones = (platform.run_dir / "erasures/tombstones").read_text(encoding="utf-8")
    assert account in tombstones and person.email not in tombstones
    for _ in range(2):
        assert_problem(erase(person, code=code), 401, "token-invalid")
    assert_problem(person.request("GET", "/users/me"), 401, "token-invalid")
    assert_problem(other_device.request("GET", "/users/me/export"), 401, "token-invalid")
    assert_problem(person.elsewhere().try_login(), 401, "credentials-invalid")
    assert money == [count(platform, "payment", "SELECT count(*) FROM payment WHERE puid = %s", puid), count(platform, "charging", "SELECT count(*) FROM session WHERE puid = %s", puid)]
    assert platform.evcosta("ledger", "verify").returncode == 0

    again = person.elsewhere()
    old_mails = len(again.mails())
    again.register()
    eventually(lambda: len(again.mails()) > old_mails, 15, what="the mail")
    again.verify().login()
    assert again.claims()["sub"] != account and again.claims()["puid"] != puid
    assert again.get("/charging/sessions")["sessions"] == [] and again.get("/users/me/vehicles")["vehicles"] == []


def erase_patiently(person, platform, failures: list) -> None:
    """Asks until it is taken, whoever dies meanwhile, and waits until nothing is left."""
    account, deadline = person.claims()["sub"], time.monotonic() + 120
    try:
        while rows_of(platform, account):
            assert time.monotonic() < deadline, "never erased"
            if not count(platform, "users", "SELECT count(*) FROM erasure WHERE account_id = %s", account):
                try:
                    erase(person)
                except requests.RequestException:
                    pass  # who was asked died
            time.sleep(0.2)
    except BaseException as error:  # told by the thread that waits
        failures.append(error)


@pytest.mark.timeout(400)
@pytest.mark.parametrize("whole", [pytest.param(False, id="one-side"), pytest.param(True, id="both-sides", marks=pytest.mark.long)])
def test_whoever_dies_over_it_the_person_is_erased(platform, somebody, eventually, tmp_path, capsys, whole):
    seed = int.from_bytes(os.urandom(4), "big")
    chosen, supervisor = random.Random(seed), Supervisor(platform)
    people = [with_a_vehicle(somebody()) for _ in range(4)]
    twins = CrashingPlatform(platform, supervisor, ("auth", "user"), tmp_path)
    try:
        twins.start(eventually)
        borders = [(process, name, side) for process, table in twins.tables.items() for name in table.places
                   if ".erasure." in name and name != "user.erasure.refuse" for side in (SIDES if whole else (chosen.choice(SIDES),))]
        assert len(borders) == (18 if whole else 9), borders
        for process, name, side in borders:
            twins.tables[process].order(name, side)
        began, failures = time.monotonic(), []
        threads = [threading.Thread(target=erase_patiently, args=(person, platform, failures), daemon=True) for person in people]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(150)
        took = time.monotonic() - began
        with capsys.disabled():
            print(f"\n    {twins.deaths()} deaths at {len(borders)} borders, {len(people)} people erased after {took:.0f} s; seed {seed}")
        assert not failures, failures
        assert not twins.open_orders(), "a step at which nobody died"
        assert {code for twin in twins.twins.values() for code in twin.ends} == {-signal.SIGKILL}
    finally:
        twins.close()
        supervisor.wait_until_all_ready(60)
    tombstones = (platform.run_dir / "erasures/tombstones").read_text(encoding="utf-8")
    for person in people:
        assert person.claims()["sub"] in tombstones
        assert_problem(person.elsewhere().try_login(), 401, "credentials-invalid")


@pytest.mark.timeout(300)
def test_a_restored_backup_brings_nobody_back(platform, somebody, eventually):
    gone, stays, supervisor = with_a_vehicle(somebody()), with_a_vehicle(somebody()), Supervisor(platform)
    account = gone.claims()["sub"]
    backups = {database: dump(platform, database, "--clean", "--if-exists", "--format=custom") for database in KNOW_THE_ACCOUNT}
    answer = erase(gone)
    assert answer.status_code == 202, answer.text
    anybody = Person(platform)
    eventually(lambda: anybody.get(answer.headers["Location"])["state"] == "done", 10, what="the erasure to be done")
    supervisor.stop("user")
    supervisor.stop("auth")
    try:
        # The keystore's too, although it is no part of the ordinary backups: the worst that can be done.
        for database, content in backups.items():
            restored = subprocess.run([shutil.which("pg_restore"), "--clean", "--if-exists", "--single-transaction", "--no-owner", "--dbname",
                                       platform.postgres(database, *OWNERS[database])], input=content, capture_output=True, check=False, timeout=60)
            assert restored.returncode == 0, restored.stderr.decode()
        assert rows_of(platform, account) >= 5, "the backup held the person"
    finally:
        supervisor.start("auth")
        supervisor.wait_for_return("auth", None, 60)
        supervisor.start("user")
        supervisor.wait_for_return("user", None, 60)
    eventually(lambda: rows_of(platform, account) == 0, 10, what="the person to be erased again")
    assert_problem(gone.elsewhere().try_login(), 401, "credentials-invalid")
    again = stays.elsewhere()
    eventually(lambda: again.try_login().status_code == 200, 20, every_s=0.5, what="everybody else to sign in")
    assert len(again.login().get("/users/me/vehicles")["vehicles"]) == 1
