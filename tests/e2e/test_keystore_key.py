"""The key that people's secrets are sealed under is exchanged while people sign in and sign up, killed in the middle and carried on: nobody notices."""
import functools
import os
import signal
import subprocess
from concurrent.futures import ThreadPoolExecutor

import psycopg
from background import InBackground
from contract_files import ROOT
from person import PASSWORD, Person

BATCH = 100  # what the exchange does in one transaction
OF_THE_EXCHANGE = "SELECT count(*) FROM pg_stat_activity WHERE position('FROM person WHERE key_id IS DISTINCT FROM' IN query) > 0 AND pid <> pg_backend_pid()"


class Crowd(InBackground):
    """People who sign in again and again, each of which opens a secret, and people who sign up, each of whom gets one."""

    def __init__(self, people: list[Person]):
        super().__init__(*(functools.partial(self.sign_in, person) for person in people), functools.partial(self.sign_up, people[0].platform), patience_s=60)
        self.wrong, self.answers, self.new = [], 0, []

    def take(self, answer, status: int) -> None:
        self.answers += 1
        if answer.status_code != status:
            self.wrong.append((answer.status_code, answer.text[:200]))

    def sign_in(self, person: Person) -> None:
        while not self.ending.is_set():
            self.take(person.try_login(), 200)
            self.take(person.request("GET", "/users/me"), 200)
            self.ending.wait(0.3)  # limits count addresses

    def sign_up(self, platform) -> None:
        while not self.ending.is_set():
            person = Person(platform)
            self.take(person.request("POST", "/auth/register", json={"email": person.email, "password": PASSWORD, "name": person.name}), 202)
            self.new.append(person)
            self.ending.wait(0.1)


def ask(connection, statement: str, *values):
    return connection.execute(statement, values).fetchone()[0]


def test_the_keystores_key_is_exchanged_under_load_and_after_a_kill(platform, somebody, eventually, capsys):
    people = [somebody() for _ in range(3)]
    file = platform.run_dir / "secrets/auth-keystore-key"
    successor = file.with_name(file.name + ".next")
    before = file.read_text(encoding="utf-8")
    with psycopg.connect(platform.postgres("auth_keystore", "auth", "auth"), autocommit=True) as keystore, Crowd(people) as crowd:
        with ThreadPoolExecutor(4) as pool:
            missing = max(0, BATCH + 20 - ask(keystore, "SELECT count(*) FROM person"))
            list(pool.map(lambda _: Person(platform).register(), range(missing)))
        eventually(lambda: ask(keystore, "SELECT count(*) FROM person") > BATCH, 60, what="secrets for more than one batch")
        old_id = ask(keystore, "SELECT id FROM key_encryption_key WHERE state = 'sealing'")
        with psycopg.connect(platform.postgres("auth_keystore", "auth", "auth")) as holding:
            # The exchange goes by id: it does its first batch and waits for this row. Killed there, it is in the middle.
            place = "SELECT id FROM person ORDER BY id OFFSET %s LIMIT 1"
            holding.execute("SELECT 1 FROM person WHERE id = %s FOR UPDATE", [ask(keystore, place, BATCH)])
            killed = subprocess.Popen([str(ROOT / "evcosta"), "keys", "rotate-kek"], env={**os.environ, "EVCOSTA_RUN_DIR": str(platform.run_dir)}, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                                      start_new_session=True)
            eventually(lambda: ask(keystore, OF_THE_EXCHANGE + " AND wait_event_type = 'Lock'") == 1 or killed.poll() is not None, 30, what="the exchange to come to the row that is held")
            assert killed.poll() is None, "it waits there"
            os.killpg(killed.pid, signal.SIGKILL)
            killed.wait(20)
        eventually(lambda: ask(keystore, OF_THE_EXCHANGE) == 0, 30, what="the end of its transaction")
        assert successor.exists() and file.read_text(encoding="utf-8") == before
        new_id = ask(keystore, "SELECT id FROM key_encryption_key WHERE state = 'sealing'")
        assert new_id != old_id and ask(keystore, "SELECT count(*) FROM person WHERE key_id = %s", new_id) >= BATCH
        assert ask(keystore, "SELECT count(*) FROM person WHERE key_id IS DISTINCT FROM %s", new_id) > 0
        # Between the two, with both keys in use: somebody new gets the new one.
        somebody().get("/users/me")
        assert ask(keystore, "SELECT count(*) FROM key_encryption_key WHERE state = 'opening' AND id = %s", old_id) == 1
        done = platform.evcosta("keys", "rotate-kek", timeout=60)
        assert done.returncode == 0 and f"{new_id} seals the keystore, by an exchange that was begun before" in done.stdout, done.stdout + done.stderr
        assert ask(keystore, "SELECT count(*) FROM person WHERE key_id IS DISTINCT FROM %s", new_id) == 0
        assert ask(keystore, "SELECT string_agg(id, ',') FROM key_encryption_key") == new_id
        signed_up = len(crowd.new)
        eventually(lambda: len(crowd.new) > signed_up + 3, 20, what="more people")
    assert not crowd.wrong, crowd.wrong[:5]
    assert not successor.exists() and file.read_text(encoding="utf-8") != before and file.stat().st_mode & 0o777 == 0o600
    with capsys.disabled():
        print(f"\n    {crowd.answers} answers and {len(crowd.new)} sign-ups while the key was exchanged; {done.stdout.strip()}")
    # Whoever signed up at any moment of it is there.
    for person in crowd.new[:: max(1, len(crowd.new) // 8)]:
        person.verify().login()
        assert person.get("/users/me")["name"] == person.name
    with psycopg.connect(platform.postgres("auth", "auth", "auth")) as accounts:
        assert ask(accounts, "SELECT detail::jsonb->>'keyId' FROM audit_entry WHERE action = 'keystoreKey.exchanged' ORDER BY position DESC LIMIT 1") == new_id


def test_a_second_exchange_at_once_is_refused(platform):
    file = platform.run_dir / "secrets/auth-keystore-key"
    held = subprocess.run(["flock", "--exclusive", "--nonblock", f"{file}.lock", str(ROOT / "evcosta"), "keys", "rotate-kek"], env={**os.environ, "EVCOSTA_RUN_DIR": str(platform.run_dir)}, capture_output=True,
                          text=True, timeout=60, check=False)
    assert held.returncode == 1 and "another exchange is under way" in held.stderr
    assert not file.with_name(file.name + ".next").exists()
